# METADATA
# title: Reading parameters
# description: >-
#   The parameters that the promotion policies share. Their types are checked against the schema of each policy when
#   the configuration is loaded; what is malformed nevertheless never loosens the gate. There are few rules here beside
#   the functions: holdpoint's engine evaluates all rules of a package when one is used by an import.
package lib.parameters

# The environments that must vouch for the artifact: by default those that the requested one comes directly after.
environments := input.parameters.environments if {
	input.parameters.environments
} else := input.environment.after if {
	input.environment.after
} else := []

# How many targets of an environment are needed: at least one, and undefined when that cannot be told.
needed(environment) := 1 if {
	not input.parameters.min_targets
} else := number if {
	input.parameters.min_targets == "all"
	all := data.holdpoint
	number := count(all.environments[environment].targets)
	number > 0
} else := input.parameters.min_targets if {
	is_number(input.parameters.min_targets)
	input.parameters.min_targets >= 1
}

# Whether the environments that have it, a set of some of `environments`, are enough.
enough(having) if {
	number := count(having)
	number > 0
	number == count(environments)
} else if {
	count(having) > 0
	input.parameters.strategy == "any"
}

# Why a policy about the environments that come before does not apply.
first_environment := "the environment comes after no other" if {
	input.environment.after == []
	not input.parameters.environments
}

# Nanoseconds of a text such as `90m`, `1h30m` or `7d`; undefined unless above zero and at most ten years.
duration(text) := nanoseconds if {
	endswith(text, "d")
	nanoseconds := to_number(trim_suffix(text, "d")) * 86400000000000
	nanoseconds > 0
	nanoseconds <= 315360000000000000
} else := nanoseconds if {
	not endswith(text, "d")
	nanoseconds := time.parse_duration_ns(text)
	nanoseconds > 0
	nanoseconds <= 315360000000000000
}

# What is wrong when an environment is named as a place to look that the configuration does not have.
unknown(names) := {finding |
	some name in names
	not data.holdpoint.environments[name]
	finding := problem(
		"environment_unknown",
		sprintf("`%v` is named as a place to look for the artifact, and no such environment is known", [name]),
		"name environments of the configuration that come before this one",
	)
}

problem(code, message, remediation) := {"code": code, "message": message, "remediation": remediation, "records": []}
