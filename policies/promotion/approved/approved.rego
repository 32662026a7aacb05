# METADATA
# title: Approved
# description: >-
#   People other than the author must have approved the deployment. Approvals are what the caller gives in the
#   context of the request: `{"author": "dora", "approvals": [{"by": "alice", "groups": ["release"], "at":
#   "2026-11-20T10:00:00Z", "state": "approved", "digest": "sha256:…"}]}`. They are claimed, not proven: whoever may
#   ask holdpoint may write them, so let a pipeline that the author cannot change read them from where they are
#   given. Only `by` is required. Names are compared without regard to upper and lower case, and without an `@`
#   before them; each counts once. An approval with another `state` than `approved` takes all approvals of that
#   person back. One with a `digest` counts for that digest only. The author is the actor of the request and
#   `author` of the context, a name or a list of names; when neither is known, nobody can be told apart from the
#   author, and no approval counts.
# custom:
#   severity: high
#   version: 1.0.0
#   records: related
#   remediation: Have the deployment approved, and give the approvals in the context of the request.
#   codes:
#     approval_missing: fewer approvals count than are needed
#   parameters:
#     type: object
#     additionalProperties: false
#     properties:
#       count:
#         description: How many people must have approved.
#         type: integer
#         minimum: 1
#         maximum: 50
#         default: 1
#       groups:
#         description: Only people of one of these groups count, as `groups` of the approval says. By default all do.
#         type: array
#         minItems: 1
#         maxItems: 100
#         uniqueItems: true
#         items: {type: string, minLength: 1}
#       max_age:
#         description: Approvals older than this, such as `24h`, or without a time do not count. By default all do.
#         type: string
#         pattern: "^[1-9][0-9]{0,3}[smhd]$"
#       allow_author:
#         description: Whether the author's own approval counts.
#         type: boolean
#         default: false
#       when_missing:
#         description: What missing approvals mean. `hold` waits for them and has no time to open.
#         enum: [hold, deny]
#         default: hold
package promotion.approved

deny contains missing if {
	not approved
	object.get(input, ["parameters", "when_missing"], "hold") != "hold"
}

hold contains missing if {
	not approved
	object.get(input, ["parameters", "when_missing"], "hold") == "hold"
}

approved if {
	number := count(approvers)
	number > 0
	number >= object.get(input.parameters, "count", 1)
}

# Who has approved, each once.
approvers := {name |
	some approval in approvals
	name := person(approval.by)
	not name in excluded
	object.get(approval, "digest", digest) == digest
	in_group(approval)
	in_time(approval)
} - withdrawn if {
	excluded := authors
	digest := input.request.artifact.digest
}

# A context can be large: more approvals than anybody needs are none.
approvals := given if {
	given := input.request.context.approvals
	is_array(given)
	count(given) <= 200
}

# Who has taken an approval back, or refused it.
withdrawn := {name |
	some approval in approvals
	state := approval.state
	not approving(state)
	name := person(approval.by)
}

counted(name) if name in approvers

approving(state) if {
	is_string(state)
	lower(state) == "approved"
}

# A name as it is compared; undefined for what is no name.
person(text) := name if {
	is_string(text)
	name := trim(lower(text), "@ \t\r\n\u00a0\u200b")
	name != ""
}

# Whose approval does not count: who asks, and who made the change. Undefined when nobody is known, or when the author
# is given in a form that is not known.
authors := set() if {
	input.parameters.allow_author == true
} else := names if {
	author := object.get(input.request.context, "author", null)
	list := array.concat([author | author != null; not is_array(author)], [text | is_array(author); some text in author])
	known := [name | some text in list; name := person(text)]
	count(list) <= 200
	count(known) == count(list)
	asking := {name | name := person(input.request.actor)}
	names := asking | {name | some name in known}
	names != set()
}

in_group(approval) if {
	not input.parameters.groups
} else if {
	is_array(approval.groups)
	some group in approval.groups
	group in input.parameters.groups
}

# Five minutes are left for clocks that differ.
in_time(approval) if {
	not input.parameters.max_age
} else if {
	longest := nanoseconds(input.parameters.max_age)
	is_string(approval.at)
	age := input.as_of_ns - time.parse_rfc3339_ns(approval.at)
	age >= -300000000000
	age <= longest
}

nanoseconds(text) := to_number(trim_right(text, "smhd")) * unit if {
	units := {"s": 1000000000, "m": 60000000000, "h": 3600000000000, "d": 86400000000000}
	unit := object.get(units, substring(text, count(text) - 1, 1), null)
}

# What to say when approvals are missing. Nothing here decides.
missing := {
	"code": "approval_missing",
	"message": concat("", [sprintf("`%s` needs approvals of %v, and has %d", [environment, number, count(names)]), told]),
	"remediation": remediation,
	"records": [],
} if {
	environment := object.get(input, ["environment", "name"], "the environment")
	number := object.get(input, ["parameters", "count"], 1)
	names := sort([name | approvers; some name in approvers])
	by := [sprintf(" (%s)", [concat(", ", array.slice(names, 0, 10))]) | count(names) > 0]
	not_counted := [sprintf("; not counted: %s", [concat(", ", array.slice(refused, 0, 10))]) | count(refused) > 0]
	told := concat("", array.concat(by, not_counted))
	remediation := "have it approved, and give the approvals and the author in the context of the request"
} else := {
	"code": "approval_missing",
	"message": "approvals are missing, and the request does not say enough to tell which",
	"remediation": "give `approvals`, a list of objects with `by`, in the context of the request",
	"records": [],
}

# Each person whose approval does not count, with the reasons.
refused := sort([text |
	some approval in array.slice(approvals, 0, 20)
	name := person(approval.by)
	not counted(name)
	text := sprintf("%s (%s)", [name, concat(", ", reasons(approval, name))])
])

reasons(approval, name) := [text |
	digest := input.request.artifact.digest
	some [text, holds] in [
		["it was taken back or refused", name in withdrawn],
		["another digest", object.get(approval, "digest", digest) != digest],
		["the author, or nobody knows who that is", [1 | authors; not name in authors] == []],
		[sprintf("in none of the groups %s", [groups]), [1 | in_group(approval)] == []],
		["too old, or without a time", [1 | in_time(approval)] == []],
	]
	holds
] if {
	groups := concat(" and ", object.get(input.parameters, "groups", []))
}
