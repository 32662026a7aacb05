# METADATA
# title: Reading deployment records
# description: >-
#   What the promotion policies share: which record of a slot counts, where the requested artifact runs, and since
#   when. Everything is a look-up, first by digest and then by slot, so the cost does not grow with the number of
#   records. Whatever is missing or in doubt shows nothing: it leaves a value undefined or a list empty.
package lib.records

# The digest that the request is about. Records are indexed only by digests that are valid, so one that is none finds
# nothing.
digest := input.request.artifact.digest

# Whether a record is about the requested artifact. A chart is no image, whatever its digest.
matches(record) if {
	record.artifact.digest == digest
	record.artifact.kind == input.request.artifact.kind
}

# The records of the requested artifact in an environment, newest first, whatever has become of it.
of_artifact(environment) := [record |
	environments := data.holdpoint.records.by_digest[digest]
	some record in environments[environment]
	record.artifact.kind == input.request.artifact.kind
]

# The slots of an environment that the artifact is or was in, as [target, deployment name].
slots(environment) := found if {
	known := targets(environment)
	found := {[record.environment_name, record.deployment_name] |
		some record in of_artifact(environment)
		record.environment_name in known
	}
}

# The records that can say what holds a slot, newest first: those of the requested kind and of kinds nobody knows.
history(environment, target, deployment_name) := [record |
	places := data.holdpoint.records.by_slot[environment]
	deployments := places[target]
	some record in deployments[deployment_name]
	not object.get(record, ["artifact", "kind"], "") in other_kinds
]

other_kinds := {"CONTAINER_IMAGE", "HELM_CHART"} - {input.request.artifact.kind}

# Whether the newest of several records cannot be told: one has no time, or another artifact came at the same instant
# as the newest record and is not known to have left.
unclear(history) if {
	count(history) > 1
	some record in history
	not is_string(object.get(record, "created_at", null))
}

unclear(history) if {
	some record in history
	record.created_at == history[0].created_at
	record.artifact.digest != history[0].artifact.digest
	not record.status in {"SUPERSEDED", "DECOMMISSIONED"}
}

# The records by which the artifact is in place: each the newest of its slot, without doubt, and DEPLOYED.
holding(environment) := [record |
	artifact := input.request.artifact
	kind := artifact.kind
	all := data.holdpoint
	known := all.environments[environment].targets
	slots := all.records.by_slot[environment]
	environments := all.records.by_digest[artifact.digest]
	some record in environments[environment]
	record.status == "DEPLOYED"
	record.artifact.kind == kind
	record.environment_name in known
	deployments := slots[record.environment_name]
	holds(record, deployments[record.deployment_name], environment)
]

# Whether a record holds its slot; `slot` has all records of the slot, newest first. The first way to tell is quick and
# fits nearly every record: nothing else was recorded there at that time or later.
holds(record, slot, environment) if {
	record.created_at <= input.as_of
	slot[0].id == record.id
	slot[1].created_at < record.created_at
	slot[1].created_at > ""
} else if {
	clear := history(environment, record.environment_name, record.deployment_name)
	clear[0] == record
	not unclear(clear)
	begun(record)
}

# Whether a record holds its slot already. Five minutes are left for clocks that differ.
begun(record) if not is_string(object.get(record, "created_at", null))

begun(record) if {
	is_number(input.as_of_ns)
	nanoseconds(record.created_at) <= input.as_of_ns + 300000000000
}

# The targets of an environment; none when the environment is not known.
targets(environment) := {target | some target in data.holdpoint.environments[environment].targets}

# A time in nanoseconds since 1970; undefined for years far from ours, and for null and other types: in Rego's order of
# values they lie before all texts, or behind.
nanoseconds(text) := time.parse_rfc3339_ns(text) if {
	text >= "1970"
	text < "2200"
}
