package promotion.deployed_before_test

import data.lib.fixtures_test as fixtures
import data.promotion.deployed_before

denied(request, list) := {finding.code | some finding in findings} if {
	findings := deployed_before.deny with input as request with data.holdpoint as fixtures.holdpoint(list)
}

held(request, list) := {finding.code | some finding in findings} if {
	findings := deployed_before.hold with input as request with data.holdpoint as fixtures.holdpoint(list)
}

passes(request, list) if {
	denied(request, list) == set()
	held(request, list) == set()
	not skipped(request, list)
}

skipped(request, list) if {
	deployed_before.skip_reason with input as request with data.holdpoint as fixtures.holdpoint(list)
}

message(request, list) := finding.message if {
	findings := deployed_before.deny with input as request with data.holdpoint as fixtures.holdpoint(list)
	some finding in findings
}

in_us(changes) := object.union({"id": "record-3", "environment_name": "staging-us"}, changes)

test_one_target_is_enough if passes(fixtures.asks({}), [fixtures.record({})])

test_never_there if {
	denied(fixtures.asks({}), []) == {"never_deployed"}
	denied(fixtures.asks({}), [fixtures.other({})]) == {"never_deployed"}
	denied(fixtures.asks({}), [fixtures.record({"environment_name": "dev"})]) == {"never_deployed"}
	denied(fixtures.asks({}), [fixtures.record({"environment_name": "production"})]) == {"never_deployed"}
}

test_the_message_says_what_runs_instead if {
	list := [fixtures.record({"environment_name": "dev"}), fixtures.other({})]
	message(fixtures.asks({}), list) == concat("", [
		"sha256:b69dd5a569d4… is not DEPLOYED in `staging`: ",
		"staging-eu runs sha256:f1758c9bc905… (1.4.2) since 2026-11-18T12:00:00Z; staging-us has no record of it",
	])
}

test_the_deployment_asked_about_is_told_of if {
	request := fixtures.asks_with({}, {"request": {"deployment_name": "storefront"}})
	contains(message(request, [fixtures.other({})]), "staging-eu runs sha256:f1758c9bc905… (1.4.2) since")
}

test_superseded_or_removed if {
	newer := fixtures.other({"created_at": "2026-11-19T12:00:00Z"})
	older := fixtures.record({"status": "SUPERSEDED", "updated_at": "2026-11-19T12:00:00Z"})
	denied(fixtures.asks({}), [newer, older]) == {"no_longer_deployed"}
	contains(message(fixtures.asks({}), [newer, older]), "staging-eu had it and runs sha256:f1758c9bc905… (1.4.2)")
	every status in ["SUPERSEDED", "DECOMMISSIONED", "ROLLING_BACK", "deployed", ""] {
		denied(fixtures.asks({}), [fixtures.record({"status": status})]) == {"no_longer_deployed"}
	}
	gone := [fixtures.record({"status": "DECOMMISSIONED", "updated_at": "2026-11-19T08:00:00Z"})]
	contains(message(fixtures.asks({}), gone), "staging-eu does not run it: DECOMMISSIONED since 2026-11-19T08:00:00Z")
}

test_an_older_record_that_still_says_deployed_does_not_count if {
	newer := fixtures.other({"created_at": "2026-11-19T12:00:00Z"})
	denied(fixtures.asks({}), [newer, fixtures.record({})]) == {"no_longer_deployed"}
	failed := object.union(newer, {"status": "FAILED"})
	denied(fixtures.asks({}), [failed, fixtures.record({})]) == {"no_longer_deployed"}
	contains(message(fixtures.asks({}), [failed, fixtures.record({})]), "had it and has as its newest record a FAILED")
}

test_a_chart_in_the_slot_takes_nothing_from_an_image if {
	chart := fixtures.other({"created_at": "2026-11-19T12:00:00Z", "artifact": {"kind": "HELM_CHART"}})
	passes(fixtures.asks({}), [chart, fixtures.record({})])
	timeless := object.union(chart, {"created_at": null})
	passes(fixtures.asks({}), [timeless, fixtures.record({})])
}

test_an_unknown_kind_in_the_slot_does if {
	every kind in ["WASM", "", null, 7, "container_image"] {
		unknown := fixtures.other({"created_at": "2026-11-19T12:00:00Z", "artifact": {"kind": kind}})
		denied(fixtures.asks({}), [unknown, fixtures.record({})]) == {"no_longer_deployed"}
	}
}

test_the_same_digest_of_another_kind_is_not_it if {
	every kind in ["HELM_CHART", "WASM", ""] {
		denied(fixtures.asks({}), [fixtures.record({"artifact": {"kind": kind}})]) == {"never_deployed"}
	}
}

