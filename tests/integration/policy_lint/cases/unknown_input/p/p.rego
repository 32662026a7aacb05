# METADATA
# title: Gate
# description: Nothing goes out.
# custom:
#   severity: high
#   version: 1.0.0
#   remediation: Ask again tomorrow.
package p

deny contains "no" if input.reqest.intent == "deploy"

deny contains "no" if {
	artifact := input.request.artifact
	artifact.digset == "sha256:"
}

deny contains "no" if input.request.intent.name == "deploy"

deny contains "no" if object.get(input.request, ["artifact", "tag"], "") == ""

deny contains "no" if {
	some target in input.environment.targets
	target.name == "eu"
}
