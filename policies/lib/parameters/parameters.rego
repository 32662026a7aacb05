# METADATA
# title: Reading parameters
# description: >-
#   The parameters that the promotion policies share. Their types are checked against the schema of each policy when
#   the configuration is loaded; what is malformed nevertheless never loosens the gate.
package lib.parameters

import data.lib.records

given := input.parameters if {
	is_object(input.parameters)
} else := {}

# The environments that must vouch for the artifact: by default those that the requested one comes directly after.
environments := input.parameters.environments if {
	input.parameters.environments
} else := input.environment.after if {
	input.environment.after
} else := []

# How many targets of an environment are needed; never none.
needed(environment) := max([1, count(records.targets(environment))]) if {
	input.parameters.min_targets == "all"
} else := max([1, input.parameters.min_targets]) if {
	input.parameters.min_targets
} else := 1

# Whether the environments that have it are enough.
enough(having) if {
	input.parameters.strategy == "any"
	some environment in environments
	environment in having
} else if {
	count(environments) > 0
	every environment in environments { environment in having }
}

# Why a policy about the environments that come before does not apply.
skip_reason := "the environment comes after no other" if {
	input.environment.after == []
	not input.parameters.environments
}

# Nanoseconds of a text such as `90m`: a whole number above zero and one of the units s, m, h, d; at most ten years.
duration(text) := nanoseconds if {
	last := count(text) - 1
	unit := {"s": 1000000000, "m": 60000000000, "h": 3600000000000, "d": 86400000000000}[substring(text, last, 1)]
	nanoseconds := to_number(substring(text, 0, last)) * unit
	nanoseconds > 0
	nanoseconds <= 315360000000000000
}

# The instant of the decision in nanoseconds, the only clock; undefined when it is no number.
as_of := input.as_of_ns if is_number(input.as_of_ns)

# An environment that is named as a place to look and that the configuration does not have.
unknown_environments := {name | some name in environments; not data.holdpoint.environments[name]}

# What to say of one.
not_configured(name) := problem(
	"environment_unknown",
	sprintf("`%v` is named as a place to look for the artifact, and no such environment is known", [name]),
	"name environments of the configuration that come before this one",
)

problem(code, message, remediation) := {"code": code, "message": message, "remediation": remediation, "records": []}

# What to say when a rule is not met and nothing else was said.
unexplained := problem(
	"records_unreadable",
	"the records do not show that the rule is met, and do not show why",
	"look at the records of the environments that come before, and report this",
)
