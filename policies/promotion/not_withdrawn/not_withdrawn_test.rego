package promotion.not_withdrawn_test

import data.lib.fixtures_test as fixtures
import data.promotion.not_withdrawn

denied(request, list) := {finding.code | some finding in findings} if {
	findings := not_withdrawn.deny with input as request with data.holdpoint as fixtures.holdpoint(list)
}

held(request, list) := {finding.opens_at | some finding in findings} if {
	findings := not_withdrawn.hold with input as request with data.holdpoint as fixtures.holdpoint(list)
}

message(request, list) := finding.message if {
	findings := not_withdrawn.deny with input as request with data.holdpoint as fixtures.holdpoint(list)
	some finding in findings
}

passes(request, list) if {
	denied(request, list) == set()
	held(request, list) == set()
}

refused(request, list, code) if {
	denied(request, list) == {code}
	held(request, list) == set()
}

plain := fixtures.asks({})

removed(changes) := fixtures.record(object.union(
	{
		"id": "record-5",
		"status": "DECOMMISSIONED",
		"created_at": "2026-11-10T12:00:00Z",
		"updated_at": "2026-11-12T12:00:00Z",
	},
	changes,
))

test_what_was_never_removed_passes if {
	passes(plain, [])
	passes(plain, [fixtures.record({})])
	passes(plain, [fixtures.record({"status": "SUPERSEDED"})])
	passes(plain, [fixtures.record({"created_at": null})])
	passes(plain, [fixtures.other({"status": "DECOMMISSIONED"})])
}

test_a_removal_denies if {
	every target in ["staging-eu", "staging-us", "production"] {
		refused(plain, [removed({"environment_name": target})], "withdrawn")
	}
	passes(plain, [removed({"environment_name": "dev"})])
	message(plain, [fixtures.record({"environment_name": "staging-us"}), removed({})]) == concat("", [
		"sha256:b69dd5a569d4… was taken out of `staging`: ",
		"staging-eu has it as `storefront`, DECOMMISSIONED since 2026-11-12T12:00:00Z",
	])
	refused(plain, [removed({"artifact": {"kind": "HELM_CHART"}})], "withdrawn")
	passes(plain, [removed({"artifact": {"digest": upper(fixtures.digest)}})])
}

test_many_removals_are_cut if {
	names := [sprintf("shop-%d", [number]) | some number in numbers.range(10, 29)]
	text := message(plain, [removed({"deployment_name": name}) | some name in names])
	contains(text, "`shop-14`")
	endswith(text, "; and 15 more")
}

test_what_came_back_was_not_withdrawn if {
	back := fixtures.record({"created_at": "2026-11-13T12:00:00Z"})
	passes(plain, [back, removed({})])
	passes(plain, [object.union(back, {"status": "SUPERSEDED"}), removed({})])

	# Not when it came back elsewhere, was removed again, or may have come before the removal.
	refused(plain, [object.union(back, {"deployment_name": "cart"}), removed({})], "withdrawn")
	refused(plain, [object.union(back, {"environment_name": "staging-us"}), removed({})], "withdrawn")
	refused(plain, [object.union(back, {"status": "DECOMMISSIONED"}), removed({})], "withdrawn")
	refused(plain, [object.union(back, {"status": "FAILED"}), removed({})], "withdrawn")
	every time_text in ["2026-11-12T12:00:00Z", "2026-11-11T12:00:00Z", "2026-11-10T12:00:00Z", null, 7, ""] {
		refused(plain, [object.union(back, {"created_at": time_text}), removed({})], "withdrawn")
	}
	refused(plain, [back, removed({"updated_at": null})], "withdrawn")
	refused(plain, [back, removed({"created_at": null})], "withdrawn")
	refused(plain, [back, fixtures.other({}), removed({"created_at": "2026-11-14T12:00:00Z"})], "withdrawn")
}

test_a_status_that_nobody_knows_counts_as_a_removal if {
	every status in ["WITHDRAWN", "", "deployed", null, 7] {
		refused(plain, [fixtures.record({"status": status})], "status_unknown")
	}
	refused(plain, [fixtures.without({}, "status")], "status_unknown")
	refused(plain, [fixtures.record({"status": "ODD"}), removed({"environment_name": "staging-us"})], "withdrawn")
}

