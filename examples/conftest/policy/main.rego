# Written for conftest; nothing in it is holdpoint's but the names of what it reads.
package main

import rego.v1

deny contains msg if {
	not startswith(input.request.artifact.name, "ghcr.io/acme/")
	msg := sprintf("`%s` is not from ghcr.io/acme", [input.request.artifact.name])
}

deny_untested contains msg if {
	some environment in input.environment.after
	not ran_in(environment)
	msg := sprintf("it was never deployed to `%s`", [environment])
}

violation contains {"msg": msg, "severity": 3, "details": {"intent": input.request.intent}} if {
	input.request.intent != "deploy"
	input.request.reason == null
	msg := sprintf("a %s needs a reason", [input.request.intent])
}

warn contains msg if {
	some risk in risks
	msg := sprintf("it was seen with the risk `%s`", [risk])
}

warn_replaced contains {"msg": msg, "_loc": {"file": "records.json", "line": 1}} if {
	some record in records_in("production")
	record.status == "SUPERSEDED"
	msg := "production has had it before"
}

ran_in(environment) if count(records_in(environment)) > 0

records_in(environment) := object.get(records, environment, [])

records := object.get(data.holdpoint.records.by_digest, input.request.artifact.digest, {})

risks contains risk if {
	some environment
	some record in records[environment]
	some risk in record.runtime_risks
}
