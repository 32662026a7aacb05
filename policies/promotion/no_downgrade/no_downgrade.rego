# METADATA
# title: No downgrade
# description: >-
#   What is deployed must not be older than what holds the slot. The slots are those of the request's deployment name in
#   every target of the requested environment; a request without one is about the names that its digest was recorded
#   under. The newest record of a slot is authoritative: DEPLOYED holds it, DECOMMISSIONED leaves it empty, and doubt
#   denies. An empty slot takes any version, and the digest that holds a slot may be deployed there again.
#   Versions are compared by semantic versioning, with or without a leading `v`: a pre-release is lower than its
#   release, and versions that differ in build metadata only are equal, which is no downgrade. The version of the
#   requested digest is the one that records give it; when they give several, none may be lower. Only when they give
#   none does the tag of the request count, since a tag is the caller's claim. When one of the two versions is not a
#   semantic version, the order of first deployment decides: the requested digest must have been deployed first, in
#   any environment that comes before or the requested one, later than what holds the slot.
#   The intent `rollback` asks for something else: the digest must have held a slot of this deployment in the requested
#   environment before, as a record that is DEPLOYED, SUPERSEDED or DECOMMISSIONED shows. The intent `hotfix` is no
#   exception.
# custom:
#   severity: high
#   version: 1.0.0
#   records: related
#   remediation: Deploy a newer version, or ask with the intent `rollback` for a digest that ran there before.
#   codes:
#     downgrade: a version that is lower than that of what holds the slot
#     not_deployed_later: no versions to compare, and not first deployed later
#     unordered: "no versions to compare, with `when_unordered: deny`"
#     never_deployed_there: a rollback to what never held the slot
#     holder_unclear: the records do not tell what holds a slot
#     deployment_name_missing: the request names no deployment, and none of the names that its digest was recorded under is known there
#     environment_unknown: the rule names an environment that the configuration does not have
#     records_incomplete: the records of an environment are not complete, so what they lack shows nothing
#     records_unreadable: the records do not show that the rule is met, and do not show why
#   parameters:
#     type: object
#     additionalProperties: false
#     properties:
#       when_unordered:
#         description: >-
#           What decides when a version is not a semantic version: `first_deployment`, the order in which the two
#           digests were first deployed, or `deny`.
#         enum: [first_deployment, deny]
#         default: first_deployment
package promotion.no_downgrade

import data.lib.environments
import data.lib.occupancy
import data.lib.records
import data.lib.words

deny contains finding if {
	not permitted
	some finding in findings
}

permitted if {
	input.request.intent == "rollback"
	count(earlier_stays) > 0
} else if {
	input.request.intent != "rollback"
	holders := data.lib.occupancy.holders
	every holder in holders { not_lower(holder.artifact) }
}

# Whether the requested artifact is the one of this holder, or is not older.
not_lower(artifact) if {
	artifact.digest == input.request.artifact.digest
} else if {
	held := semantic(artifact.version)
	wanted := semantic_versions
	every version in wanted { semver.compare(version, held) >= 0 }
} else if {
	not comparable(artifact)
	object.get(input.parameters, "when_unordered", "first_deployment") == "first_deployment"
	names := object.keys(data.holdpoint.environments)
	first := occupancy.first_deployed(input.request.artifact.digest, names)
	first > occupancy.first_deployed(artifact.digest, names)
}

comparable(artifact) if {
	semantic_versions
	semantic(artifact.version)
}

# The versions of the requested artifact, none of which may be lower; undefined unless all are semantic versions.
semantic_versions := found if {
	texts := versions
	found := [version | some text in texts; version := semantic(text)]
	count(found) == count(texts)
}

versions := recorded_versions if {
	count(recorded_versions) > 0
} else := {input.request.artifact.version}

