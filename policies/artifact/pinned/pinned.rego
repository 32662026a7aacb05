# METADATA
# title: Pinned by digest
# description: >-
#   The reference must name the digest that is judged: `ghcr.io/acme/storefront@sha256:…`, with or without a tag, or
#   the bare digest. A tag alone can point elsewhere a minute later. The command line takes no reference without a
#   digest anyway; other doors ask about what a manifest names, and there it may be a tag. Tags are read from the
#   reference and compared without regard to upper and lower case.
# custom:
#   severity: high
#   version: 1.0.0
#   records: related
#   remediation: Name the artifact by its digest.
#   codes:
#     digest_missing: the reference does not name the digest that is judged
#     tag_not_allowed: the reference has a tag that is not allowed, even beside a digest
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
	not fit
	reference := object.get(input, ["request", "artifact", "reference"], "the artifact")
	finding := {
		"code": said.code,
		"message": sprintf("`%v` %s", [reference, said.message]),
		"remediation": said.remediation,
		"records": [],
	}
}

# Whether the reference is the digest that is judged, or a name and that digest, and nothing is said against its tag.
fit if {
	parts := named_with_digest
	parameters := input.parameters

	# What follows a colon after the last slash.
	path := split(concat("", array.slice(parts, 0, count(parts) - 1)), "/")
	tags := array.slice(split(path[count(path) - 1], ":"), 1, 9)
	[tags == [], object.get(parameters, "allow_tag_with_digest", true)] != [false, false]
	forbidden := {lower(tag) | some tag in object.get(parameters, "forbid_tags", [])}
	unwanted := {tag | some tag in tags; lower(tag) in forbidden}
	count(unwanted) == 0
}

# The reference in its parts; undefined unless the last of them is the digest.
named_with_digest := parts if {
	artifact := input.request.artifact
	digest := artifact.digest
	startswith(digest, "sha256:")
	count(digest) == 71
	parts := split(artifact.reference, "@")
	count(parts) < 3
	parts[count(parts) - 1] == digest
	parts[0] != ""
}

said := {
	"code": "tag_not_allowed",
	"message": "has a tag that is not allowed, even beside a digest",
	"remediation": "name the artifact by its digest, without that tag",
} if {
	named_with_digest
} else := {
	"code": "digest_missing",
	"message": "does not name the digest that is judged",
	"remediation": "name the artifact by its digest, such as `ghcr.io/acme/storefront@sha256:…`",
}
