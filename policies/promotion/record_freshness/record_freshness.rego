# METADATA
# title: Record freshness
# description: >-
#   What shows that the digest runs in the environments that come directly before must not be old. Of the records by
#   which the digest is in place in an environment, the one with the newest `last_seen_at` counts; it says when the
#   deployment was last reported. Older than the maximum, without a time, or with a time more than five minutes ahead
#   of the clock, it denies. So does an environment where the digest is not in place: no evidence is not fresh
#   evidence, and the rule never passes for want of a record. An environment that comes after none is skipped.
# custom:
#   severity: medium
#   version: 1.1.0
#   records: related
#   remediation: Report the deployment to the record source again, and find out why the reports stopped.
#   codes:
#     evidence_old: last seen longer ago than the maximum
#     last_seen_missing: the records do not say when it was last seen
#     last_seen_ahead: last seen more than five minutes after the instant of the decision
#     evidence_missing: the digest is not in place there, and no evidence is not fresh evidence
#     environment_unknown: a parameter names an environment that the configuration does not have
#     records_unreadable: the records do not show that the rule is met, and do not show why
#   parameters:
#     type: object
#     additionalProperties: false
#     required: [maximum]
#     properties:
#       maximum:
#         description: How old, such as `90m`, `1h30m`, `24h` or `7d`.
#         type: string
#         pattern: "^([1-9][0-9]{0,3}d|([1-9][0-9]{0,7}[smh])+)$"
#       strategy:
#         description: "`all`: in every environment. `any`: in one of them."
#         enum: [all, any]
#         default: all
#       environments:
#         description: Look in these environments, instead of those that come directly before.
#         type: array
#         items: {type: string, format: environment}
#         minItems: 1
#         uniqueItems: true
package promotion.record_freshness

import data.lib.parameters
import data.lib.records
import data.lib.words

skip_reason := data.lib.parameters.first_environment

deny contains finding if {
	not met
	not data.lib.parameters.first_environment
	some finding in findings
}

problems := parameters.unknown(data.lib.parameters.environments)

met if parameters.enough(fresh)

fresh contains environment if {
	some environment in data.lib.parameters.environments
	age := input.as_of_ns - newest(environment)
	age <= parameters.duration(input.parameters.maximum)

	# How far the clock that wrote a record may be ahead: five minutes, in nanoseconds.
	age >= -300000000000
}

# When the artifact was last reported in an environment.
newest(environment) := max([seen |
	some record in records.holding(environment)
	seen := records.nanoseconds(record.last_seen_at)
])

findings := problems if {
	count(problems) > 0
} else := stale if {
	count(stale) > 0
} else := {words.unexplained}

stale contains finding if {
	some environment in data.lib.parameters.environments
	not environment in fresh
	[code, text] := fault(environment)
	finding := {
		"code": code,
		"message": sprintf("%s in `%s`: %s", [words.artifact, environment, text]),
		"remediation": sprintf("report what runs in `%s` to the record source again, then ask again", [environment]),
		"records": words.evidence(environment),
	}
}

fault(environment) := ["evidence_missing", text] if {
	count(records.holding(environment)) == 0
	text := sprintf("it is not in place there, so nothing shows that it runs: %s", [words.state(environment)])
} else := ["last_seen_missing", "its records do not say when it was last seen"] if {
	not newest(environment)
} else := ["last_seen_ahead", text] if {
	newest(environment) > input.as_of_ns
	text := sprintf("it was last seen at %s, which is yet to come", [time.format(newest(environment))])
} else := ["evidence_old", text] if {
	seen := time.format(newest(environment))
	text := sprintf("it was last seen at %s, and that may be %s ago at most", [seen, input.parameters.maximum])
}
