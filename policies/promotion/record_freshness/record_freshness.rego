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
#   version: 1.0.0
#   remediation: Report the deployment to the record source again, and find out why the reports stopped.
#   parameters:
#     maximum: "Required: how old, such as `90m`, `24h` or `7d`."
#     strategy: "`all` (default): in every environment. `any`: in one of them."
#     environments: "Look in these environments, instead of those that come directly before."
package promotion.record_freshness

import data.lib.parameters
import data.lib.records
import data.lib.words

skip_reason := "the environment comes after no other" if {
	count(problems) == 0
	parameters.environments == []
}

deny contains finding if some finding in (problems | stale)

deny contains parameters.unexplained if {
	not parameters.enough(fresh)
	not skip_reason
	count(problems) == 0
	count(stale) == 0
}

stale contains finding if {
	count(problems) == 0
	not parameters.enough(fresh)
	some environment in parameters.environments
	not environment in fresh
	[code, text] := fault(environment)
	finding := {
		"code": code,
		"message": sprintf("%s in `%s`: %s", [words.artifact, environment, text]),
		"remediation": sprintf("report what runs in `%s` to the record source again, then ask again", [environment]),
		"records": words.evidence(environment),
	}
}

fresh contains environment if {
	some environment in parameters.environments
	age := parameters.as_of - newest(environment)
	age <= maximum_nanoseconds
	age >= 0 - clock_difference
}

# When the artifact was last reported in an environment.
newest(environment) := max([seen |
	some record in records.holding(environment)
	seen := records.nanoseconds(record.last_seen_at)
])

fault(environment) := ["evidence_missing", text] if {
	count(records.holding(environment)) == 0
	text := sprintf("it is not in place there, so nothing shows that it runs: %s", [words.state(environment)])
} else := ["last_seen_missing", "its records do not say when it was last seen"] if {
	not newest(environment)
} else := ["last_seen_ahead", text] if {
	newest(environment) > parameters.as_of
	text := sprintf("it was last seen at %s, which is yet to come", [time.format(newest(environment))])
} else := ["evidence_old", text] if {
	seen := time.format(newest(environment))
	text := sprintf("it was last seen at %s, and that may be %s ago at most", [seen, maximum])
}

# How far the clock that wrote a record may be ahead: five minutes, in nanoseconds.
clock_difference := parameters.duration("5m")

maximum := parameters.given.maximum

maximum_nanoseconds := parameters.duration(maximum)

problems contains problem if {
	known := {"environments", "maximum", "strategy"}
	some problem in (parameters.malformed | parameters.unknown(known))
}

problems contains problem if some problem in (parameters.not_a_duration("maximum") | parameters.no_clock)
