# METADATA
# title: Gate
# custom:
#   severity: high
package p

deny contains "no"
