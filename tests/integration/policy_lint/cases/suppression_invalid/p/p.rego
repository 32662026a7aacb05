# METADATA
# title: Gate
# description: Nothing goes out.
# custom:
#   severity: high
#   version: 1.0.0
#   remediation: Ask again tomorrow.
package p

# holdpoint-lint-ignore
deny contains "a"

# holdpoint-lint-ignore: tests_missing it has some
deny contains "b"

# holdpoint-lint-ignore: time_now
deny contains "c"

# holdpoint-lint-ignore: recursion it ends
deny contains "d"
