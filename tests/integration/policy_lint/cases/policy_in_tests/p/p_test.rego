# METADATA
# title: Gate
# description: Nothing goes out.
# custom:
#   severity: high
#   version: 1.0.0
#   remediation: Ask again tomorrow.
package p

test_it if count(data.p.deny) == 0

deny contains "never" if input.as_of == ""
