# METADATA
# title: Gate
# description: Nothing goes out.
# custom:
#   severity: high
#   version: 1.0.0
#   remediation: Ask again tomorrow.
#   parameters:
#     type: object
#     additionalProperties: false
#     properties:
#       minimum:
#         description: How long.
#         type: string
#         default: 5
package p

deny contains "no" if input.parameters.minimum == "1h"
