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
#   version: 1.0.0
#   remediation: Leave the digest in the environments that come before until the hold opens.
#   parameters:
#     minimum: "Required: how long, such as `90m`, `24h` or `7d`."
#     strategy: "`all` (default): in every environment. `any`: in one of them."
#     min_targets: "In how many targets of an environment: a number (default 1), or `all`."
#     environments: "Look in these environments, instead of those that come directly before."
package promotion.soak_time

import data.lib.parameters
import data.lib.records
import data.lib.words

skip_reason := "the environment comes after no other" if {
	count(problems) == 0
	parameters.environments == []
}

deny contains finding if some finding in (problems | never)

deny contains parameters.unexplained if {
	not parameters.enough(soaked)
	not skip_reason
	count(problems) == 0
	count(never) == 0
	count(hold) == 0
}

# Nothing that goes on would open the gate.
never contains finding if {
	count(problems) == 0
	not parameters.enough(soaked)
	some environment in parameters.environments
	not ready[environment]
	needs_every_environment
	finding := {
		"code": "not_soaking",
		"message": message(environment, "has had no stay of"),
		"remediation": sprintf("deploy it to `%s`, record it there, and leave it for %s", [environment, minimum]),
		"records": words.evidence(environment),
	}
}

needs_every_environment if parameters.strategy == "all"

needs_every_environment if count(ready) == 0

hold contains finding if {
	count(problems) == 0
	not parameters.enough(soaked)
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
opens(instant) := instant if parameters.strategy == "all"

opens(_) := min([instant | some instant in ready]) if parameters.strategy == "any"

soaked contains environment if {
	some environment, instant in ready
	instant <= parameters.as_of
}

# When an environment has had the artifact long enough in enough targets; absent when that will not come by itself.
ready[environment] := instant if {
	count(problems) == 0
	some environment in parameters.environments
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
	end := min([left(slot[position]), taken_over(slot, position), parameters.as_of])
	end - start >= minimum_nanoseconds
}

# Another artifact came into the slot at the same instant: which of the two stayed cannot be told.
tied(slot, position) if {
	some other in slot
	other.created_at == slot[position].created_at
	other.artifact.digest != slot[position].artifact.digest
}

# When the record itself says that the stay ended.
left(record) := parameters.as_of if record.status == "DEPLOYED"

left(record) := records.nanoseconds(record.updated_at) if record.status in {"SUPERSEDED", "DECOMMISSIONED"}

# When the next newer record of the slot began.
taken_over(_, position) := parameters.as_of if position == 0

taken_over(slot, position) := records.nanoseconds(slot[position - 1].created_at) if position > 0

message(environment, verb) := sprintf("%s %s %s without a break in %s: %s", [
	words.artifact, verb, minimum,
	words.place(environment, count(soaked_targets(environment)), parameters.needed(environment)),
	words.state(environment),
])

soaked_targets(environment) := {target |
	some target in records.targets(environment)
	some instant in long_enough(environment, target)
	instant <= parameters.as_of
}

minimum := parameters.given.minimum

minimum_nanoseconds := parameters.duration(minimum)

problems contains problem if {
	known := {"environments", "min_targets", "minimum", "strategy"}
	some problem in (parameters.malformed | parameters.unknown(known))
}

problems contains problem if some problem in (parameters.not_a_duration("minimum") | parameters.no_clock)