recorded_versions := {version |
	artifact := input.request.artifact
	some found in data.holdpoint.records.by_digest[artifact.digest]
	some record in found
	record.artifact.kind == artifact.kind
	version := record.artifact.version
	version != ""
}

# The version without a leading `v`; undefined when it is not one by the specification. Numbers have at most 18 digits,
# so that engines with 64 bits for them agree, and an identifier of a pre-release does not start with a hyphen, which
# some take for a sign.
semantic(text) := version if {
	version := trim_prefix(text, "v")
	regex.match(pattern, version)
}

pattern := `^(0|[1-9][0-9]{0,17})(\.(0|[1-9][0-9]{0,17})){2}(-(0|[1-9][0-9]{0,17}|[0-9]+-[0-9A-Za-z-]*|[0-9]*[A-Za-z][0-9A-Za-z-]*)(\.(0|[1-9][0-9]{0,17}|[0-9]+-[0-9A-Za-z-]*|[0-9]*[A-Za-z][0-9A-Za-z-]*))*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$`

# How far the clock that wrote a record may be ahead: five minutes, in nanoseconds.
clock_difference := 300000000000

# The records that show that the requested artifact held a slot of the deployment in the requested environment.
earlier_stays := [record |
	environment := data.holdpoint.environments[input.request.environment]
	environment.complete == true
	some record in records.of_artifact(input.request.environment)
	record.environment_name in environment.targets
	record.deployment_name in occupancy.deployment_names
	record.status in {"DEPLOYED", "SUPERSEDED", "DECOMMISSIONED"}
	records.nanoseconds(record.created_at) <= input.as_of_ns + clock_difference
]

findings := problems if {
	count(problems) > 0
} else := {words.unexplained}

problems contains finding if some finding in environments.faults([input.request.environment])

problems contains finding if {
	input.request.intent == "rollback"
	data.holdpoint.environments[input.request.environment].complete == true
	finding := {
		"code": "never_deployed_there",
		"message": sprintf("%s cannot be a rollback, since no record shows that it held %s in `%s` before: %s", [
			words.artifact,
			slot_names,
			input.request.environment,
			words.state(input.request.environment),
		]),
		"remediation": "roll back to a digest that ran there before, or ask with the intent `deploy`",
		"records": words.evidence(input.request.environment),
	}
}

problems contains finding if {
	input.request.intent != "rollback"
	some finding in occupancy.doubts
}

problems contains finding if {
	input.request.intent != "rollback"
	some holder in occupancy.holders
	not not_lower(holder.artifact)
	[code, text] := fault(holder)
	finding := {
		"code": code,
		"message": sprintf("%s (%s) %s %s, which holds `%s` in %s of `%s` since %s", [
			words.artifact,
			requested_version,
			text,
			words.named(holder.artifact),
			words.plain(holder.deployment_name),
			words.plain(holder.environment_name),
			input.request.environment,
			words.instant(holder, "created_at"),
		]),
		"remediation": remediation(code),
		"records": [holder.id],
	}
}

fault(holder) := ["downgrade", "is lower than"] if {
	comparable(holder.artifact)
} else := ["unordered", "has no version to compare with that of"] if {
	object.get(input.parameters, "when_unordered", "first_deployment") == "deny"
} else := ["not_deployed_later", "is not known to have been first deployed later than"]

remediation(code) := concat(" ", [
	"name versions by semantic versioning in the records,",
	"or set `when_unordered: first_deployment`",
]) if {
	code == "unordered"
} else := concat(" ", [
	"deploy a newer version, or, when the digest ran there before and you want it back,",
	"ask with the intent `rollback`",
])

requested_version := concat(" and ", [words.plain(version) | some version in told]) if {
	told := [version | some version in versions; version != ""]
	count(told) > 0
} else := "without a version"

slot_names := concat(" or ", [sprintf("`%s`", [words.plain(name)]) | some name in occupancy.deployment_names]) if {
	count(occupancy.deployment_names) > 0
} else := "any slot"
