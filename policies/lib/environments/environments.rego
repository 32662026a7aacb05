# METADATA
# title: Environments that can be relied on
# description: >-
#   What is wrong with the environments that a policy looks into: an unknown one is not an empty one, and records that
#   are not complete show nothing by what they lack.
package lib.environments

import data.lib.parameters

# What is wrong with the environments of these names.
faults(names) := parameters.unknown(names) | {finding |
	some name in names
	environment := data.holdpoint.environments[name]
	not environment.complete == true
	finding := parameters.problem(
		"records_incomplete",
		sprintf("the records of `%v` are not complete, so what they lack shows nothing", [name]),
		"read the records again, or complete the snapshot",
	)
}
