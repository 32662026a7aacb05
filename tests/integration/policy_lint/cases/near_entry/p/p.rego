# METADATA
# title: Gate
# description: Nothing goes out.
# custom:
#   severity: high
#   version: 1.0.0
#   remediation: Ask again tomorrow.
package p

deny contains "no"

denies contains "no" if input.request.intent == "deploy"

warning_late contains "late"

violatoins contains "no"

held := ["no"]
