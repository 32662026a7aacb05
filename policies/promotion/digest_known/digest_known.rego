# METADATA
# title: Digest known
# description: >-
#   Some environment must have a record of this very digest. A digest that nothing knows is a typing error, or an
#   artifact that was built anew: the same source gives another digest each time. Kinds must be the same as well. It
#   says nothing about where the digest has to be: `promotion.deployed_before` does. It has no environment to skip, so
#   leave it out for the environment that artifacts enter first.
# custom:
#   severity: high
#   version: 1.1.0
#   records: related
#   remediation: Check the digest for typing errors, and promote what was deployed before instead of a new build.
#   codes:
#     digest_unknown: no such record
#     input_invalid: the request names no digest
#     environment_unknown: a parameter names an environment that the configuration does not have
#   parameters:
#     type: object
#     additionalProperties: false
#     properties:
#       environments:
#         description: Look in these environments. By default in all whose records are read.
#         type: array
#         items: {type: string, format: environment}
#         minItems: 1
#         uniqueItems: true
#       statuses:
#         description: Records with one of these count. By default all do.
#         type: array
#         items: {enum: [DEPLOYED, SUPERSEDED, DECOMMISSIONED]}
#         minItems: 1
#         uniqueItems: true
package promotion.digest_known

import data.lib.records

deny contains finding if {
	not known
	some finding in findings
}

known if {
	not input.parameters.environments
	not input.parameters.statuses
	kind := input.request.artifact.kind
	some list in data.holdpoint.records.by_digest[input.request.artifact.digest]
	some record in list
	record.artifact.kind == kind
} else if {
	count(unknown_environments) == 0
	some environment in environments
	some record in records.of_artifact(environment)
	counts(environment, record)
}

# Whether a record counts. One that says DEPLOYED does only while it holds its slot.
counts(_, _) if not input.parameters.statuses

counts(_, record) if {
	record.status in input.parameters.statuses
	record.status != "DEPLOYED"
}

counts(environment, record) if {
	"DEPLOYED" in input.parameters.statuses
	record in records.holding(environment)
}

environments := input.parameters.environments if {
	input.parameters.environments
} else := [name | some name, _ in data.holdpoint.environments]

findings := unknown_environments if {
	count(unknown_environments) > 0
} else := {{
	"code": "digest_unknown",
	"message": sprintf("no record of %v in %s%s", [input.request.artifact.digest, concat(", ", names), restriction]),
	"remediation": concat(" ", [
		"check the digest for typing errors; if the artifact was built anew its digest is another one,",
		"so promote the one that was deployed before",
	]),
	"records": [],
}} if {
	input.request.artifact.digest
} else := {{
	"code": "input_invalid",
	"message": "the request names no digest",
	"remediation": "ask about one artifact by its digest",
	"records": [],
}}

unknown_environments := {finding |
	some name in environments
	not data.holdpoint.environments[name]
	finding := {
		"code": "environment_unknown",
		"message": sprintf("`%v` is named as a place to look for the artifact, and no such environment is known", [name]),
		"remediation": "name environments of the configuration",
		"records": [],
	}
}

names := [sprintf("`%s`", [name]) | some name in environments]

restriction := sprintf(" that is %s", [concat(" or ", input.parameters.statuses)]) if {
	input.parameters.statuses
} else := ""
