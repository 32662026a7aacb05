# METADATA
# title: Reading deployment records
# description: >-
#   What the promotion policies share: which record of a slot counts, where the requested artifact runs, and how to
#   say so. Everything is a look-up, first by digest and then by slot, so the cost does not grow with the number of
#   records. Whatever is missing or in doubt shows nothing: it leaves a value undefined or a list empty.
package lib.records

# The digest that the request is about; undefined unless it is `sha256:` and 64 lower-case hexadecimal digits.
digest := text if {
	text := input.request.artifact.digest
	is_string(text)
	startswith(text, "sha256:")
	count(text) == 71
	trim(substring(text, 7, -1), "0123456789abcdef") == ""
}

# Whether a record is about the requested artifact. A chart is no image, whatever its digest.
matches(record) if {
	record.artifact.digest == digest
	record.artifact.kind == input.request.artifact.kind
}

# The records of the requested artifact in an environment, newest first, whatever has become of it.
of_artifact(environment) := [record |
	some record in data.holdpoint.records.by_digest[digest][environment]
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
	some record in data.holdpoint.records.by_slot[environment][target][deployment_name]
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

# Whether a record holds its slot already. Five minutes are left for clocks that differ.
begun(record) if not is_string(object.get(record, "created_at", null))

begun(record) if {
	is_number(input.as_of_ns)
	nanoseconds(record.created_at) <= input.as_of_ns + 300000000000
}

# The records by which the artifact is in place: each the newest of its slot, without doubt, and DEPLOYED.
holding(environment) := [record |
	some [target, deployment_name] in slots(environment)
	slot := history(environment, target, deployment_name)
	record := slot[0]
	record.status == "DEPLOYED"
	matches(record)
	begun(record)
	not unclear(slot)
]

# The targets of an environment; none when the environment is not known.
targets(environment) := {target | some target in data.holdpoint.environments[environment].targets}

# A time in nanoseconds since 1970; undefined for null, for other types, and for years far from ours.
nanoseconds(text) := time.parse_rfc3339_ns(text) if {
	is_string(text)
	text >= "1970"
	text < "2200"
}
