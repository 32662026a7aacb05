# METADATA
# title: Gate
# description: Nothing goes out.
# custom:
#   severity: high
#   version: 1.0.0
#   remediation: Ask again tomorrow.
package p

deny contains {"code": "no"} if input.request.intent == "deploy"

deny contains finding if {
	input.request.intent == "rollback"
	finding := {"code": "no", "records": []}
}

hold contains ""

warn contains 5
