package promotion.approved_test

import data.lib.fixtures_test as fixtures
import data.promotion.approved

# A request of dora with these approvals.
asks(parameters, approvals) := with_context(parameters, {"approvals": approvals})

with_context(parameters, context) := object.union(
	fixtures.asks(parameters),
	{"request": {"actor": "dora", "context": context}},
)

passes(request) if {
	found := [approved.deny, approved.hold] with input as request
	found == [set(), set()]
}

held(request) := {finding.code | some finding in holds} if {
	found := [approved.deny, approved.hold] with input as request
	[denials, holds] := found
	count(denials) == 0
}

waits(request) if held(request) == {"approval_missing"}

message(request) := text if {
	found := approved.hold with input as request
	some finding in found
	text := finding.message
}

test_one_approval_is_enough_by_default if {
	passes(asks({}, [{"by": "alice"}]))
	waits(asks({}, []))
	waits(fixtures.asks({}))
}

test_count if {
	passes(asks({"count": 2}, [{"by": "alice"}, {"by": "bob"}]))
	passes(asks({"count": 2}, [{"by": "alice"}, {"by": "bob"}, {"by": "carol"}]))
	waits(asks({"count": 3}, [{"by": "alice"}, {"by": "bob"}]))
}

test_each_counts_once if {
	every name in ["alice", "Alice", "ALICE", " alice ", "@alice", "@Alice\t", "@@alice"] {
		waits(asks({"count": 2}, [{"by": "alice"}, {"by": name}]))
		waits(asks({"count": 2}, [{"by": "alice", "groups": ["a"]}, {"by": name, "groups": ["b"]}]))
	}
}

test_the_author_does_not_count if {
	every name in ["dora", "Dora", "@dora", " DORA"] {
		waits(asks({}, [{"by": name}]))
		passes(asks({"allow_author": true}, [{"by": name}]))
	}
	waits(asks({"count": 2}, [{"by": "alice"}, {"by": "dora"}]))
	waits(with_context({}, {"author": "Alice", "approvals": [{"by": "alice"}]}))
	waits(with_context({}, {"author": ["erin", "@alice"], "approvals": [{"by": "alice"}]}))
	passes(with_context({}, {"author": ["erin"], "approvals": [{"by": "alice"}]}))
	passes(with_context({}, {"author": null, "approvals": [{"by": "alice"}]}))
}

test_without_an_author_nobody_counts if {
	every actor in [null, "", " ", "@", 7] {
		request := object.union(asks({}, [{"by": "alice"}]), {"request": {"actor": actor}})
		waits(request)
		passes(object.union(request, {"request": {"context": {"author": "erin"}}}))
		passes(object.union(request, {"parameters": {"allow_author": true}}))
	}
}

test_an_author_in_a_form_that_is_not_known if {
	every author in ["", {"login": "erin"}, ["erin", {"login": "alice"}], 7, true, [null]] {
		waits(with_context({}, {"author": author, "approvals": [{"by": "alice"}]}))
	}
}

test_groups if {
	groups := {"groups": ["release", "sre"]}
	passes(asks(groups, [{"by": "alice", "groups": ["dev", "sre"]}]))
	every given in [["dev"], [], "release", null, ["Release"], ["release "], [["release"]]] {
		waits(asks(groups, [{"by": "alice", "groups": given}]))
	}
	waits(asks(groups, [{"by": "alice"}]))
	waits(asks(object.union(groups, {"count": 2}), [{"by": "alice", "groups": ["sre"]}, {"by": "bob", "groups": ["dev"]}]))
}

