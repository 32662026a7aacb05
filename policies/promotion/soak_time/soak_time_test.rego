package promotion.soak_time_test

import data.lib.fixtures_test as fixtures
import data.promotion.soak_time

denied(request, list) := {finding.code | some finding in findings} if {
	findings := soak_time.deny with input as request with data.holdpoint as fixtures.holdpoint(list)
}

message(request, list) := finding.message if {
	findings := soak_time.deny with input as request with data.holdpoint as fixtures.holdpoint(list)
	some finding in findings
}

skipped(request, list) if {
	soak_time.skip_reason with input as request with data.holdpoint as fixtures.holdpoint(list)
}

held(request, list) := {finding.opens_at | some finding in findings} if {
	findings := soak_time.hold with input as request with data.holdpoint as fixtures.holdpoint(list)
}

passes(request, list) if {
	denied(request, list) == set()
	held(request, list) == set()
	not skipped(request, list)
}

in_us(changes) := object.union({"id": "record-3", "environment_name": "staging-us"}, changes)

never(request, list) if denied(request, list) == {"not_soaking"}

day := fixtures.asks({"minimum": "24h"})

# The artifact of another slot, which the requested one left in these states.
left(status, created_at, updated_at, taken_over_at) := [
	fixtures.other({"created_at": taken_over_at}),
	fixtures.record({"status": status, "created_at": created_at, "updated_at": updated_at}),
]

test_long_enough if {
	passes(day, [fixtures.record({})])
	every minimum in ["48h", "2d", "2880m", "172800s"] {
		passes(fixtures.asks({"minimum": minimum}), [fixtures.record({})])
	}
}

test_exactly_at_the_limit if {
	passes(day, [fixtures.record({"created_at": "2026-11-19T12:00:00Z"})])
	late := [fixtures.record({"created_at": "2026-11-19T12:00:00.000000001Z"})]
	held(day, late) == {"2026-11-20T12:00:00.000000001Z"}
	denied(day, late) == set()
}

test_not_long_enough_holds_until_it_is if {
	list := [fixtures.record({"created_at": "2026-11-20T07:30:00Z"})]
	held(day, list) == {"2026-11-21T07:30:00Z"}
	held(fixtures.asks({"minimum": "7d"}), list) == {"2026-11-27T07:30:00Z"}
	found := soak_time.hold with input as day with data.holdpoint as fixtures.holdpoint(list)
	some finding in found
	finding.code == "not_soaked"
	finding.records == ["record-1"]
	finding.message == concat("", [
		"sha256:b69dd5a569d4… is still short of 24h without a break in `staging`: ",
		"staging-us has no record of it; staging-eu runs it as `storefront` since 2026-11-20T07:30:00Z",
	])
}

test_not_there_denies if {
	never(day, [])
	held(day, []) == set()
	never(day, [fixtures.other({})])
	never(day, [fixtures.record({"artifact": {"kind": "HELM_CHART"}})])
	never(day, [fixtures.record({"environment_name": "dev"})])
	contains(message(day, []), "has had no stay of 24h without a break in `staging`: staging-eu has no record of it;")
}

test_a_stay_that_ended_counts_when_it_was_long_enough if {
	passes(day, left("SUPERSEDED", "2026-11-10T00:00:00Z", "2026-11-11T00:00:00Z", "2026-11-11T00:00:00Z"))
	never(day, left("SUPERSEDED", "2026-11-10T00:00:01Z", "2026-11-11T00:00:00Z", "2026-11-11T00:00:00Z"))
	passes(day, [fixtures.record({
		"status": "DECOMMISSIONED",
		"created_at": "2026-11-10T00:00:00Z",
		"updated_at": "2026-11-11T00:00:00Z",
	})])
	denied(day, [fixtures.record({
		"status": "DECOMMISSIONED",
		"created_at": "2026-11-10T00:00:01Z",
		"updated_at": "2026-11-11T00:00:00Z",
	})]) == {"not_soaking"}
}

test_a_stay_ends_at_the_first_sign_of_it if {
	# Removed an hour later, replaced only after days.
	never(day, left("DECOMMISSIONED", "2026-11-10T00:00:00Z", "2026-11-10T01:00:00Z", "2026-11-15T00:00:00Z"))

	# Replaced an hour later, and the record was touched again after days.
	never(day, left("SUPERSEDED", "2026-11-10T00:00:00Z", "2026-11-15T00:00:00Z", "2026-11-10T01:00:00Z"))

	# Replaced an hour later, and never marked.
	never(day, left("DEPLOYED", "2026-11-10T00:00:00Z", "2026-11-15T00:00:00Z", "2026-11-10T01:00:00Z"))
	passes(day, left("DEPLOYED", "2026-11-10T00:00:00Z", "2026-11-10T00:00:00Z", "2026-11-12T00:00:00Z"))
}

