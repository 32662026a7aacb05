package promotion.max_age_test

import data.lib.fixtures_test as fixtures
import data.promotion.max_age

denied(request, list) := {finding.code | some finding in findings} if {
	findings := max_age.deny with input as request with data.holdpoint as fixtures.holdpoint(list)
}

message(request, list) := finding.message if {
	findings := max_age.deny with input as request with data.holdpoint as fixtures.holdpoint(list)
	some finding in findings
}

skipped(request, list) if {
	max_age.skip_reason with input as request with data.holdpoint as fixtures.holdpoint(list)
}

passes(request, list) if {
	denied(request, list) == set()
	not skipped(request, list)
}

month := fixtures.asks({"maximum": "30d"})

born(text) := [fixtures.record({"created_at": text})]

test_exactly_at_the_limit if {
	passes(month, born("2026-10-21T12:00:00Z"))
	denied(month, born("2026-10-21T11:59:59.999999999Z")) == {"too_old"}
	every maximum in ["2d", "48h", "2880m", "172800s"] { passes(fixtures.asks({"maximum": maximum}), [fixtures.record({})]) }
	denied(fixtures.asks({"maximum": "47h"}), [fixtures.record({})]) == {"too_old"}
}

test_the_message_says_where_and_when_it_was_first_deployed if {
	message(month, [
		fixtures.record({}),
		fixtures.record({"id": "b", "environment_name": "dev", "created_at": "2026-10-01T12:00:00Z"}),
	]) == concat("", [
		"sha256:b69dd5a569d4… was first deployed in `dev` at 2026-10-01T12:00:00Z, ",
		"and that may be 30d ago at most",
	])
	message(month, []) == concat("", ["sha256:b69dd5a569d4… has no record in `dev`, `production`, `qa`, `staging`, so nothing shows how old it is"])
}

test_the_first_deployment_counts_wherever_it_was if {
	young := fixtures.record({})
	every environment in ["dev", "qa", "staging-us", "production"] {
		every status in ["DEPLOYED", "SUPERSEDED", "DECOMMISSIONED", "FAILED"] {
			old := fixtures.record({
				"environment_name": environment,
				"deployment_name": "elsewhere",
				"status": status,
				"created_at": "2026-10-01T12:00:00Z",
			})
			denied(month, [young, old]) == {"too_old"}
		}
	}

	# Recorded again is not built anew; newest first.
	denied(month, [young, fixtures.record({"created_at": "2026-10-01T12:00:00Z", "status": "SUPERSEDED"})]) == {"too_old"}
	chart := fixtures.record({"created_at": "2026-10-01T12:00:00Z", "artifact": {"kind": "HELM_CHART"}})
	denied(month, [young, chart]) == {"too_old"}
}

test_without_a_record_nothing_shows_its_age if {
	denied(month, []) == {"never_deployed"}
	denied(month, [fixtures.other({})]) == {"never_deployed"}
	denied(month, [fixtures.record({"artifact": {"kind": "HELM_CHART"}})]) == {"never_deployed"}
	denied(month, [fixtures.record({"artifact": {"digest": upper(fixtures.digest)}})]) == {"never_deployed"}
}

test_without_a_time_nothing_shows_its_age if {
	every text in [null, 7, "", "0001-01-01T00:00:00Z", "2200-01-01T00:00:00Z", {}] {
		denied(month, born(text)) == {"created_at_missing"}
	}
	denied(month, [fixtures.without({}, "created_at")]) == {"created_at_missing"}

	# The one without a time may be the first.
	denied(month, [fixtures.record({"created_at": null}), fixtures.record({})]) == {"created_at_missing"}
	denied(month, [
		fixtures.record({}),
		fixtures.record({"environment_name": "dev", "created_at": null}),
	]) == {"created_at_missing"}
}

test_a_clock_may_be_a_little_ahead if {
	passes(month, born("2026-11-20T12:05:00Z"))
	denied(month, born("2026-11-20T12:05:01Z")) == {"created_at_ahead"}
	passes(month, [fixtures.record({"created_at": "2099-01-01T00:00:00Z"}), fixtures.record({})])
}

test_environments if {
	list := [
		fixtures.record({}),
		fixtures.record({"environment_name": "dev", "created_at": "2026-10-01T12:00:00Z"}),
	]
	passes(fixtures.asks({"maximum": "30d", "environments": ["staging"]}), list)
	denied(fixtures.asks({"maximum": "30d", "environments": ["dev"]}), list) == {"too_old"}
	denied(fixtures.asks({"maximum": "30d", "environments": ["staging", "uat"]}), list) == {"environment_unknown"}
	denied(fixtures.asks({"maximum": "30d", "environments": ["qa"]}), list) == {"never_deployed"}
	denied(fixtures.asks({"maximum": "30d", "environments": []}), list) == {"never_deployed"}
	findings := max_age.deny with input as month with data.holdpoint as object.union(
		fixtures.holdpoint([fixtures.record({})]),
		{"environments": {"dev": {"complete": false}}},
	)
	{finding.code | some finding in findings} == {"records_incomplete"}
}

to_dev(parameters) := fixtures.asks_with(parameters, {
	"request": {"environment": "dev"},
	"environment": {"name": "dev", "after": []},
})

test_a_first_deployment_to_the_first_environment_is_skipped if {
	first := to_dev({"maximum": "30d"})
	skipped(first, [])
	denied(first, []) == set()
	passes(first, [fixtures.record({"environment_name": "dev"})])
	denied(first, [fixtures.record({"environment_name": "dev", "created_at": "2026-10-01T12:00:00Z"})]) == {"too_old"}
	denied(first, [fixtures.record({"environment_name": "dev", "created_at": null})]) == {"created_at_missing"}
	not skipped(to_dev({"maximum": "30d", "environments": ["dev"]}), [])
	not skipped(month, [])
	not skipped(fixtures.asks_with({"maximum": "30d"}, {"request": {"environment": "uat"}, "environment": {"after": []}}), [])
}

test_nothing_at_all_is_no_pass if {
	every request in [{}, {"parameters": {}}, {"parameters": {"maximum": "1d"}}, {"request": {}, "environment": {}}] {
		found := max_age.deny with input as request with data.holdpoint as {}
		count(found) > 0
	}
	denied(fixtures.asks({}), [fixtures.record({})]) == {"records_unreadable"}
	denied(object.remove(month, ["as_of_ns"]), [fixtures.record({})]) == {"records_unreadable"}
}

nothing(text) := 1 if text == ""

test_a_finding_that_cannot_be_worded_still_denies if {
	found := max_age.deny with input as month
		with data.holdpoint as fixtures.holdpoint(born("2026-01-01T12:00:00Z"))
		with data.lib.parameters.duration as nothing
	{finding.code | some finding in found} == {"records_unreadable"}
}
