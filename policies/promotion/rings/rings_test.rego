package promotion.rings_test

import data.lib.fixtures_test as fixtures
import data.promotion.rings

denied(request, list) := {finding.code | some finding in findings} if {
	findings := rings.deny with input as request with data.holdpoint as fixtures.holdpoint(list)
}

held(request, list) := {finding.code | some finding in findings} if {
	findings := rings.hold with input as request with data.holdpoint as fixtures.holdpoint(list)
}

skipped(request, list) if {
	rings.skip_reason with input as request with data.holdpoint as fixtures.holdpoint(list)
}

# Held, and not denied.
waits(request, list) if {
	held(request, list) == {"ring_not_full"}
	denied(request, list) == set()
}

refused(request, list, code) if {
	denied(request, list) == {code}
	held(request, list) == set()
}

passes(request, list) if {
	denied(request, list) == set()
	held(request, list) == set()
	not skipped(request, list)
}

in_eu := fixtures.record({})

in_us := fixtures.record({"id": "record-3", "environment_name": "staging-us"})

asks(minimum) := fixtures.asks({"minimum": minimum})

test_a_number_of_targets if {
	passes(asks(1), [in_eu])
	waits(asks(2), [in_eu])
	passes(asks(2), [in_eu, in_us])
	refused(asks(1), [], "ring_not_begun")
	refused(asks(2), [], "ring_not_begun")
}

test_the_message_says_how_many_are_needed_and_what_runs if {
	findings := rings.hold with input as asks("75%") with data.holdpoint as fixtures.holdpoint([in_eu])
	some finding in findings
	not "opens_at" in object.keys(finding)
	finding.records == ["record-1"]
	finding.message == concat("", [
		"sha256:b69dd5a569d4… is DEPLOYED in 1 of the 2 targets of `staging`, and 2 are needed (`minimum: 75%`): ",
		"staging-us has no record of it; staging-eu runs it as `storefront` since 2026-11-18T12:00:00Z",
	])
}

test_a_percentage_is_rounded_up_and_is_never_none if {
	every minimum in ["1%", "49%", "50%"] { passes(asks(minimum), [in_eu]) }
	every minimum in ["51%", "99%", "100%"] { waits(asks(minimum), [in_eu]) }
	passes(asks("100%"), [in_eu, in_us])
	refused(asks("1%"), [], "ring_not_begun")
	every case in [
		["1%", 1, 1], ["1%", 200, 2], ["50%", 3, 2], ["34%", 3, 2], ["33%", 3, 1], ["67%", 3, 3], ["66%", 3, 2],
		["10%", 10, 1], ["11%", 10, 2], ["100%", 7, 7], ["70%", 10, 7], ["7%", 100, 7], ["50%", 0, 1], [3, 10, 3], [0, 10, 1],
		[-1, 10, 1], ["0%", 10, 1],
	] {
		needed(case[0], case[1]) == case[2]
	}
}

needed(minimum, total) := number if {
	number := rings.needed(total) with input as asks(minimum)
}

test_a_ring_that_is_too_small_never_fills if {
	every when_missing in ["hold", "hold_once_begun", "deny"] {
		request := fixtures.asks({"minimum": 3, "when_missing": when_missing})
		refused(request, [in_eu, in_us], "ring_too_small")
	}
	refused(asks("150%"), [in_eu, in_us], "ring_too_small")
}

test_when_missing if {
	deny := fixtures.asks({"minimum": 2, "when_missing": "deny"})
	hold := fixtures.asks({"minimum": 2, "when_missing": "hold"})
	refused(deny, [in_eu], "ring_not_full")
	refused(deny, [], "ring_not_begun")
	waits(hold, [in_eu])
	held(hold, []) == {"ring_not_begun"}
	denied(hold, []) == set()
	refused(fixtures.asks({"minimum": 2, "when_missing": "wait"}), [in_eu], "ring_not_full")
}