test_a_stay_whose_end_is_not_known_does_not_count if {
	every status in ["SUPERSEDED", "DECOMMISSIONED"] {
		every changed in [null, 7, "", "0001-01-01T00:00:00Z"] {
			never(day, [fixtures.record({"status": status, "updated_at": changed})])
		}
	}
	never(day, left("DECOMMISSIONED", "2026-11-10T00:00:00Z", null, "2026-11-15T00:00:00Z"))
	every status in ["ROLLING_BACK", "", "deployed"] {
		never(day, [fixtures.record({"status": status})])
		never(day, left(status, "2026-11-10T00:00:00Z", "2026-11-12T00:00:00Z", "2026-11-12T00:00:00Z"))
	}
}

test_a_stay_does_not_end_after_the_instant_of_the_decision if {
	denied(day, [fixtures.record({
		"status": "DECOMMISSIONED",
		"created_at": "2026-11-20T00:00:00Z",
		"updated_at": "2026-12-24T00:00:00Z",
	})]) == {"not_soaking"}
}

test_stays_are_not_added_up if {
	list := [
		fixtures.record({"id": "record-4", "created_at": "2026-11-20T06:00:00Z"}),
		fixtures.other({"status": "SUPERSEDED", "created_at": "2026-11-19T06:00:00Z", "updated_at": "2026-11-20T06:00:00Z"}),
		fixtures.record({"status": "SUPERSEDED", "created_at": "2026-11-18T10:00:00Z", "updated_at": "2026-11-19T06:00:00Z"}),
	]
	held(day, list) == {"2026-11-21T06:00:00Z"}
	passes(fixtures.asks({"minimum": "20h"}), list)
}

test_a_time_yet_to_come_is_no_stay if {
	list := [fixtures.record({"created_at": "2026-11-21T00:00:00Z"})]
	held(day, list) == {"2026-11-22T00:00:00Z"}
	found := soak_time.hold with input as day with data.holdpoint as fixtures.holdpoint(list)
	some finding in found
	contains(finding.message, "only from 2026-11-21T00:00:00Z on, which is yet to come")
	denied(day, [fixtures.record({
		"status": "SUPERSEDED",
		"created_at": "2026-11-21T00:00:00Z",
		"updated_at": "2026-12-21T00:00:00Z",
	})]) == {"not_soaking"}
}

test_without_a_time_there_is_no_stay if {
	every time_text in [null, 7, "", true, "0001-01-01T00:00:00Z", "9999-01-01T00:00:00Z", {}] {
		never(day, [fixtures.record({"created_at": time_text})])
	}
	contains(message(day, [fixtures.record({"created_at": null})]), "since an unknown time")
	never(day, [fixtures.without({}, "created_at")])
	never(day, [fixtures.other({"created_at": null}), fixtures.record({})])
	never(day, [fixtures.record({}), fixtures.other({"status": "SUPERSEDED", "created_at": null})])
}

test_min_targets if {
	list := [
		fixtures.record({"created_at": "2026-11-18T00:00:00Z"}),
		fixtures.record(in_us({"created_at": "2026-11-20T08:00:00Z"})),
	]
	passes(fixtures.asks({"minimum": "24h", "min_targets": 1}), list)
	held(fixtures.asks({"minimum": "24h", "min_targets": 2}), list) == {"2026-11-21T08:00:00Z"}
	held(fixtures.asks({"minimum": "24h", "min_targets": "all"}), list) == {"2026-11-21T08:00:00Z"}
	held(fixtures.asks({"minimum": "7d", "min_targets": 1}), list) == {"2026-11-25T00:00:00Z"}
	never(fixtures.asks({"minimum": "24h", "min_targets": 3}), list)
	never(fixtures.asks({"minimum": "24h", "min_targets": 2}), [fixtures.record({})])
	contains(
		message(fixtures.asks({"minimum": "24h", "min_targets": 2}), [fixtures.record({})]),
		"in `staging` (in 1 of its 2 targets, and 2 are needed): staging-us has no record of it",
	)
}

