# METADATA
# title: Same artifact name
# description: >-
#   What is promoted must carry the name that ran upstream. Evidence about a look-alike under another repository is no
#   evidence, even when the digest is the same: who may push there, and what its signatures say, is another matter.
#   Every record by which the digest is in place in an environment that comes directly before must carry the name of the
#   request. Names are compared whole, never by a part, after what only differs in writing is made equal: `oci://`, a
#   tag or digest at the end, `docker.io` and `library/` when they are left out, and the case of the registry.
#   An environment where the digest is not in place denies. An environment that comes after none is skipped.
# custom:
#   severity: high
#   version: 1.0.0
#   records: related
#   remediation: Promote the artifact under the name that it ran with before, or map the repositories in the rule.
#   codes:
#     name_differs: it runs there under another name
#     name_missing: the request has a bare digest
#     evidence_missing: the digest is not in place there
#     environment_unknown: the rule names an environment that the configuration does not have
#     records_incomplete: the records of an environment are not complete, so what they lack shows nothing
#     records_unreadable: the records do not show that the rule is met, and do not show why
#   parameters:
#     type: object
#     additionalProperties: false
#     properties:
#       repositories:
#         description: >-
#           For images that are copied between registries: an artifact that ran under the name `upstream` may be
#           promoted as `downstream`. Names are written in full, registry first; with `/*` at the end of both, everything
#           beneath is mapped.
#         type: array
#         items:
#           type: object
#           additionalProperties: false
#           required: [upstream, downstream]
#           properties:
#             upstream:
#               description: The name that it ran under before.
#               type: string
#             downstream:
#               description: The name that it may be promoted under.
#               type: string
#           oneOf:
#             - properties:
#                 upstream: {pattern: "^[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)+$"}
#                 downstream: {pattern: "^[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)+$"}
#             - properties:
#                 upstream: {pattern: "^[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)*/\\*$"}
#                 downstream: {pattern: "^[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)*/\\*$"}
#         default: []
#       when_unnamed:
#         description: "What to say of a request with a bare digest: `deny`, or `skip` the rule."
#         enum: [deny, skip]
#         default: deny
#       strategy:
#         description: "`all`: in every environment. `any`: in one of them."
#         enum: [all, any]
#         default: all
#       environments:
#         description: Look in these environments, instead of those that come directly before.
#         type: array
#         minItems: 1
#         uniqueItems: true
#         items: {type: string, format: environment}
package promotion.same_artifact_name

import data.lib.environments
import data.lib.parameters
import data.lib.records
import data.lib.words

skip_reason := reason if {
	reason := data.lib.parameters.first_environment
} else := "the request names no repository" if {
	input.request.artifact.name == ""
	input.parameters.when_unnamed == "skip"
}

deny contains finding if {
	not met
	not skip_reason
	some finding in findings
}

met if {
	input.request.artifact.name != ""
	parameters.enough(alike)
}

# The environments where the digest is in place under the requested name and under no other.
alike contains environment if {
	all := data.holdpoint
	some environment in data.lib.parameters.environments
	all.environments[environment].complete == true
	found := records.holding(environment)
	count(found) > 0
	every record in found { carries(record.artifact.name) }
}

# Whether a recorded name is the requested one, or is mapped to it.
carries(recorded) if {
	recorded == input.request.artifact.name
} else if {
	name := normalised(recorded)
	requested := normalised(input.request.artifact.name)
	requested in ({name} | downstream(name))
}

# What a name upstream may be called downstream.
downstream(name) := whole | beneath if {
	mappings := object.get(input.parameters, "repositories", [])
	whole := {mapping.downstream | some mapping in mappings; mapping.upstream == name}
	beneath := {mapped |
		some mapping in mappings
		endswith(mapping.upstream, "/*")
		endswith(mapping.downstream, "/*")
		prefix := trim_suffix(mapping.upstream, "*")
		startswith(name, prefix)
		mapped := concat("", [trim_suffix(mapping.downstream, "*"), trim_prefix(name, prefix)])
	}
}

# A name with its registry, in the one way that image references are written out.
normalised(name) := concat("/", array.concat([registry], repository)) if {
	parts := split(untagged(trim_prefix(name, "oci://")), "/")
	registry := registry_of(parts)
	repository := repository_of(parts, registry)
}

# Without a digest and a tag: a colon after the last slash starts the tag, one before it a port.
untagged(name) := concat("/", array.concat(array.slice(parts, 0, last), [split(parts[last], ":")[0]])) if {
	parts := split(split(name, "@")[0], "/")
	last := count(parts) - 1
}

# The first part is a registry when it could not be part of a repository.
registry_of(parts) := "docker.io" if {
	not names_registry(parts)
} else := "docker.io" if {
	lower(parts[0]) == "index.docker.io"
} else := lower(parts[0])

names_registry(parts) if {
	count(parts) > 1
	some sign in [".", ":"]
	contains(parts[0], sign)
}

names_registry(parts) if {
	count(parts) > 1
	parts[0] == "localhost"
}

names_registry(parts) if {
	count(parts) > 1
	lower(parts[0]) != parts[0]
}

repository_of(parts, registry) := array.concat(["library"], repository) if {
	repository := without_registry(parts)
	registry == "docker.io"
	count(repository) == 1
} else := without_registry(parts)

without_registry(parts) := array.slice(parts, 1, count(parts)) if {
	names_registry(parts)
} else := parts

findings := problems if {
	count(problems) > 0
} else := differing if {
	count(differing) > 0
} else := {words.unexplained}

problems contains finding if some finding in environments.faults(data.lib.parameters.environments)

problems contains finding if {
	input.request.artifact.name == ""
	finding := parameters.problem(
		"name_missing",
		"the request has a bare digest, so under which name it is promoted cannot be told",
		"name the repository in the request, such as `ghcr.io/acme/storefront@sha256:…`",
	)
}

differing contains finding if {
	some environment in data.lib.parameters.environments
	not environment in alike
	found := records.holding(environment)
	names := {record.artifact.name | some record in found; not carries(record.artifact.name)}
	[code, text] := fault(found, names)
	finding := {
		"code": code,
		"message": sprintf("%s is to be promoted as `%s`, and in `%s` %s: %s", [
			words.artifact,
			words.plain(input.request.artifact.name),
			environment,
			text,
			words.state(environment),
		]),
		"remediation": remediation(code, environment),
		"records": words.evidence(environment),
	}
}

fault(found, _) := ["evidence_missing", "it is not in place under any name"] if {
	count(found) == 0
}

fault(found, names) := ["name_differs", text] if {
	count(found) > 0
	quoted := [sprintf("`%s`", [name]) | some name in names]
	text := sprintf("it runs as %s", [concat(" and ", array.slice(quoted, 0, words.most_targets))])
}

remediation(code, environment) := sprintf("deploy it to `%s` and record it there, then ask again", [environment]) if {
	code == "evidence_missing"
} else := "promote it under the name that ran there, or map the repositories in the rule"
