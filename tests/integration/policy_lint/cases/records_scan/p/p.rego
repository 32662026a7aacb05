# METADATA
# title: Gate
# description: Nothing goes out.
# custom:
#   severity: high
#   version: 1.0.0
#   remediation: Ask again tomorrow.
package p

deny contains "no" if {
	some record in data.holdpoint.records.by_environment[input.environment.name]
	record.status == "DEPLOYED"
}

deny contains "no" if data.holdpoint.records.by_environment.production[_].status == "DEPLOYED"

deny contains "no" if {
	some digest, _ in data.holdpoint.records.by_digest
	digest == input.request.artifact.digest
}
