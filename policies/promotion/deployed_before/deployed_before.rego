# METADATA
# title: Deployed before
# description: >-
#   The environments that come directly before the requested one must have this very digest DEPLOYED. Only the newest
#   record of a slot counts, and only while it is DEPLOYED: an older record, a digest that was superseded or removed,
#   and a slot whose newest record cannot be told do not. An environment that comes after none is skipped.
# custom:
#   severity: high
#   version: 1.0.0
#   remediation: Deploy this digest to the environments that come before, record it there, and ask again.
#   parameters:
#     strategy: "`all` (default): every environment must have it. `any`: one is enough."
#     min_targets: "How many targets of an environment must have it: a number (default 1), or `all`."
#     when_missing: "`deny` (default), or `hold`: it is still to be deployed there, wait."
#     deployment: "`same`: only the deployment name of the request counts. By default any does."
#     environments: "Look in these environments, instead of those that come directly before."
package promotion.deployed_before

import data.lib.parameters
import data.lib.records
import data.lib.words

skip_reason := "the environment comes after no other" if {
	count(problems) == 0
	parameters.environments == []
}

deny contains finding if some finding in problems

deny contains finding if {
	when_missing == "deny"
	some finding in missing
}

hold contains finding if {
	when_missing == "hold"
	some finding in missing
}

deny contains parameters.unexplained if {
	not parameters.enough(having)
	not skip_reason
	count(problems) == 0
	count(missing) == 0
}

# The environments that have the artifact in enough targets.
having contains environment if {
	some environment in parameters.environments
	count(targets_with(environment)) >= parameters.needed(environment)
}

targets_with(environment) := {record.environment_name |
	some record in records.holding(environment)
	counts(record)
}

counts(_) if deployment == "any"

counts(record) if record.deployment_name == input.request.deployment_name

missing contains finding if {
	count(problems) == 0
	not parameters.enough(having)
	some environment in parameters.environments
	not environment in having
	finding := {
		"code": code(environment),
		"message": sprintf("%s is not DEPLOYED in %s: %s", [
			words.artifact,
			words.place(environment, count(targets_with(environment)), parameters.needed(environment)),
			words.state(environment),
		]),
		"remediation": sprintf("deploy it to `%s` and record it there, then ask again", [environment]),
		"records": words.evidence(environment),
	}
}

code(environment) := "deployed_in_too_few_targets" if {
	count(targets_with(environment)) > 0
} else := "newest_record_unclear" if {
	some [target, deployment_name] in records.slots(environment)
	records.unclear(records.history(environment, target, deployment_name))
} else := "no_longer_deployed" if {
	count(records.of_artifact(environment)) > 0
} else := "never_deployed"

when_missing := object.get(parameters.given, "when_missing", "deny")

deployment := object.get(parameters.given, "deployment", "any")

problems contains problem if {
	known := {"deployment", "environments", "min_targets", "strategy", "when_missing"}
	some problem in (parameters.malformed | parameters.unknown(known))
}

problems contains parameters.invalid(message, "write `deny` or `hold`") if {
	not when_missing in {"deny", "hold"}
	message := sprintf("`when_missing` is `%v`", [when_missing])
}

problems contains parameters.invalid(message, "write `same` or `any`") if {
	not deployment in {"any", "same"}
	message := sprintf("`deployment` is `%v`", [deployment])
}

problems contains problem if {
	deployment == "same"
	not is_string(object.get(input.request, "deployment_name", null))
	problem := parameters.problem(
		"deployment_name_missing",
		"the rule compares deployment names, and the request has none",
		"name the deployment in the request",
	)
}
