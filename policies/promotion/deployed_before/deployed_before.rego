# METADATA
# title: Deployed before
# description: >-
#   The environments that come directly before the requested one must have this very digest DEPLOYED. Only the newest
#   record of a slot counts, and only while it is DEPLOYED: an older record, a digest that was superseded or removed,
#   and a slot whose newest record cannot be told do not. An environment that comes after none is skipped.
# custom:
#   severity: high
#   version: 1.1.0
#   records: related
#   remediation: Deploy this digest to the environments that come before, record it there, and ask again.
#   codes:
#     never_deployed: no record of it in this environment
#     no_longer_deployed: it was there, and was superseded or removed
#     deployed_in_too_few_targets: it is there, in fewer targets than asked for
#     newest_record_unclear: its slot does not tell which record is the newest
#     deployment_name_missing: "`deployment: same`, and the request has no deployment name"
#     environment_unknown: a parameter names an environment that the configuration does not have
#     records_unreadable: the records do not show that the rule is met, and do not show why
#   parameters:
#     type: object
#     additionalProperties: false
#     properties:
#       strategy:
#         description: "`all`: every environment must have it. `any`: one is enough."
#         enum: [all, any]
#         default: all
#       min_targets:
#         description: How many targets of an environment must have it, a number or `all`.
#         anyOf: [{type: integer, minimum: 1}, {const: all}]
#         default: 1
#       when_missing:
#         description: "`deny`, or `hold`: it is still to be deployed there, wait."
#         enum: [deny, hold]
#         default: deny
#       deployment:
#         description: "`same`: only the deployment name of the request counts. `any`: any does."
#         enum: [any, same]
#         default: any
#       environments:
#         description: Look in these environments, instead of those that come directly before.
#         type: array
#         items: {type: string, format: environment}
#         minItems: 1
#         uniqueItems: true
package promotion.deployed_before

import data.lib.parameters
import data.lib.records
import data.lib.words

skip_reason := data.lib.parameters.first_environment

deny contains finding if {
	not met
	not data.lib.parameters.first_environment
	some finding in findings
	not waits(finding)
}

hold contains finding if {
	not met
	some finding in findings
	waits(finding)
}

# Enough environments have the artifact in enough targets.
met if parameters.enough(having)

having contains environment if {
	some environment in data.lib.parameters.environments
	count(targets_with(environment)) >= parameters.needed(environment)
}

targets_with(environment) := {record.environment_name | some record in records.holding(environment)} if {
	object.get(input, ["parameters", "deployment"], "any") == "any"
} else := {record.environment_name |
	some record in records.holding(environment)
	record.deployment_name == input.request.deployment_name
}

waits(finding) if {
	input.parameters.when_missing == "hold"
	finding.code in {"deployed_in_too_few_targets", "never_deployed", "newest_record_unclear", "no_longer_deployed"}
}

findings := problems if {
	count(problems) > 0
} else := missing if {
	count(missing) > 0
} else := {words.unexplained}

missing contains finding if {
	some environment in data.lib.parameters.environments
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

problems contains problem if some problem in parameters.unknown(data.lib.parameters.environments)

problems contains problem if {
	input.parameters.deployment == "same"
	not is_string(object.get(input.request, "deployment_name", null))
	problem := parameters.problem(
		"deployment_name_missing",
		"the rule compares deployment names, and the request has none",
		"name the deployment in the request",
	)
}