test_removed_from if {
	whole := fixtures.asks({"removed_from": "environment"})
	canary := removed({"deployment_name": "storefront-canary"})
	refused(plain, [fixtures.record({}), canary], "withdrawn")
	passes(whole, [fixtures.record({}), canary])
	passes(whole, [fixtures.record({"environment_name": "staging-us"}), removed({})])
	refused(whole, [canary], "withdrawn")
	refused(whole, [fixtures.record({"environment_name": "production"}), canary], "withdrawn")
	refused(whole, [fixtures.record({"status": "SUPERSEDED"}), canary], "withdrawn")
	refused(fixtures.asks({"removed_from": "anywhere"}), [fixtures.record({}), canary], "withdrawn")
}

vetoing(veto) := fixtures.asks({"vetoed": [
	{"digest": fixtures.other_digest, "reason": "not this one"},
	object.union({"digest": fixtures.digest, "reason": "it loses orders (SHOP-412)"}, veto),
]})

test_a_veto_denies_with_its_reason if {
	refused(vetoing({}), [fixtures.record({})], "vetoed")
	message(vetoing({}), []) == "sha256:b69dd5a569d4… is vetoed: it loses orders (SHOP-412)"
	message(vetoing({"by": "Ada"}), []) == "sha256:b69dd5a569d4… is vetoed by Ada: it loses orders (SHOP-412)"
	passes(fixtures.asks({"vetoed": []}), [])
	passes(fixtures.asks({"vetoed": [{"digest": fixtures.other_digest, "reason": "no"}]}), [])
	denied(vetoing({}), [removed({})]) == {"vetoed", "withdrawn"}
}

test_a_veto_with_an_end_holds_until_then if {
	later := vetoing({"until": "2026-11-21T13:00:00+01:00", "by": "Ada"})
	held(later, []) == {"2026-11-21T12:00:00Z"}
	denied(later, []) == set()
	found := not_withdrawn.hold with input as later with data.holdpoint as fixtures.holdpoint([])
	{finding.message | some finding in found} == {concat("", ["sha256:b69dd5a569d4… is vetoed by Ada until 2026-11-21T12:00:00Z: it loses orders (SHOP-412)"])}
	passes(vetoing({"until": "2026-11-20T12:00:00Z"}), [])
	held(vetoing({"until": "2026-11-20T12:00:01Z"}), []) == {"2026-11-20T12:00:01Z"}
	refused(later, [removed({})], "withdrawn")
	every text in ["", "9999-01-01T00:00:00Z", null, 7] {
		refused(vetoing({"until": text}), [], "records_unreadable")
	}
}

test_environments if {
	passes(fixtures.asks({"environments": ["production"]}), [removed({})])
	refused(fixtures.asks({"environments": ["dev"]}), [removed({"environment_name": "dev"})], "withdrawn")
	refused(fixtures.asks({"environments": ["dev", "uat"]}), [], "environment_unknown")
	refused(fixtures.asks({"environments": []}), [], "records_unreadable")
	findings := not_withdrawn.deny with input as plain with data.holdpoint as object.union(
		fixtures.holdpoint([]),
		{"environments": {"staging": {"complete": false}}},
	)
	{finding.code | some finding in findings} == {"records_incomplete"}
}

test_the_first_environment_looks_at_itself if {
	first := fixtures.asks_with({}, {"request": {"environment": "dev"}, "environment": {"name": "dev", "after": []}})
	passes(first, [])
	refused(first, [removed({"environment_name": "dev"})], "withdrawn")
}

test_nothing_at_all_is_no_pass if {
	every request in [{}, {"parameters": {}}, {"parameters": {}, "request": {}, "environment": {}}] {
		found := not_withdrawn.deny with input as request with data.holdpoint as {}
		count(found) > 0
	}
	nameless := fixtures.asks_with({}, {"request": {"artifact": {"digest": "latest"}}})
	refused(nameless, [], "records_unreadable")
	refused(fixtures.asks_with({}, {"request": {"artifact": {"digest": upper(fixtures.digest)}}}), [], "records_unreadable")
}

test_a_finding_that_cannot_be_worded_still_denies if {
	refused(fixtures.asks({"vetoed": [{"digest": fixtures.digest}]}), [], "records_unreadable")
}
