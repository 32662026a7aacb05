package promotion.record_freshness_test

import data.lib.fixtures_test as fixtures
import data.promotion.record_freshness

denied(request, list) := {finding.code | some finding in findings} if {
	findings := record_freshness.deny with input as request with data.holdpoint as fixtures.holdpoint(list)
}

message(request, list) := finding.message if {
	findings := record_freshness.deny with input as request with data.holdpoint as fixtures.holdpoint(list)
	some finding in findings
}

skipped(request, list) if {
	record_freshness.skip_reason with input as request with data.holdpoint as fixtures.holdpoint(list)
}

passes(request, list) if {
	denied(request, list) == set()
	not skipped(request, list)
}

seen(text) := [fixtures.record({"last_seen_at": text})]

three_days := fixtures.asks({"maximum": "72h"})

test_seen_lately if {
	passes(three_days, [fixtures.record({})])
	every maximum in ["1h", "60m", "3600s", "3d"] {
		passes(fixtures.asks({"maximum": maximum}), [fixtures.record({})])
	}
}

test_exactly_at_the_limit if {
	passes(three_days, seen("2026-11-17T12:00:00Z"))
	denied(three_days, seen("2026-11-17T11:59:59.999999999Z")) == {"evidence_old"}
	text := message(three_days, seen("2026-11-17T11:00:00Z"))
	startswith(text, "sha256:b69dd5a569d4… in `staging`: it was last seen at 2026-11-17T11:00:00Z, ")
	endswith(text, ", and that may be 72h ago at most")
}

test_a_clock_may_be_a_little_ahead if {
	passes(three_days, seen("2026-11-20T12:05:00Z"))
	denied(three_days, seen("2026-11-20T12:05:00.000000001Z")) == {"last_seen_ahead"}
	denied(three_days, seen("2099-01-01T00:00:00Z")) == {"last_seen_ahead"}
}

test_without_a_time_it_is_not_fresh if {
	every text in [null, 7, "", "0001-01-01T00:00:00Z", "9999-01-01T00:00:00Z", {}] {
		denied(three_days, seen(text)) == {"last_seen_missing"}
	}
	denied(three_days, [fixtures.without({}, "last_seen_at")]) == {"last_seen_missing"}
}

test_no_evidence_is_not_fresh_evidence if {
	denied(three_days, []) == {"evidence_missing"}
	denied(three_days, [fixtures.other({})]) == {"evidence_missing"}
	denied(three_days, [fixtures.record({"status": "SUPERSEDED"})]) == {"evidence_missing"}
	newer := fixtures.other({"created_at": "2026-11-19T00:00:00Z"})
	denied(three_days, [newer, fixtures.record({})]) == {"evidence_missing"}
	denied(three_days, [fixtures.other({"created_at": null}), fixtures.record({})]) == {"evidence_missing"}
	denied(three_days, [fixtures.record({"environment_name": "dev"})]) == {"evidence_missing"}
	contains(message(three_days, []), "it is not in place there, so nothing shows that it runs: staging-eu has no record")
}

test_the_newest_of_an_environment_counts if {
	old := fixtures.record({"last_seen_at": "2026-11-01T00:00:00Z"})
	fresh := fixtures.record({"id": "record-3", "environment_name": "staging-us"})
	passes(three_days, [old, fresh])
	denied(three_days, [old, object.union(fresh, {"last_seen_at": null})]) == {"evidence_old"}
}

test_strategy if {
	two := {"environment": {"after": ["qa", "staging"]}}
	old := fixtures.record({"environment_name": "qa", "last_seen_at": "2026-11-01T00:00:00Z"})
	denied(fixtures.asks_with({"maximum": "72h"}, two), [fixtures.record({}), old]) == {"evidence_old"}
	passes(fixtures.asks_with({"maximum": "72h", "strategy": "any"}, two), [fixtures.record({}), old])
	denied(fixtures.asks_with({"maximum": "72h", "strategy": "any"}, two), [old]) == {"evidence_old", "evidence_missing"}
}

test_environments if {
	list := [fixtures.record({"environment_name": "dev"})]
	passes(fixtures.asks({"maximum": "72h", "environments": ["dev"]}), list)
	denied(fixtures.asks({"maximum": "72h", "environments": ["uat"]}), list) == {"environment_unknown"}
}

test_an_environment_that_comes_after_none_is_skipped if {
	first := {"environment": {"name": "dev", "after": []}}
	skipped(fixtures.asks_with({"maximum": "72h"}, first), [])
	not skipped(fixtures.asks_with({"maximum": "72h", "environments": ["staging"]}, first), [])
}

test_mistyped_parameters_never_loosen_the_gate if {
	list := [fixtures.record({})]
	every maximum in ["-72h", "0h"] {
		denied(fixtures.asks({"maximum": maximum}), list) != set()
	}
	denied(fixtures.asks({}), list) != set()
	denied(fixtures.asks({"maximum": "72h", "strategy": "most"}), []) == {"evidence_missing"}
}

test_without_a_clock_it_denies if {
	denied(object.remove(three_days, ["as_of_ns"]), [fixtures.record({})]) != set()
}

test_nothing_at_all_is_no_pass if {
	every request in [{}, {"parameters": {}}, {"parameters": {"maximum": "1d"}}, {"request": {}, "environment": {}}] {
		found := record_freshness.deny with input as request with data.holdpoint as {}
		count(found) > 0
	}
}

nothing(environment) := environment if environment == {}

test_a_finding_that_cannot_be_worded_still_denies if {
	found := record_freshness.deny with input as three_days
		with data.holdpoint as fixtures.holdpoint([])
		with data.lib.words.evidence as nothing
	{finding.code | some finding in found} == {"records_unreadable"}
}