test_max_age if {
	day := {"max_age": "24h"}
	passes(asks(day, [{"by": "alice", "at": "2026-11-20T11:00:00Z"}]))
	passes(asks(day, [{"by": "alice", "at": "2026-11-19T13:00:00+01:00"}]))
	passes(asks(day, [{"by": "alice", "at": "2026-11-20T12:05:00Z"}]))
	every at in ["2026-11-19T11:59:59.999999999Z", "2026-11-20T12:05:01Z", "2027-01-01T00:00:00Z", null, 7, {}] {
		waits(asks(day, [{"by": "alice", "at": at}]))
	}
	waits(asks(day, [{"by": "alice"}]))
	passes(asks({"max_age": "1d"}, [{"by": "alice", "at": "2026-11-19T12:00:00Z"}]))
	passes(asks({"max_age": "90m"}, [{"by": "alice", "at": "2026-11-20T10:30:00Z"}]))
	waits(asks({"max_age": "5399s"}, [{"by": "alice", "at": "2026-11-20T10:30:00Z"}]))
	passes(asks({}, [{"by": "alice", "at": "whenever"}]))
}

test_states if {
	passes(asks({}, [{"by": "alice", "state": "APPROVED"}]))
	every state in ["rejected", "CHANGES_REQUESTED", "dismissed", "", null, false, true, 1, ["approved"]] {
		waits(asks({}, [{"by": "alice", "state": state}]))
		waits(asks({}, [{"by": "alice", "state": "approved"}, {"by": "@ALICE", "state": state}]))
		passes(asks({}, [{"by": "alice", "state": state}, {"by": "bob"}]))
	}
}

test_an_approval_of_another_digest if {
	passes(asks({}, [{"by": "alice", "digest": fixtures.digest}]))
	every digest in [fixtures.other_digest, upper(fixtures.digest), "", null] {
		waits(asks({}, [{"by": "alice", "digest": digest}]))
	}
}

test_what_is_no_approval if {
	every entry in ["alice", null, 7, [], ["alice"], {}, {"by": null}, {"by": ""}, {"by": "@"}, {"by": ["alice"]}, {"user": "alice"}] {
		waits(asks({}, [entry]))
	}
	every approvals in ["alice", {"alice": {"by": "alice"}}, null, 7, true] {
		waits(asks({}, approvals))
	}
	waits(asks({}, [{"by": sprintf("user-%d", [number])} | some number in numbers.range(1, 201)]))
	passes(asks({}, [{"by": sprintf("user-%d", [number])} | some number in numbers.range(1, 200)]))
}

test_when_missing if {
	request := asks({"when_missing": "deny"}, [])
	found := [approved.deny, approved.hold] with input as request
	[denials, set()] = found
	{finding.code | some finding in denials} == {"approval_missing"}
	passes(asks({"when_missing": "deny"}, [{"by": "alice"}]))
}

test_a_hold_does_not_say_when_it_opens if {
	found := approved.hold with input as asks({}, [])
	every finding in found { not "opens_at" in object.keys(finding) }
}

test_nothing_at_all_is_no_pass if {
	every request in [{}, {"parameters": {}}, {"request": {}}, {"parameters": {}, "request": {"context": {}}}] {
		found := approved.hold with input as request
		count(found) == 1
	}
}

test_messages if {
	message(asks({}, [])) == "`production` needs approvals of 1, and has 0"
	text := message(asks({"count": 2, "groups": ["release"]}, [
		{"by": "alice", "groups": ["release"]},
		{"by": "dora", "groups": ["release"]},
		{"by": "bob"},
		{"by": "carol", "groups": ["release"], "state": "rejected"},
		{"by": "erin", "groups": ["release"], "digest": fixtures.other_digest},
	]))
	text == concat("", [
		"`production` needs approvals of 2, and has 1 (alice); not counted: bob (in none of the groups release), ",
		"carol (it was taken back or refused), dora (the author, or nobody knows who that is), erin (another digest)",
	])
	old := message(asks({"max_age": "1h"}, [{"by": "alice", "at": "2026-11-19T12:00:00Z"}]))
	endswith(old, "not counted: alice (too old, or without a time)")
}

nothing(text, values) := text if count(values) > 100

test_a_finding_that_cannot_be_worded_still_holds if {
	found := approved.hold with input as asks({}, []) with sprintf as nothing
	{finding.code | some finding in found} == {"approval_missing"}
}