test_the_earliest_of_two_slots_counts_for_a_target if {
	list := [
		fixtures.record({"created_at": "2026-11-20T08:00:00Z"}),
		fixtures.record({"id": "record-3", "deployment_name": "storefront-next", "created_at": "2026-11-20T06:00:00Z"}),
	]
	held(day, list) == {"2026-11-21T06:00:00Z"}
}

test_strategy if {
	two := {"environment": {"after": ["qa", "staging"]}}
	late := fixtures.record({"created_at": "2026-11-20T06:00:00Z"})
	later := fixtures.record({"environment_name": "qa", "created_at": "2026-11-20T08:00:00Z"})
	every_one := fixtures.asks_with({"minimum": "24h"}, two)
	any_one := fixtures.asks_with({"minimum": "24h", "strategy": "any"}, two)
	held(every_one, [late, later]) == {"2026-11-21T06:00:00Z", "2026-11-21T08:00:00Z"}
	held(any_one, [late, later]) == {"2026-11-21T06:00:00Z"}
	never(every_one, [late])
	held(every_one, [late]) == {"2026-11-21T06:00:00Z"}
	denied(any_one, [late]) == set()
	held(any_one, [late]) == {"2026-11-21T06:00:00Z"}
	never(any_one, [])
	passes(any_one, [fixtures.record({})])
	passes(any_one, [fixtures.record({}), later])
	held(every_one, [fixtures.record({}), later]) == {"2026-11-21T08:00:00Z"}
	passes(every_one, [fixtures.record({}), fixtures.record({"environment_name": "qa"})])
}

test_environments if {
	list := [fixtures.record({"environment_name": "dev"})]
	passes(fixtures.asks({"minimum": "24h", "environments": ["dev"]}), list)
	denied(fixtures.asks({"minimum": "24h", "environments": ["uat"]}), list) == {"environment_unknown"}

	# The parameter is enough, also without `after`.
	no_after := object.remove(fixtures.asks({"minimum": "24h", "environments": ["staging"]}), ["environment"])
	never(no_after, [])
}

test_an_environment_that_comes_after_none_is_skipped if {
	first := {"environment": {"name": "dev", "after": []}}
	skipped(fixtures.asks_with({"minimum": "24h"}, first), [])
	denied(fixtures.asks_with({"minimum": "24h"}, first), []) == set()
	not skipped(fixtures.asks_with({"minimum": "24h", "environments": ["staging"]}, first), [])
}

test_mistyped_parameters_never_loosen_the_gate if {
	list := [fixtures.record({})]
	denied(fixtures.asks({}), list) != set()
	every minimum in ["-24h", "0h", "0s", "4000d"] {
		denied(fixtures.asks({"minimum": minimum}), list) != set()
		held(fixtures.asks({"minimum": minimum}), list) == set()
	}
	denied(fixtures.asks({"minimum": "24h", "strategy": "some"}), []) == {"not_soaking"}
	denied(fixtures.asks({"minimum": "24h", "min_targets": "2"}), list) != set()
}

test_without_a_clock_it_does_not_pass if {
	list := [fixtures.record({})]
	not passes(object.remove(day, ["as_of_ns"]), list)
}

test_nothing_at_all_is_no_pass if {
	every request in [{}, {"parameters": {}}, {"parameters": {"minimum": "1s"}}, {"request": {}, "environment": {}}] {
		found := soak_time.deny with input as request with data.holdpoint as {}
		count(found) > 0
	}
}

nothing(environment) := environment if environment == {}

test_a_finding_that_cannot_be_worded_still_denies if {
	found := soak_time.deny with input as day
		with data.holdpoint as fixtures.holdpoint([])
		with data.lib.words.evidence as nothing
	{finding.code | some finding in found} == {"records_unreadable"}
}

test_of_two_that_came_at_the_same_instant_none_is_known_to_have_stayed if {
	stay := {"status": "SUPERSEDED", "created_at": "2026-11-01T00:00:00Z", "updated_at": "2026-11-19T00:00:00Z"}
	newer := fixtures.other({"id": "record-9", "created_at": "2026-11-19T00:00:00Z"})
	passes(day, [newer, fixtures.record(stay)])
	never(day, [newer, fixtures.record(stay), fixtures.other(stay)])
	never(day, [newer, fixtures.other(stay), fixtures.record(stay)])
}

