# METADATA
# title: Not withdrawn
# description: >-
#   The digest must not have been taken back: neither removed on purpose from an environment that comes directly before
#   or from the requested one, nor vetoed by the rule itself. A record that is DECOMMISSIONED shows a removal, unless the
#   digest was recorded again in the same slot after it; SUPERSEDED is the ordinary course of things and shows none. A
#   record with a status that is not known, or without the times that tell which came last, counts as a removal. Records
#   count whatever their kind. A digest without records passes: `promotion.digest_known` asks for one. A veto with
#   `until` holds up to that instant, one without denies.
# custom:
#   severity: high
#   version: 1.0.0
#   records: related
#   remediation: Find out why the digest was taken back, and promote another one.
#   codes:
#     withdrawn: a record of it is DECOMMISSIONED, and it did not come back
#     status_unknown: a record of it has a status that nobody knows
#     vetoed: the rule vetoes it; with `until` it holds
#     environment_unknown: the rule names an environment that the configuration does not have
#     records_incomplete: the records of an environment are not complete, so what they lack shows nothing
#     records_unreadable: the records do not show that the rule is met, and do not show why
#   parameters:
#     type: object
#     additionalProperties: false
#     properties:
#       vetoed:
#         description: Digests that may not be deployed, with the reason.
#         type: array
#         items:
#           type: object
#           additionalProperties: false
#           required: [digest, reason]
#           properties:
#             digest:
#               description: What is vetoed.
#               type: string
#               pattern: "^sha256:[0-9a-f]{64}$"
#             reason:
#               description: Why; it is shown to whoever is denied.
#               type: string
#               minLength: 1
#             by:
#               description: Who says so.
#               type: string
#               minLength: 1
#             until:
#               description: When the veto ends, as an RFC 3339 time. Left out, it does not end.
#               type: string
#               format: date-time
#               pattern: "^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$"
#         default: []
#       removed_from:
#         description: >-
#           `slot`: a removal from any slot counts, also from that of a canary. `environment`: not where the digest is
#           DEPLOYED in another slot of the same environment.
#         enum: [slot, environment]
#         default: slot
#       environments:
#         description: Look in these environments, instead of those that come directly before and the requested one.
#         type: array
#         minItems: 1
#         uniqueItems: true
#         items: {type: string, format: environment}
package promotion.not_withdrawn

import data.lib.environments
import data.lib.parameters
import data.lib.records
import data.lib.words

deny contains finding if {
	not clean
	some finding in refusals
}

deny contains words.unexplained if {
	not clean
	count(refusals) == 0
	count(pauses) == 0
}

hold contains finding if {
	not clean
	some finding in pauses
}

clean if {
	# No record of it is a pass, so that what is no digest must not come this far.
	digest := input.request.artifact.digest
	startswith(digest, "sha256:")
	digest == lower(digest)
	names := places
	known := data.holdpoint.environments
	complete := [name | some name in names; known[name].complete == true]
	count(complete) == max([1, count(names)])
	removed == []
	active_vetoes == []
}

places := object.get(
	input.parameters,
	"environments",
	array.concat(input.environment.after, [input.request.environment]),
)

# The records by which the digest was taken out of an environment, and after which it did not come back, with the
# environment's name.
removed := [[name, record] |
	found := of_digest
	some name in places
	some record in found[name]
	not object.get(record, "status", "") in {"DEPLOYED", "SUPERSEDED"}
	not came_back(record, name, found[name])
]

# All records of the digest, by environment. `object.get` on the index would take longer the more digests there are.
of_digest := found if {
	found := data.holdpoint.records.by_digest[input.request.artifact.digest]
} else := {}

came_back(record, name, history) if {
	some later in history
	later.status in {"DEPLOYED", "SUPERSEDED"}
	later.environment_name == record.environment_name
	later.deployment_name == record.deployment_name
	instant := records.nanoseconds(later.created_at)
	instant > records.nanoseconds(record.created_at)
	instant > records.nanoseconds(record.updated_at)
} else if {
	input.parameters.removed_from == "environment"
	count(records.holding(name)) > 0
}

active_vetoes := [veto |
	some veto in input.parameters.vetoed
	veto.digest == input.request.artifact.digest
	not ended(veto)
]

ended(veto) if records.nanoseconds(veto.until) <= input.as_of_ns

refusals contains finding if some finding in environments.faults(places)

refusals contains finding if {
	some name in {place | some [place, _] in removed}
	found := [record | some [place, record] in removed; place == name]
	finding := {
		"code": code(found),
		"message": sprintf("%s was taken out of `%s`: %s", [words.artifact, name, told(found)]),
		"remediation": concat(" ", [
			"find out why it was removed and promote another digest,",
			"or record it there again when it was put back",
		]),
		"records": [record.id | some record in found; is_string(record.id)],
	}
}

refusals contains finding if {
	some veto in active_vetoes
	not veto.until
	finding := vetoed(veto, "")
}

pauses contains finding if {
	count(refusals) == 0
	some veto in active_vetoes
	opens_at := time.format(records.nanoseconds(veto.until))
	finding := object.union(vetoed(veto, sprintf(" until %s", [opens_at])), {"opens_at": opens_at})
}

vetoed(veto, ending) := parameters.problem(
	"vetoed",
	sprintf("%s is vetoed%s%s: %s", [words.artifact, by(veto), ending, veto.reason]),
	"promote another digest, or have the veto taken off the rule",
)

by(veto) := sprintf(" by %s", [veto.by]) if {
	veto.by
} else := ""

code(found) := "withdrawn" if {
	some record in found
	record.status == "DECOMMISSIONED"
} else := "status_unknown"

told(found) := concat("; ", array.concat(texts, rest)) if {
	texts := [text |
		some record in array.slice(found, 0, words.most_targets)
		text := sprintf("%s has it as `%s`, %s since %s", [
			words.plain(record.environment_name),
			words.plain(record.deployment_name),
			words.plain(record.status),
			words.instant(record, "updated_at"),
		])
	]
	rest := [sprintf("and %d more", [count(found) - words.most_targets]) | count(found) > words.most_targets]
}
