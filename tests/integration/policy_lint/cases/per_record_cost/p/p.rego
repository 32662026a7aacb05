# METADATA
# title: Gate
# description: Nothing goes out.
# custom:
#   severity: high
#   version: 1.0.0
#   remediation: Ask again tomorrow.
package p

deny contains "no" if {
	# holdpoint-lint-ignore: records_scan the case is about what is done for each
	some record in data.holdpoint.records.by_environment.production
	regex.match("^1", record.artifact.version)
	late(record)
}

late(record) if time.parse_rfc3339_ns(record.created_at) > input.as_of_ns