test_a_slot_without_a_newest_record_shows_nothing if {
	timeless := fixtures.record({"id": "record-9", "created_at": null})
	older := fixtures.other({"status": "SUPERSEDED"})
	denied(fixtures.asks({}), [timeless, older]) == {"newest_record_unclear"}
	contains(message(fixtures.asks({}), [timeless, older]), "leave open which is the newest")
	denied(fixtures.asks({}), [fixtures.other({"created_at": null}), fixtures.record({})]) == {"newest_record_unclear"}
	denied(fixtures.asks({}), [fixtures.record({}), fixtures.other({})]) == {"newest_record_unclear"}
}

test_alone_in_its_slot_a_record_needs_no_time if {
	passes(fixtures.asks({}), [fixtures.record({"created_at": null, "updated_at": null, "last_seen_at": null})])
}

test_min_targets if {
	both := [fixtures.record({}), fixtures.record(in_us({}))]
	every needed in [1, 2, "all"] {
		passes(fixtures.asks({"min_targets": needed}), both)
	}
	one := [fixtures.record({}), fixtures.other(in_us({}))]
	every needed in [2, "all"] {
		denied(fixtures.asks({"min_targets": needed}), one) == {"deployed_in_too_few_targets"}
	}
	contains(
		message(fixtures.asks({"min_targets": "all"}), one),
		"in `staging` (in 1 of its 2 targets, and 2 are needed): staging-us runs sha256:f1758c9bc905…",
	)
	denied(fixtures.asks({"min_targets": 3}), both) == {"deployed_in_too_few_targets"}
}

test_two_slots_of_one_target_are_one_target if {
	list := [fixtures.record({}), fixtures.record({"id": "record-3", "deployment_name": "storefront-canary"})]
	denied(fixtures.asks({"min_targets": 2}), list) == {"deployed_in_too_few_targets"}
}

test_strategy if {
	list := [fixtures.record({})]
	request := {"environment": {"after": ["qa", "staging"]}}
	denied(fixtures.asks_with({}, request), list) == {"never_deployed"}
	denied(fixtures.asks_with({"strategy": "all"}, request), list) == {"never_deployed"}
	passes(fixtures.asks_with({"strategy": "any"}, request), list)
	denied(fixtures.asks_with({"strategy": "any"}, request), []) == {"never_deployed"}
	passes(fixtures.asks_with({}, request), [fixtures.record({}), fixtures.record({"environment_name": "qa"})])
}

test_when_missing if {
	held(fixtures.asks({"when_missing": "hold"}), []) == {"never_deployed"}
	denied(fixtures.asks({"when_missing": "hold"}), []) == set()
	denied(fixtures.asks({"when_missing": "deny"}), []) == {"never_deployed"}
	held(fixtures.asks({"when_missing": "deny"}), []) == set()
	passes(fixtures.asks({"when_missing": "hold"}), [fixtures.record({})])
	found := deployed_before.hold with input as fixtures.asks({"when_missing": "hold"})
		with data.holdpoint as fixtures.holdpoint([])
	every finding in found { not "opens_at" in object.keys(finding) }
}

test_deployment if {
	canary := [fixtures.record({"deployment_name": "storefront-canary"})]
	named := {"request": {"deployment_name": "storefront"}}
	passes(fixtures.asks_with({}, named), canary)
	passes(fixtures.asks_with({"deployment": "any"}, named), canary)
	denied(fixtures.asks_with({"deployment": "same"}, named), canary) == {"no_longer_deployed"}
	passes(fixtures.asks_with({"deployment": "same"}, named), [fixtures.record({})])
	denied(fixtures.asks({"deployment": "same"}), [fixtures.record({})]) == {"deployment_name_missing"}
}

test_environments if {
	list := [fixtures.record({"environment_name": "dev"})]
	passes(fixtures.asks({"environments": ["dev"]}), list)
	denied(fixtures.asks({"environments": ["staging"]}), list) == {"never_deployed"}
	denied(fixtures.asks({"environments": ["dev", "stagin"]}), list) == {"environment_unknown"}
	denied(fixtures.asks({"environments": [7]}), list) == {"environment_unknown"}
	denied(fixtures.asks({"environments": []}), list) == {"records_unreadable"}
	denied(fixtures.asks_with({}, {"environment": {"after": ["uat"]}}), list) == {"environment_unknown"}
}

test_an_environment_that_comes_after_none_is_skipped if {
	first := {"environment": {"name": "dev", "after": []}}
	skipped(fixtures.asks_with({}, first), [])
	denied(fixtures.asks_with({}, first), []) == set()
	not skipped(fixtures.asks_with({"environments": ["staging"]}, first), [])
}

