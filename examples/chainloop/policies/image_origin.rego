# As short as Chainloop allows: `result` and the rules around it are added.
package image_origin

import rego.v1

valid_input if input.request.artifact.kind == "CONTAINER_IMAGE"

violations contains msg if {
	not startswith(input.request.artifact.name, "ghcr.io/acme/")
	msg := sprintf("`%s` is not from ghcr.io/acme", [input.request.artifact.name])
}
