# METADATA
# title: Digest known
# description: >-
#   Some environment must have a record of this very digest. A digest that nothing knows is a typing error, or an
#   artifact that was built anew: the same source gives another digest each time. Kinds must be the same as well. It
#   says nothing about where the digest has to be: `promotion.deployed_before` does. It has no environment to skip, so
#   leave it out for the environment that artifacts enter first.
# custom:
#   severity: high
#   version: 1.0.0
#   remediation: Check the digest for typing errors, and promote what was deployed before instead of a new build.
#   parameters:
#     environments: "Look in these environments. By default in all whose records are read."
#     statuses: "Records with one of these count: a list of DEPLOYED, SUPERSEDED, DECOMMISSIONED. By default all do."
package promotion.digest_known

import data.lib.parameters
import data.lib.records

deny contains finding if some finding in problems

deny contains finding if {
	count(problems) == 0
	not known
	finding := {
		"code": "digest_unknown",
		"message": sprintf("no record of %s in %s%s", [records.digest, concat(", ", names), restriction]),
		"remediation": concat(" ", [
			"check the digest for typing errors; if the artifact was built anew its digest is another one,",
			"so promote the one that was deployed before",
		]),
		"records": [],
	}
}

known if {
	some environment in environments
	some record in records.of_artifact(environment)
	counts(environment, record)
}

# Whether a record counts. One that says DEPLOYED does only while it holds its slot.
counts(_, _) if not asks_for_statuses

counts(_, record) if {
	record.status in parameters.given.statuses
	record.status != "DEPLOYED"
}

counts(environment, record) if {
	"DEPLOYED" in parameters.given.statuses
	record in records.holding(environment)
}

asks_for_statuses if "statuses" in object.keys(parameters.given)

environments := parameters.given.environments if {
	is_array(parameters.given.environments)
} else := [name | some name, _ in data.holdpoint.environments]

names := [sprintf("`%s`", [name]) | some name in environments]

restriction := sprintf(" that is %s", [concat(" or ", parameters.given.statuses)]) if {
	names_statuses
} else := ""

problems contains problem if {
	some problem in (parameters.malformed | parameters.unknown({"environments", "statuses"}))
}

problems contains parameters.invalid(message, "write a list of DEPLOYED, SUPERSEDED and DECOMMISSIONED") if {
	not names_statuses
	message := sprintf("`statuses` is `%v`", [parameters.given.statuses])
}

names_statuses if {
	is_array(parameters.given.statuses)
	count(parameters.given.statuses) > 0
	every status in parameters.given.statuses { status in {"DEPLOYED", "SUPERSEDED", "DECOMMISSIONED"} }
}
