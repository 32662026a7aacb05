# METADATA
# title: Pinned by digest
# description: >-
#   The reference must name the digest that is judged: `ghcr.io/acme/storefront@sha256:…`, with or without a tag, or the
#   bare digest. A tag alone can point elsewhere a minute later. The command line takes no reference without a digest
#   anyway; other doors ask about what a manifest names, and there it may be a tag. Tags are read from the reference and
#   compared without regard to upper and lower case.
# custom:
#   severity: high
#   version: 1.0.0
#   remediation: Name the artifact by its digest.
#   parameters:
#     type: object
#     additionalProperties: false
#     properties:
#       allow_tag_with_digest:
#         description: Whether a reference may have a tag beside its digest.
#         type: boolean
#         default: true
#       forbid_tags:
#         description: Tags that a reference may not have, even beside a digest, such as `latest`.
#         type: array
#         maxItems: 100
#         uniqueItems: true
#         items: {type: string, maxLength: 128, pattern: "^[A-Za-z0-9_][A-Za-z0-9_.-]*$"}
#         default: []
package artifact.pinned

deny contains finding if {
	not pinned
	finding := {
		"code": "digest_missing",
		"message": sprintf("`%v` does not name the digest that is judged", [reference]),
		"remediation": "name the artifact by its digest, such as `ghcr.io/acme/storefront@sha256:…`",
		"records": [],
	}
}

deny contains finding if {
	pinned
	not fit
	finding := {
		"code": "tag_not_allowed",
		"message": sprintf("`%v` has a tag that is not allowed, even beside a digest", [reference]),
		"remediation": "name the artifact by its digest, without that tag",
		"records": [],
	}
}

# Whether the reference is the digest that is judged, or a name and that digest.
pinned if {
	digest := input.request.artifact.digest
	startswith(digest, "sha256:")
	count(digest) == 71
	parts := split(input.request.artifact.reference, "@")
	count(parts) < 3
	parts[count(parts) - 1] == digest
	parts[0] != ""
}

# Whether nothing is said against its tag.
fit if {
	parameters := input.parameters
	not parameters.forbid_tags
	object.get(parameters, "allow_tag_with_digest", true) == true
}

fit if tag == ""

fit if {
	object.get(input.parameters, "allow_tag_with_digest", true) == true
	not lower(tag) in {lower(forbidden) | some forbidden in input.parameters.forbid_tags}
}

# The tag of the reference: what follows a colon after the last slash, unless it is a bare digest.
tag := "" if {
	not contains(input.request.artifact.reference, "@")
} else := concat(":", array.slice(pieces, 1, count(pieces))) if {
	path := split(split(input.request.artifact.reference, "@")[0], "/")
	pieces := split(path[count(path) - 1], ":")
}

reference := object.get(input, ["request", "artifact", "reference"], "the artifact")
