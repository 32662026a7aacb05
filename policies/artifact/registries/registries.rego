# METADATA
# title: Allowed registries
# description: >-
#   The artifact must come from one of these registries or repositories. Names are compared as holdpoint normalises
#   them: `nginx` is `docker.io/library/nginx`, and `oci://` of a chart is left out. An entry is a whole registry
#   (`ghcr.io`, and `docker.io` for Docker Hub) or the beginning of a path (`ghcr.io/acme`), and only whole parts
#   between slashes count: `ghcr.io/acme` allows neither `ghcr.io/acme-evil/app` nor `ghcr.io.evil.com/acme/app`. A
#   port is part of the registry. A digest without a name has no registry, so it is denied.
# custom:
#   severity: high
#   version: 1.0.0
#   records: related
#   remediation: Push the artifact to one of the allowed registries, and ask with that name.
#   codes:
#     registry_not_allowed: the repository is in none of the allowed registries
#     name_missing: the request has a bare digest, so its registry is not known
#   parameters:
#     type: object
#     additionalProperties: false
#     required: [allowed]
#     properties:
#       allowed:
#         description: Registries such as `ghcr.io`, or the beginning of repositories such as `ghcr.io/acme`.
#         type: array
#         minItems: 1
#         maxItems: 100
#         uniqueItems: true
#         items:
#           type: string
#           maxLength: 255
#           pattern: "^(localhost|[A-Za-z0-9.-]*[A-Z.:\\[][A-Za-z0-9.:\\[\\]-]*)(/[a-z0-9]+([._-]+[a-z0-9]+)*)*$"
package artifact.registries

deny contains finding if {
	not allowed
	environment := object.get(input, ["environment", "name"], "this environment")
	entries := object.get(input, ["parameters", "allowed"], [])
	shown := concat(", ", [sprintf("`%s`", [entry]) | some entry in array.slice(entries, 0, 10)])
	more := concat("", [sprintf(" and %d more", [count(entries) - 10]) | count(entries) > 10])
	finding := {
		"code": said.code,
		"message": sprintf("%s; `%s` takes those from %s%s", [said.message, environment, shown, more]),
		"remediation": said.remediation,
		"records": [],
	}
}

# Only whole parts between slashes count.
allowed if {
	name := concat("", [input.request.artifact.name, "/"])
	name != "/"
	some entry in input.parameters.allowed
	startswith(name, concat("", [entry, "/"]))
}

said := {"code": "registry_not_allowed", "message": message, "remediation": remediation} if {
	name := input.request.artifact.name
	name != ""
	message := sprintf("`%s` is in none of the allowed registries", [name])
	remediation := "push the artifact to one of them, and ask with that name"
} else := {
	"code": "name_missing",
	"message": "the request names no repository, so its registry is not known",
	"remediation": "ask with the whole name, such as `ghcr.io/acme/storefront@sha256:…`",
}
