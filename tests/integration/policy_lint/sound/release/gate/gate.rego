# METADATA
# title: Gate
# description: Nothing goes out too early.
# custom:
#   severity: critical
#   version: 1.0.0-rc.1
#   remediation: Wait.
#   parameters:
#     type: object
#     additionalProperties: false
#     required: [minimum]
#     properties:
#       minimum: {description: How long., type: string}
#       strategy: {description: In how many., enum: [all, any], default: all}
#       windows:
#         description: When not.
#         type: array
#         items: {type: object, additionalProperties: false, properties: {from: {type: string}}}
package release.gate

import data.lib.parameters
import data.lib.records as found

# What others call a record is none of ours.
named(input_name, record) := record.anything.at_all if record.name == input_name

deny contains finding if {
	parameters.strategy == "all"
	some window in parameters.given.windows
	window.from < input.as_of
	finding := object.union({"code": "early"}, {"message": sprintf("%v", [named("a", {"name": "a"})])})
}

deny contains sprintf("%s runs", [record.artifact.name]) if {
	some record in found.of(input.request.artifact.digest)
	record.tags.team == input.request.context.team.name
	object.get(input.request, ["artifact", "version"], "") != record.artifact.version
}

hold contains {"msg": "wait", "opens_at": opens} if {
	opens := time.format(time.parse_rfc3339_ns(input.as_of) + 1)
	every name, environment in data.holdpoint.environments {
		environment.complete
		count(data.holdpoint.records.by_environment[name]) > 0
	}
	parameters.given.minimum == "1h"
}

skip_reason := "first" if input.environment.after == []
