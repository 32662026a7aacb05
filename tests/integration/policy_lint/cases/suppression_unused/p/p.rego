# METADATA
# title: Gate
# description: Nothing goes out.
# custom:
#   severity: high
#   version: 1.0.0
#   remediation: Ask again tomorrow.
package p

# holdpoint-lint-ignore: time_now the clock is mocked
deny contains "no" # holdpoint-lint-ignore: records_scan there are few
