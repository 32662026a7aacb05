# METADATA
# title: Maximum age
# description: >-
#   The digest must not be older than a limit. Its age is counted from its first deployment: the earliest `created_at`
#   of its records in the requested environment and in those that come before it, directly or not. What was built long
#   ago lacks later repairs, and has to be built anew. A digest that was never deployed there denies, and so does one
#   with a record without a time, since that one may be the first. A first deployment more than five minutes ahead of
#   the clock denies as well. Where an environment comes after none, a digest that it has no record of is skipped: it is
#   deployed for the first time.
# custom:
#   severity: medium
#   version: 1.0.0
#   records: related
#   remediation: Build the artifact anew, and promote the new digest from the first environment on.
#   codes:
#     too_old: first deployed longer ago than the maximum
#     never_deployed: no record of it
#     created_at_missing: one of its records has no time, and may be the first
#     created_at_ahead: first deployed more than five minutes after the instant of the decision
#     environment_unknown: the rule names an environment that the configuration does not have
#     records_incomplete: the records of an environment are not complete, so what they lack shows nothing
#     records_unreadable: the records do not show that the rule is met, and do not show why
#   parameters:
#     type: object
#     additionalProperties: false
#     required: [maximum]
#     properties:
#       maximum:
#         description: How old, such as `12h`, `30d` or `365d`.
#         type: string
#         pattern: "^([1-9][0-9]{0,3}d|([1-9][0-9]{0,7}[smh])+)$"
#       environments:
#         description: Look for the first deployment in these environments only.
#         type: array
#         minItems: 1
#         uniqueItems: true
#         items: {type: string, format: environment}
package promotion.max_age

import data.lib.environments
import data.lib.occupancy
import data.lib.parameters
import data.lib.records
import data.lib.words

skip_reason := "it is deployed for the first time, and the environment comes after no other" if {
	input.environment.after == []
	not input.parameters.environments
	name := input.request.environment
	data.holdpoint.environments[name].complete == true
	not data.holdpoint.records.by_digest[records.digest][name]
	startswith(records.digest, "sha256:")
}

deny contains finding if {
	not young
	not skip_reason
	some finding in findings
}

young if {
	names := places
	known := data.holdpoint.environments
	complete := [name | some name in names; known[name].complete == true]
	count(complete) == count(names)
	known_by_kind
	age := input.as_of_ns - first_deployed
	age <= parameters.duration(input.parameters.maximum)

	# How far the clock that wrote a record may be ahead: five minutes, in nanoseconds.
	age >= -300000000000
}

places := object.get(input.parameters, "environments", object.keys(data.holdpoint.environments))

# A record of another kind of artifact shows no deployment of this one, though it can show that the digest is old.
known_by_kind if {
	kind := input.request.artifact.kind
	all := data.holdpoint
	found := all.records.by_digest[input.request.artifact.digest]
	some name in places
	some record in found[name]
	record.artifact.kind == kind
}

first_deployed := occupancy.first_deployed(input.request.artifact.digest, places)

findings := faults if {
	faults := environments.faults(places)
	count(faults) > 0
} else := {finding} if {
	finding := {
		"code": reason.code,
		"message": sprintf("%s %s", [words.artifact, reason.text]),
		"remediation": reason.remediation,
		"records": [record.id | some name, record in oldest; is_string(record.id)],
	}
} else := {words.unexplained}

reason := {
	"code": "never_deployed",
	"text": sprintf("has no record in %s, so nothing shows how old it is", [quoted(places)]),
	"remediation": "check the digest for typing errors, or deploy it to an environment that comes before first",
} if {
	not known_by_kind
} else := {
	"code": "created_at_missing",
	"text": "has a record without a usable `created_at`, so when it was first deployed cannot be told",
	"remediation": "complete the times of its records at the record source",
} if {
	not first_deployed
} else := {
	"code": "created_at_ahead",
	"text": sprintf("was first deployed in %s at %s, which is yet to come", [quoted(first_places), first_time]),
	"remediation": "correct the clock of what writes the records",
} if {
	first_deployed > input.as_of_ns
} else := {
	"code": "too_old",
	"text": sprintf("was first deployed in %s at %s, and that may be %s ago at most", [
		quoted(first_places),
		first_time,
		input.parameters.maximum,
	]),
	"remediation": "build the artifact anew, and promote the new digest from the first environment on",
} if {
	input.as_of_ns - first_deployed > parameters.duration(input.parameters.maximum)
}

first_time := time.format(first_deployed)

first_places := [name | some name, record in oldest; records.nanoseconds(record.created_at) == first_deployed]

# The oldest record of the digest in each environment.
oldest := {name: record |
	some name in places
	history := data.holdpoint.records.by_digest[records.digest][name]
	record := history[count(history) - 1]
}

quoted(names) := concat(", ", sort([sprintf("`%s`", [name]) | some name in names]))
