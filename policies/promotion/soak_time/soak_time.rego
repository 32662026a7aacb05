# METADATA
# title: Soak time
# description: >-
#   The digest must have been in the environments that come directly before for a minimum time without a break. The
#   longest single stay counts: one that goes on, from `created_at` to the instant of the decision, or one that ended,
#   up to when the slot was taken over or the record was marked SUPERSEDED or DECOMMISSIONED. Stays are not added up.
#   A stay that goes on and is too short holds until it is long enough; no such stay denies. A record without
#   `created_at` shows no stay. An environment that comes after none is skipped.
# custom:
#   severity: medium
#   version: 1.1.0
#   records: related
#   remediation: Leave the digest in the environments that come before until the hold opens.
#   codes:
#     not_soaked: it is there and has not been for long enough; the hold opens
#     not_soaking: no stay of that length, and none that goes on
#     environment_unknown: a parameter names an environment that the configuration does not have
#     records_unreadable: the records do not show that the rule is met, and do not show why
#   parameters:
#     type: object
#     additionalProperties: false
#     required: [minimum]
#     properties:
#       minimum:
#         description: How long, such as `90m`, `1h30m`, `24h` or `7d`.
#         type: string
#         pattern: "^([1-9][0-9]{0,3}d|([1-9][0-9]{0,7}[smh])+)$"
#       strategy:
#         description: "`all`: in every environment. `any`: in one of them."
#         enum: [all, any]
#         default: all
#       min_targets:
#         description: In how many targets of an environment, a number or `all`.
#         anyOf: [{type: integer, minimum: 1}, {const: all}]
#         default: 1
#       environments:
#         description: Look in these environments, instead of those that come directly before.
#         type: array
#         items: {type: string, format: environment}
#         minItems: 1
#         uniqueItems: true
package promotion.soak_time

import data.lib.parameters
import data.lib.records
import data.lib.words

skip_reason := data.lib.parameters.first_environment

deny contains finding if {
	not met
	not data.lib.parameters.first_environment
	some finding in denials
}

denials := problems if {
	count(problems) > 0
} else := never if {
	count(never) > 0
} else := {words.unexplained} if {
	count(hold) == 0
}

problems := parameters.unknown(data.lib.parameters.environments)

met if parameters.enough(soaked)

soaked contains environment if {
	some environment in data.lib.parameters.environments
	has_soaked(environment)
}

# Most often the artifact is still there, and for long enough; that is told at once. Else all its stays are looked at.
has_soaked(environment) if {
	count(settled(environment)) >= parameters.needed(environment)
} else if {
	ready[environment] <= input.as_of_ns
}

# The targets that have had the artifact for the minimum, and still do.
settled(environment) := {record.environment_name |
	latest := input.as_of_ns - minimum_nanoseconds
	some record in records.holding(environment)
	records.nanoseconds(record.created_at) <= latest
}

# Nothing that goes on would open the gate.
never contains finding if {
	not met
	some environment in data.lib.parameters.environments
	not ready[environment]
	needs_every_environment
	finding := {
		"code": "not_soaking",
		"message": message(environment, "has had no stay of"),
		"remediation": sprintf("deploy it to `%s`, record it there, and leave it for %s", [environment, minimum]),
		"records": words.evidence(environment),
	}
}

needs_every_environment if not input.parameters.strategy == "any"

needs_every_environment if count(ready) == 0

hold contains finding if {
	not met
	some environment, instant in ready
	not environment in soaked
	finding := {
		"code": "not_soaked",
		"message": message(environment, "is still short of"),
		"remediation": sprintf("leave it in `%s`, and ask again when the hold opens", [environment]),
		"records": words.evidence(environment),
		"opens_at": time.format(opens(instant)),
	}
}

# When the rule is met, as far as an environment can tell: one that is ready earlier is enough for `any`.
opens(instant) := min([one | some one in ready]) if {
	input.parameters.strategy == "any"
} else := instant

# When an environment has had the artifact long enough in enough targets; absent when that will not come by itself.
ready[environment] := instant if {
	some environment in data.lib.parameters.environments
	instants := sort([earliest |
		some target in records.targets(environment)
		earliest := min(long_enough(environment, target))
	])
	instant := instants[parameters.needed(environment) - 1]
}

# When each stay in a target has lasted for the minimum, of those that have or go on.
long_enough(environment, target) := [instant |
	some [target_of_slot, deployment_name] in records.slots(environment)
	target_of_slot == target
	slot := records.history(environment, target, deployment_name)
	not records.unclear(slot)
	some position, record in slot
	records.matches(record)
	start := records.nanoseconds(record.created_at)
	lasts(slot, position, start)
	instant := start + minimum_nanoseconds
]

lasts(slot, position, _) if {
	position == 0
	slot[0].status == "DEPLOYED"
}

lasts(slot, position, start) if {
	not tied(slot, position)
	end := min([left(slot[position]), taken_over(slot, position), input.as_of_ns])
	end - start >= minimum_nanoseconds
}

# Another artifact came into the slot at the same instant: which of the two stayed cannot be told.
tied(slot, position) if {
	some other in slot
	other.created_at == slot[position].created_at
	other.artifact.digest != slot[position].artifact.digest
}

# When the record itself says that the stay ended.
left(record) := input.as_of_ns if record.status == "DEPLOYED"

left(record) := records.nanoseconds(record.updated_at) if record.status in {"SUPERSEDED", "DECOMMISSIONED"}

# When the next newer record of the slot began.
taken_over(_, position) := input.as_of_ns if position == 0

taken_over(slot, position) := records.nanoseconds(slot[position - 1].created_at) if position > 0

message(environment, verb) := sprintf("%s %s %s without a break in %s: %s", [
	words.artifact, verb, minimum,
	words.place(environment, count(soaked_targets(environment)), parameters.needed(environment)),
	words.state(environment),
])

soaked_targets(environment) := {target |
	some target in records.targets(environment)
	some instant in long_enough(environment, target)
	instant <= input.as_of_ns
}

minimum := input.parameters.minimum

minimum_nanoseconds := parameters.duration(input.parameters.minimum)
