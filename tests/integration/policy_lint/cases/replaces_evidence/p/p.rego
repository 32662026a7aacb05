# METADATA
# title: Gate
# description: Nothing goes out.
# custom:
#   severity: high
#   version: 1.0.0
#   remediation: Ask again tomorrow.
package p

inner contains "no" if input.request.intent == "deploy"

deny contains message if some message in inner with input.request.intent as "deploy"
