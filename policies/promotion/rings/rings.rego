# METADATA
# title: Rings
# description: >-
#   Enough targets of each environment that comes directly before must have this digest DEPLOYED before the next ring
#   begins. Enough is a number of targets or a percentage of them all, rounded up and never none. Only the newest record
#   of a slot counts, as in `promotion.deployed_before`. A ring that has too few holds without a time when at least one
#   target has the digest, since a rollout goes on to the next target by itself and nobody knows when; one that has
#   none denies, since nothing is under way there. A number that is greater than that of the targets always denies. An
#   environment that comes after none is skipped.
# custom:
#   severity: high
#   version: 1.0.0
#   records: related
#   remediation: Roll the digest out to more targets of the environments that come before, then ask again.
#   codes:
#     ring_not_full: some targets have it, and too few
#     ring_not_begun: no target has it
#     ring_too_small: the number is greater than that of the targets
#     deployment_name_missing: "`deployment: same`, and the request has no deployment name"
#     environment_unknown: the rule names an environment that the configuration does not have
#     records_incomplete: the records of an environment are not complete, so what they lack shows nothing
#     records_unreadable: the records do not show that the rule is met, and do not show why
#   parameters:
#     type: object
#     additionalProperties: false
#     required: [minimum]
#     properties:
#       minimum:
#         description: In how many targets of a ring, such as `3`, or in which part of them, such as `50%`.
#         oneOf:
#           - type: integer
#             minimum: 1
#           - type: string
#             pattern: "^([1-9][0-9]?|100)%$"
#       strategy:
#         description: "`all`: every ring must have enough. `any`: one is enough."
#         enum: [all, any]
#         default: all
#       when_missing:
#         description: >-
#           What to say of a ring with too few targets. `hold_once_begun`: hold when at least one target has the digest,
#           and deny when none has. `hold` and `deny`: always that.
#         enum: [hold_once_begun, hold, deny]
#         default: hold_once_begun
#       deployment:
#         description: "`same`: only the deployment name of the request counts. `any`: every one does."
#         enum: [any, same]
#         default: any
#       environments:
#         description: The rings, instead of the environments that come directly before.
#         type: array
#         minItems: 1
#         uniqueItems: true
#         items: {type: string, format: environment}
package promotion.rings

import data.lib.environments
import data.lib.parameters
import data.lib.records
import data.lib.words

skip_reason := data.lib.parameters.first_environment

deny contains finding if {
	not met
	not skip_reason
	some finding in refusals
}

hold contains finding if {
	not met
	count(problems) == 0
	some finding in waits
}

# Enough rings have the artifact in enough targets.
met if parameters.enough(full)

full contains name if {
	all := data.holdpoint
	some name in data.lib.parameters.environments
	environment := all.environments[name]
	environment.complete == true
	count(targets_with(name)) >= needed(count(environment.targets))
}

targets_with(name) := {record.environment_name | some record in records.holding(name)} if {
	object.get(input.parameters, "deployment", "any") == "any"
} else := {record.environment_name |
	some record in records.holding(name)
	record.deployment_name == input.request.deployment_name
}

# How many targets of a ring are needed; never none.
needed(total) := max([1, input.parameters.minimum]) if {
	is_number(input.parameters.minimum)
} else := max([1, ceil((to_number(trim_suffix(input.parameters.minimum, "%")) * total) / 100)])

refusals := problems if {
	count(problems) > 0
} else := shortfalls if {
	count(waits) == 0
	count(shortfalls) > 0
} else := shortfalls if {
	count(shortfalls) > 0
	not input.parameters.strategy == "any"
} else := {words.unexplained} if {
	count(waits) == 0
}

problems contains finding if some finding in environments.faults(data.lib.parameters.environments)

problems contains finding if {
	input.parameters.deployment == "same"
	not is_string(object.get(input.request, "deployment_name", null))
	finding := parameters.problem(
		"deployment_name_missing",
		"the rule compares deployment names, and the request has none",
		"name the deployment in the request",
	)
}

# What rings lack that will not come by itself. With `any`, one that waits is enough, whatever the others lack.
shortfalls contains shortfall(name) if {
	some name in data.lib.parameters.environments
	not name in full
	not waiting(name)
}

waits contains shortfall(name) if {
	some name in data.lib.parameters.environments
	not name in full
	waiting(name)
}

waiting(name) if {
	wanted := {"hold_once_begun": 1, "hold": 0}[object.get(input.parameters, "when_missing", "hold_once_begun")]
	count(targets_with(name)) >= wanted
	total := count(data.holdpoint.environments[name].targets)
	needed(total) <= total
}

shortfall(name) := {
	"code": code(having, required, total),
	"message": sprintf("%s is DEPLOYED in %d of the %d targets of `%s`, and %d are needed (`minimum: %v`): %s", [
		words.artifact,
		having,
		total,
		name,
		required,
		input.parameters.minimum,
		words.state(name),
	]),
	"remediation": sprintf("roll it out to more targets of `%s` and record it there, then ask again", [name]),
	"records": words.evidence(name),
} if {
	having := count(targets_with(name))
	total := count(data.holdpoint.environments[name].targets)
	required := needed(total)
}

code(having, required, total) := "ring_too_small" if {
	required > total
} else := "ring_not_begun" if {
	having == 0
} else := "ring_not_full"