test_mistyped_parameters_never_loosen_the_gate if {
	list := [fixtures.record({}), fixtures.other(in_us({}))]
	every parameters in [
		{"min_targets": "1"}, {"min_targets": "ALL"}, {"min_targets": [1]}, {"min_targets": 0}, {"min_targets": -1},
		{"deployment": "other"}, {"deployment": null},
	] {
		denied(fixtures.asks(parameters), list) != set()
	}
	every parameters in [{"strategy": "one"}, {"strategy": null}, {"when_missing": "allow"}, {"when_missing": null}] {
		denied(fixtures.asks(parameters), []) == {"never_deployed"}
	}
}

test_without_parameters_the_defaults_hold if {
	request := object.remove(fixtures.asks({}), ["parameters"])
	passes(request, [fixtures.record({})])
	denied(request, []) == {"never_deployed"}
}

test_a_digest_that_is_none_matches_nothing if {
	every text in ["", "sha256:ABC", upper(fixtures.digest), concat("", [fixtures.digest, "0"]), null, 7, ["sha256:"]] {
		request := fixtures.asks_with({}, {"request": {"artifact": {"digest": text}}})
		denied(request, [fixtures.record({"artifact": {"digest": text}})]) == {"never_deployed"}
	}
	shouted := replace(upper(fixtures.digest), "SHA256", "sha256")
	request := fixtures.asks_with({}, {"request": {"artifact": {"digest": shouted}}})
	denied(request, [fixtures.record({"artifact": {"digest": shouted}})]) == {"never_deployed"}
}

test_nothing_at_all_is_no_pass if {
	every request in [{}, {"parameters": {}}, {"request": {}, "environment": {}}, null, "", []] {
		found := deployed_before.deny with input as request with data.holdpoint as {}
		count(found) > 0
	}
	nothing := deployed_before.deny with input as fixtures.asks({}) with data.holdpoint as {}
	{finding.code | some finding in nothing} == {"environment_unknown"}
}

test_records_short_of_keys_are_no_pass if {
	every key in ["environment_name", "deployment_name", "artifact", "status"] {
		full := fixtures.holdpoint([fixtures.record({})])
		torn := [fixtures.without({}, key)]
		index := {
			"by_digest": {fixtures.digest: {"staging": torn}},
			"by_slot": {"staging": {"staging-eu": {"storefront": torn}}},
		}
		found := deployed_before.deny with input as fixtures.asks({})
			with data.holdpoint as object.union(object.remove(full, ["records"]), {"records": index})
		count(found) > 0
	}
}

test_a_target_of_another_environment_does_not_count if {
	full := fixtures.holdpoint([fixtures.record({})])
	moved := object.union(full, {"environments": {"staging": {"targets": ["staging-us"]}}})
	found := deployed_before.deny with input as fixtures.asks({}) with data.holdpoint as moved
	{finding.code | some finding in found} == {"no_longer_deployed"}
	none := object.union(full, {"environments": {"staging": {"targets": []}}})
	empty := deployed_before.deny with input as fixtures.asks({"min_targets": "all"}) with data.holdpoint as none
	count(empty) == 1
}

nothing(environment) := environment if environment == {}

test_a_finding_that_cannot_be_worded_still_denies if {
	found := deployed_before.deny with input as fixtures.asks({})
		with data.holdpoint as fixtures.holdpoint([])
		with data.lib.words.state as nothing
	{finding.code | some finding in found} == {"records_unreadable"}
}

test_the_records_are_named if {
	list := [fixtures.record({"environment_name": "dev", "id": "record-0"}), fixtures.other({})]
	found := deployed_before.deny with input as fixtures.asks({}) with data.holdpoint as fixtures.holdpoint(list)
	some finding in found
	finding.records == ["record-2"]
	finding.remediation == "deploy it to `staging` and record it there, then ask again"
}

test_another_artifact_at_the_same_instant_is_found_behind_any_number_of_records if {
	tied := [
		fixtures.record({"updated_at": "2026-11-19T12:00:00Z"}),
		fixtures.record({"id": "record-3"}),
		fixtures.other({"updated_at": "2026-11-18T12:00:00Z"}),
	]
	denied(fixtures.asks({}), tied) == {"newest_record_unclear"}
	unknown := [fixtures.record({}), fixtures.other({"status": "deployed"})]
	denied(fixtures.asks({}), unknown) == {"newest_record_unclear"}
	passes(fixtures.asks({}), [fixtures.record({}), fixtures.other({"status": "SUPERSEDED"})])
}

test_a_record_that_begins_later_holds_nothing_yet if {
	denied(fixtures.asks({}), [fixtures.record({"created_at": "2027-01-01T00:00:00Z"})]) == {"no_longer_deployed"}
	passes(fixtures.asks({}), [fixtures.record({"created_at": "2026-11-20T12:04:59Z"})])
}
