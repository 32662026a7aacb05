# METADATA
# title: Deployment records in words
# description: What the targets of an environment run, for messages. Nothing here decides.
package lib.words

import data.lib.records

# No message tells of more targets than this, and no text of a record is longer.
most_targets := 5

longest_text := 60

# What to say when a rule is not met and nothing else was said.
unexplained := {
	"code": "records_unreadable",
	"message": "the records do not show that the rule is met, and do not show why",
	"remediation": "look at the records of the environments that come before, and report this",
	"records": [],
}

# The requested artifact, short.
artifact := short(records.digest)

# An environment, with how many of its targets have what is asked for when one would not do.
place(environment, having, needed) := sprintf("`%s`", [environment]) if {
	needed == 1
} else := sprintf("`%s` (in %d of its %d targets, and %d are needed)", [environment, having, all, needed]) if {
	all := count(records.targets(environment))
}

# What the targets of an environment have; those where the artifact is not in place come first.
state(environment) := concat("; ", array.concat(told, rest)) if {
	in_place := {record.environment_name | some record in records.holding(environment)}
	elsewhere := records.targets(environment) - in_place
	ordered := array.concat([target | some target in elsewhere], [target | some target in in_place])
	told := [text |
		some target in array.slice(ordered, 0, most_targets)
		text := target_state(environment, target)
	]
	rest := [sprintf("and %d more", [count(ordered) - most_targets]) | count(ordered) > most_targets]
}

target_state(environment, target) := sprintf("%s %s", [target, concat(", ", texts)]) if {
	texts := [slot_state(slot) |
		some name in deployment_names
		slot := records.history(environment, target, name)
		count(slot) > 0
	]
	count(texts) > 0
} else := sprintf("%s has no record of it", [target])

# What one slot has; `slot` holds its records, newest first, at least one.
slot_state(slot) := sprintf("has records of `%s` that leave open which is the newest", [name]) if {
	name := plain(slot[0].deployment_name)
	records.unclear(slot)
} else := sprintf("runs it as `%s` %s", [plain(slot[0].deployment_name), since(slot[0])]) if {
	records.matches(slot[0])
	slot[0].status == "DEPLOYED"
} else := sprintf("does not run it: %s since %s", [plain(slot[0].status), instant(slot[0], "updated_at")]) if {
	records.matches(slot[0])
} else := sprintf("%s%s %s since %s", [before(slot), verb, named(slot[0].artifact), instant(slot[0], key)]) if {
	[verb, key] := standing(slot[0].status)
}

standing(status) := ["runs", "created_at"] if {
	status == "DEPLOYED"
} else := [sprintf("has as its newest record a %s", [plain(status)]), "updated_at"]

before(slot) := "had it and " if {
	some record in slot
	records.matches(record)
} else := ""

# The deployments to tell about: the one asked about, and those under which the artifact was recorded anywhere.
deployment_names contains input.request.deployment_name if is_string(input.request.deployment_name)

deployment_names contains record.deployment_name if {
	some environment, _ in data.holdpoint.records.by_digest[records.digest]
	some record in records.of_artifact(environment)
}

# The ids of the records that `state` tells of, and of those of the artifact.
evidence(environment) := [id | some id in {record.id |
	some record in array.concat(records.of_artifact(environment), newest_records(environment))
	is_string(record.id)
}]

newest_records(environment) := [slot[0] |
	some target in records.targets(environment)
	some name in deployment_names
	slot := records.history(environment, target, name)
	count(slot) > 0
]

# An artifact as `sha256:0123456789ab… (1.4.2)`.
named(artifact) := sprintf("%s (%s)", [short(artifact.digest), plain(artifact.version)]) if {
	plain(artifact.version) != ""
} else := short(artifact.digest)

short(digest) := sprintf("%s…", [substring(digest, 0, 19)]) if {
	is_string(digest)
	startswith(digest, "sha256:")
} else := "an artifact without a usable digest"

since(record) := sprintf("only from %s on, which is yet to come", [instant(record, "created_at")]) if {
	records.nanoseconds(record.created_at) > input.as_of_ns
} else := sprintf("since %s", [instant(record, "created_at")])

# A time of a record as it is written, so that it can be found again.
instant(record, key) := plain(record[key]) if {
	is_string(record[key])
} else := "an unknown time"

plain(text) := substring(text, 0, longest_text) if {
	is_string(text)
} else := ""
