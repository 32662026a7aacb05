# METADATA
# title: Gate
# description: Nothing goes out.
# custom:
#   severity: urgent
#   version: v1
#   remediation: Ask again tomorrow.
package p

deny contains "no"
