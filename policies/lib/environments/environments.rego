# METADATA
# title: Environments that can be relied on
# description: >-
#   What is wrong with the environments that a policy looks into: an unknown one is not an empty one, and records that
#   are not complete show nothing by what they lack.
package lib.environments

import data.lib.parameters

# What is wrong with the environments of these names.
faults(names) := {finding |
	some name in names
	finding := fault(name)
}

fault(name) := parameters.problem(
	"environment_unknown",
	sprintf("`%v` is named as a place to look into, and no such environment is known", [name]),
	"name the requested environment, or one of the configuration that comes before it",
) if {
	not data.holdpoint.environments[name]
}

fault(name) := parameters.problem(
	"records_incomplete",
	sprintf("the records of `%v` are not complete, so what they lack shows nothing", [name]),
	"read the records again, or complete the snapshot",
) if {
	not data.holdpoint.environments[name].complete == true
	data.holdpoint.environments[name]
}
