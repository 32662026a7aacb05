# METADATA
# title: Gate
# description: Nothing goes out.
# custom:
#   severity: high
#   version: 1.0.0
#   remediation: Ask again tomorrow.
#   parameters:
#     minimum: "How long."
package p

deny contains "no" if input.parameters.minimum == "1h"
