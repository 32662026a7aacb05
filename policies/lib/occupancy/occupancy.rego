# METADATA
# title: What holds the slots of the requested deployment
# description: >-
#   The slots that the request is about, in the environment that it names, and the record that holds each. The newest
#   record of a slot is authoritative. Whatever cannot be told leaves `holders` undefined, and `doubts` says why.
#   Records of a slot are newest first, and those without a time come before all others, so that the first two tell
#   whether the newest is known: the cost does not grow with the history of a slot.
package lib.occupancy

import data.lib.environments
import data.lib.parameters
import data.lib.records
import data.lib.words

# The deployment names that the request is about: the one it gives, or those under which the artifact was recorded.
deployment_names := {name} if {
	name := input.request.deployment_name
	is_string(name)
} else := {record.deployment_name |
	some found in data.holdpoint.records.by_digest[input.request.artifact.digest]
	some record in found
	record.artifact.kind == input.request.artifact.kind
}

# The records by which artifacts hold the slots now; none where a slot is empty. Undefined when one cannot be told.
holders := [record | some record in found; record != "none"] if {
	name := input.request.environment
	all := data.holdpoint
	environment := all.environments[name]
	environment.complete == true
	places := all.records.by_slot[name]
	wanted := deployment_names
	found := [record |
		some target in environment.targets
		deployments := places[target]
		some deployment_name in wanted
		record := holder(deployments[deployment_name])
	]
	not "unclear" in found
	names_slots(found, places)
}

# Names that are only inferred must lead to a slot, unless nothing was ever deployed in the environment.
names_slots(found, places) if {
	count(found) > 0
} else if {
	is_string(input.request.deployment_name)
} else if {
	is_empty(places)
}

is_empty(places) if {
	every deployments in places { count(deployments) == 0 }
}

# The record that holds a slot, `"none"` when nothing of the requested kind does, and `"unclear"` in doubt.
holder(slot) := newest if {
	newest := slot[0]
	newest.status == "DEPLOYED"
	newest.artifact.kind == input.request.artifact.kind
	is_string(newest.created_at)
	not slot[1].created_at == newest.created_at
} else := holder_of_kind(slot, history) if {
	history := records.history(input.request.environment, slot[0].environment_name, slot[0].deployment_name)
} else := "unclear"

# The same where kinds share a slot, where times are missing or equal, and where the newest record is not DEPLOYED.
holder_of_kind(slot, history) := "none" if {
	count(history) == 0
} else := newest if {
	newest := newest_of_kind(history)
	newest.status == "DEPLOYED"
} else := "none" if {
	newest_of_kind(history).status == "DECOMMISSIONED"
} else := newest if {
	# Another kind of artifact took the slot, and may run beside this one.
	newest := newest_of_kind(history)
	newest.status == "SUPERSEDED"
	not slot[0] in history
	slot[0].created_at > newest.created_at
} else := "unclear"

newest_of_kind(history) := newest if {
	newest := history[0]
	newest.artifact.kind == input.request.artifact.kind
	not records.unclear(history)
}

# Why it cannot be told what holds the slots.
doubts contains finding if some finding in environments.faults([input.request.environment])

doubts contains finding if {
	environment := input.request.environment
	some target in data.holdpoint.environments[environment].targets
	some name in deployment_names
	slot := data.holdpoint.records.by_slot[environment][target][name]
	holder(slot) == "unclear"
	finding := {
		"code": "holder_unclear",
		"message": sprintf("what holds `%s` in %s of `%s` cannot be told: %s", [
			words.plain(name),
			target,
			environment,
			reason(records.history(environment, target, name)),
		]),
		"remediation": sprintf("record in %s what runs there now, then ask again", [target]),
		"records": [record.id | some record in array.slice(slot, 0, words.most_targets); is_string(record.id)],
	}
}

doubts contains finding if {
	environment := input.request.environment
	not is_string(input.request.deployment_name)
	places := data.holdpoint.records.by_slot[environment]
	not is_empty(places)
	count({target | some target, deployments in places; some name in deployment_names; deployments[name]}) == 0
	finding := parameters.problem(
		"deployment_name_missing",
		sprintf("the request names no deployment, and `%s` has none that the artifact was recorded under", [environment]),
		"name the deployment in the request",
	)
}

reason(history) := "its records leave open which is the newest" if {
	records.unclear(history)
} else := sprintf("its newest record is of the kind `%s`", [words.plain(history[0].artifact.kind)]) if {
	history[0].artifact.kind != input.request.artifact.kind
} else := sprintf("its newest record is %s since %s", [
	words.plain(history[0].status),
	words.instant(history[0], "updated_at"),
])

# When a digest was first deployed in these environments, in nanoseconds. Undefined when it was not, and when one of
# its records has no time: that one may be the first.
first_deployed(digest, names) := min(instants) if {
	found := data.holdpoint.records.by_digest[digest]
	histories := [history | some name in names; history := found[name]]
	instants := [instant |
		some history in histories
		is_string(history[0].created_at)
		instant := records.nanoseconds(history[count(history) - 1].created_at)
	]
	count(instants) == count(histories)
}
