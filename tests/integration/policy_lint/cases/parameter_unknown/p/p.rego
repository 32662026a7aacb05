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
package p

given := input.parameters if {
	is_object(input.parameters)
} else := {}

deny contains "no" if given.minmum == "1h"

deny contains "never" if object.get(given, "maximum", "1h") == given.minimum
