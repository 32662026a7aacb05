# METADATA
# title: Reading parameters
# description: >-
#   The parameters that the promotion policies share, and what is wrong with them. A parameter that is mistyped must
#   never loosen the gate, so every problem found here is a denial.
package lib.parameters

import data.lib.records

given := input.parameters if {
	is_object(input.parameters)
} else := {}

# The environments that must vouch for the artifact: by default those that the requested one comes directly after.
environments := given.environments if {
	is_array(given.environments)
} else := input.environment.after if {
	is_array(input.environment.after)
} else := []

strategy := object.get(given, "strategy", "all")

min_targets := object.get(given, "min_targets", 1)

# How many targets of an environment are needed; never none.
needed(environment) := max([1, count(records.targets(environment))]) if {
	min_targets == "all"
} else := min_targets

# Whether the environments that have it are enough.
enough(having) if {
	strategy == "all"
	count(environments) > 0
	every environment in environments { environment in having }
}

enough(having) if {
	strategy == "any"
	some environment in environments
	environment in having
}

# What is wrong with the request or with the parameters above.
malformed contains invalid("the parameters are not an object", "write `parameters` as keys with values") if {
	parameters := input.parameters
	not is_object(parameters)
}

malformed contains invalid(message, "name at least one environment, or leave the parameter out") if {
	not names_environments
	message := "`environments` is not a list of environments"
}

malformed contains finding if {
	some name in environments
	not data.holdpoint.environments[name]
	finding := problem(
		"environment_unknown",
		sprintf("`%v` is named as a place to look for the artifact, and no such environment is known", [name]),
		"name environments of the configuration that come before this one",
	)
}

malformed contains invalid(message, "write `all` or `any`") if {
	not strategy in {"all", "any"}
	message := sprintf("`strategy` is `%v`", [strategy])
}

malformed contains invalid(message, "write a whole number of at least 1, or `all`") if {
	not counts_targets
	message := sprintf("`min_targets` is `%v`", [min_targets])
}

malformed contains finding if {
	not records.digest
	finding := problem("input_invalid", "the request names no digest", "ask about one artifact by its digest")
}

names_environments if {
	is_array(given.environments)
	count(given.environments) > 0
}

names_environments if {
	not "environments" in object.keys(given)
	is_array(input.environment.after)
}

counts_targets if min_targets == "all"

counts_targets if {
	is_number(min_targets)
	min_targets >= 1
	floor(min_targets) == min_targets
}

# Every parameter that is none of `known`.
unknown(known) := {finding |
	some name, _ in given
	not name in known
	finding := problem(
		"parameter_unknown",
		sprintf("`%v` is no parameter of this policy", [name]),
		sprintf("use one of: %s", [concat(", ", [text | some text in known])]),
	)
}

# Nanoseconds of a text such as `90m`: a whole number above zero and one of the units s, m, h, d; at most ten years.
duration(text) := nanoseconds if {
	is_string(text)
	count(text) > 1
	count(text) < 10
	digits := substring(text, 0, count(text) - 1)
	trim(digits, "0123456789") == ""
	not startswith(digits, "0")
	nanoseconds := to_number(digits) * unit_nanoseconds[substring(text, count(text) - 1, 1)]
	nanoseconds <= 3650 * unit_nanoseconds.d
}

unit_nanoseconds := {"s": 1000000000, "m": 60000000000, "h": 3600000000000, "d": 86400000000000}

# What is wrong with a parameter that must be a duration.
not_a_duration(name) := {finding |
	not is_duration(name)
	finding := invalid(
		sprintf("`%s` is `%v`", [name, object.get(given, name, "missing")]),
		sprintf("write `%s` as a whole number with one unit of s, m, h or d, such as `24h`", [name]),
	)
}

is_duration(name) if duration(given[name])

# The instant of the decision in nanoseconds, the only clock; undefined when it is no number.
as_of := input.as_of_ns if is_number(input.as_of_ns)

# What is wrong when there is no clock.
no_clock contains finding if {
	not as_of
	finding := problem("input_invalid", "the request names no instant", "give `as_of` and `as_of_ns`")
}

invalid(message, remediation) := problem("parameter_invalid", message, remediation)

problem(code, message, remediation) := {"code": code, "message": message, "remediation": remediation, "records": []}

# What to say when a rule is not met and nothing else was said.
unexplained := problem(
	"records_unreadable",
	"the records do not show that the rule is met, and do not show why",
	"look at the records of the environments that come before, and report this",
)