test_only_what_holds_its_slot_counts if {
	every changes in [
		{"status": "SUPERSEDED"}, {"status": "DECOMMISSIONED"}, {"status": "FAILED"}, {"artifact": {"kind": "HELM_CHART"}},
		{"artifact": {"digest": upper(fixtures.digest)}}, {"created_at": "2026-11-21T12:00:00Z"},
		{"environment_name": "dev"},
	] {
		refused(asks(1), [fixtures.record(changes)], "ring_not_begun")
	}
	newer := fixtures.other({"created_at": "2026-11-19T12:00:00Z"})
	refused(asks(1), [newer, in_eu], "ring_not_begun")
	refused(asks(1), [fixtures.other({"created_at": null}), in_eu], "ring_not_begun")
	refused(asks(1), [in_eu, fixtures.other({})], "ring_not_begun")

	# Two deployments in one target are one target.
	waits(asks(2), [in_eu, fixtures.record({"id": "b", "deployment_name": "storefront-next"})])
}

test_deployment if {
	same := {"minimum": 1, "deployment": "same"}
	passes(fixtures.asks_with(same, {"request": {"deployment_name": "storefront"}}), [in_eu])
	refused(fixtures.asks_with(same, {"request": {"deployment_name": "cart"}}), [in_eu], "ring_not_begun")
	denied(fixtures.asks(same), [in_eu]) == {"deployment_name_missing"}
	held(fixtures.asks(same), [in_eu]) == set()
	refused(fixtures.asks({"minimum": 1, "deployment": "some"}), [in_eu], "ring_not_begun")
}

two := {"environment": {"after": ["qa", "staging"]}}

in_qa := fixtures.record({"id": "record-4", "environment_name": "qa"})

test_strategy if {
	every_one := fixtures.asks_with({"minimum": "100%"}, two)
	any_one := fixtures.asks_with({"minimum": "100%", "strategy": "any"}, two)
	passes(every_one, [in_qa, in_eu, in_us])
	waits(every_one, [in_qa, in_eu])
	denied(every_one, [in_qa]) == {"ring_not_begun"}
	denied(every_one, [in_eu]) == {"ring_not_begun"}
	held(every_one, [in_eu]) == {"ring_not_full"}
	passes(any_one, [in_qa])
	passes(any_one, [in_eu, in_us])

	# One that fills is enough, so the other is no reason to deny.
	waits(any_one, [in_eu])
	refused(any_one, [], "ring_not_begun")
	denied(fixtures.asks_with({"minimum": 2, "strategy": "any"}, two), [in_qa]) == {"ring_not_begun", "ring_too_small"}
	denied(fixtures.asks_with({"minimum": 2, "strategy": "most"}, two), [in_eu]) == {"ring_too_small"}
}

test_environments if {
	in_dev := fixtures.record({"environment_name": "dev"})
	passes(fixtures.asks({"minimum": "100%", "environments": ["dev"]}), [in_dev])
	refused(fixtures.asks({"minimum": 1, "environments": ["dev", "uat"]}), [in_dev], "environment_unknown")
	any_one := fixtures.asks({"minimum": 1, "environments": ["dev", "uat"], "strategy": "any"})
	passes(any_one, [in_dev])
	refused(any_one, [], "environment_unknown")
	refused(fixtures.asks({"minimum": 1, "environments": []}), [in_eu], "records_unreadable")
	findings := rings.deny with input as asks(1) with data.holdpoint as object.union(
		fixtures.holdpoint([in_eu, in_us]),
		{"environments": {"staging": {"complete": false}}},
	)
	{finding.code | some finding in findings} == {"records_incomplete"}
}

test_an_environment_that_comes_after_none_is_skipped if {
	first := {"environment": {"name": "dev", "after": []}}
	skipped(fixtures.asks_with({"minimum": 1}, first), [])
	denied(fixtures.asks_with({"minimum": 1}, first), []) == set()
	not skipped(fixtures.asks_with({"minimum": 1, "environments": ["staging"]}, first), [])
	refused(fixtures.asks_with({"minimum": 1, "environments": ["staging"]}, first), [], "ring_not_begun")
}

test_nothing_at_all_is_no_pass if {
	every request in [{}, {"parameters": {}}, {"parameters": {"minimum": 1}}, {"request": {}, "environment": {}}] {
		found := rings.deny with input as request with data.holdpoint as {}
		count(found) > 0
	}
	refused(fixtures.asks({}), [in_eu], "records_unreadable")
}

nothing(environment) := environment if environment == {}

test_a_finding_that_cannot_be_worded_still_denies if {
	found := rings.deny with input as asks(2)
		with data.holdpoint as fixtures.holdpoint([in_eu])
		with data.lib.words.evidence as nothing
	{finding.code | some finding in found} == {"records_unreadable"}
}
