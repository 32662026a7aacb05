# METADATA
# title: One version
# description: >-
#   An environment runs at most so many digests of a deployment across its targets, counted as it would be after this
#   deployment. Counted are the slots of the request's deployment name in every target of the requested environment (or
#   of the names that its digest was recorded under, when the request gives none), each by its newest record, while that
#   is DEPLOYED. The requested digest takes the place of one other, which it replaces target by target: while it does,
#   the two run side by side, and the one that goes does not count. So what counts is the number of other digests that
#   hold a slot now, and one is always allowed. With a maximum of 1, a rollout may begin when all targets run one
#   digest, and may go on or be turned back while they run that and the requested one; a third digest has to wait until
#   the rollout is over. A slot of which it cannot be told what holds it denies. Kinds count apart: a chart is not a
#   version of an image.
# custom:
#   severity: medium
#   version: 1.0.0
#   records: related
#   remediation: Finish the rollout that is under way, or turn it back, before the next one begins.
#   codes:
#     too_many_versions: more digests would run than may
#     holder_unclear: the records do not tell what holds a slot
#     deployment_name_missing: the request names no deployment, and none of the names that its digest was recorded under is known there
#     environment_unknown: the rule names an environment that the configuration does not have
#     records_incomplete: the records of an environment are not complete, so what they lack shows nothing
#     records_unreadable: the records do not show that the rule is met, and do not show why
#   parameters:
#     type: object
#     additionalProperties: false
#     properties:
#       maximum:
#         description: How many digests may run at once, when no rollout is under way.
#         type: integer
#         minimum: 1
#         default: 1
#       when_exceeded:
#         description: "`deny`, or `hold`: the rollout that is under way will end, wait."
#         enum: [deny, hold]
#         default: deny
package promotion.one_version

import data.lib.environments
import data.lib.occupancy
import data.lib.words

deny contains finding if {
	not met
	some finding in findings
	not waits(finding)
}

hold contains finding if {
	not met
	some finding in findings
	waits(finding)
}

met if {
	maximum := object.get(input.parameters, "maximum", 1)
	is_number(maximum)
	count(others) <= maximum
}

# The other digests that hold a slot; undefined when one of them is no digest, since two of those may differ.
others := digests - {input.request.artifact.digest} if {
	holders := data.lib.occupancy.holders
	usable := [digest |
		some holder in holders
		digest := holder.artifact.digest
		is_string(digest)
		startswith(digest, "sha256:")
		count(digest) == 71
	]
	count(usable) == count(holders)
	digests := {digest | some digest in usable}
}

waits(finding) if {
	finding.code == "too_many_versions"
	input.parameters.when_exceeded == "hold"
}

findings := faults if {
	faults := environments.faults([input.request.environment])
	count(faults) > 0
} else := occupancy.doubts if {
	count(occupancy.doubts) > 0
} else := {exceeded} if {
	count(others) > 0
} else := {words.unexplained}

exceeded := {
	"code": "too_many_versions",
	"message": sprintf("with %s, `%s` would run %d digests of this deployment, and %d may: %s", [
		words.artifact,
		input.request.environment,
		count(others),
		object.get(input.parameters, "maximum", 1),
		concat("; ", told),
	]),
	"remediation": "finish the rollout that is under way, or turn it back, then ask again",
	"records": [holder.id | some holder in occupancy.holders; is_string(holder.id)],
}

told := array.concat(texts, rest) if {
	slots := [text |
		some holder in occupancy.holders
		text := sprintf("%s runs %s as `%s` since %s", [
			words.plain(holder.environment_name),
			words.named(holder.artifact),
			words.plain(holder.deployment_name),
			words.instant(holder, "created_at"),
		])
	]
	texts := array.slice(slots, 0, words.most_targets)
	rest := [sprintf("and %d more", [count(slots) - words.most_targets]) | count(slots) > words.most_targets]
}
