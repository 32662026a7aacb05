package promotion.one_version_test

import data.lib.fixtures_test as fixtures
import data.promotion.one_version

denied(request, list) := {finding.code | some finding in findings} if {
	findings := one_version.deny with input as request with data.holdpoint as fixtures.holdpoint(list)
}

held(request, list) := {finding.code | some finding in findings} if {
	findings := one_version.hold with input as request with data.holdpoint as fixtures.holdpoint(list)
}

passes(request, list) if {
	denied(request, list) == set()
	held(request, list) == set()
}

refused(request, list, code) if {
	denied(request, list) == {code}
	held(request, list) == set()
}

to_staging(parameters, changes) := fixtures.asks_with(parameters, {
	"request": object.union({"environment": "staging", "deployment_name": "storefront"}, changes),
	"environment": {"name": "staging", "after": ["dev"], "targets": ["staging-eu", "staging-us"]},
})

plain := to_staging({}, {})

# What runs in a target: `letter` is the first of its digest.
runs(target, letter, changes) := fixtures.record(object.union(
	{
		"id": sprintf("%s-%s", [target, letter]),
		"environment_name": target,
		"artifact": {"digest": digest(letter), "version": sprintf("1.%s.0", [letter])},
	},
	changes,
))

digest(letter) := fixtures.digest if {
	letter == "new"
} else := sprintf("sha256:%s%s", [letter, substring(fixtures.other_digest, 8, -1)])

eu(letter) := runs("staging-eu", letter, {})

us(letter) := runs("staging-us", letter, {})

test_a_rollout_may_begin_go_on_and_be_turned_back if {
	passes(plain, [])
	passes(plain, [eu("1")])
	passes(plain, [eu("1"), us("1")])
	passes(plain, [eu("new"), us("1")])
	passes(plain, [eu("1"), us("new")])
	passes(plain, [eu("new"), us("new")])
}

test_a_third_digest_waits_until_the_rollout_is_over if {
	refused(plain, [eu("1"), us("2")], "too_many_versions")
	found := one_version.deny with input as plain with data.holdpoint as fixtures.holdpoint([eu("1"), us("2")])
	{finding.message | some finding in found} == {concat("", [
		"with sha256:b69dd5a569d4…, `staging` would run 2 digests of this deployment, and 1 may: ",
		"staging-eu runs sha256:11758c9bc905… (1.1.0) as `storefront` since 2026-11-18T12:00:00Z; ",
		"staging-us runs sha256:21758c9bc905… (1.2.0) as `storefront` since 2026-11-18T12:00:00Z",
	])}
	{finding.records | some finding in found} == {["staging-eu-1", "staging-us-2"]}
	hold := to_staging({"when_exceeded": "hold"}, {})
	held(hold, [eu("1"), us("2")]) == {"too_many_versions"}
	denied(hold, [eu("1"), us("2")]) == set()
}

test_maximum if {
	list := [eu("1"), us("2")]
	passes(to_staging({"maximum": 2}, {}), list)
	passes(to_staging({"maximum": 3}, {}), list)
	canary := runs("staging-eu", "3", {"deployment_name": "canary"})
	unnamed := object.union(to_staging({"maximum": 2}, {}), {"request": {"deployment_name": null}})
	known := [
		fixtures.record({"environment_name": "dev"}),
		fixtures.record({"environment_name": "dev", "deployment_name": "canary"}),
	]
	passes(unnamed, array.concat(known, list))
	refused(unnamed, array.concat(known, [eu("1"), us("2"), canary]), "too_many_versions")
	passes(to_staging({"maximum": 2}, {}), [eu("1"), us("2"), canary])
	every maximum in ["1", "all", null, {}] {
		count(denied(to_staging({"maximum": maximum}, {}), [eu("1")])) == 1
	}
}

test_only_what_holds_a_slot_counts if {
	older := runs("staging-us", "2", {"status": "SUPERSEDED", "created_at": "2026-11-01T12:00:00Z"})
	passes(plain, [eu("1"), us("1"), older])
	passes(plain, [eu("1"), runs("staging-us", "2", {"status": "DECOMMISSIONED"})])
	passes(plain, [eu("1"), runs("staging-us", "2", {"deployment_name": "cart"})])
	passes(plain, [eu("1"), runs("production", "2", {})])
	passes(plain, [eu("1"), runs("staging-us", "2", {"artifact": {"kind": "HELM_CHART"}})])
}

test_what_cannot_be_told_denies if {
	every status in ["FAILED", "", "SUPERSEDED"] {
		refused(plain, [eu("1"), runs("staging-us", "1", {"status": status})], "holder_unclear")
	}
	refused(plain, [eu("1"), runs("staging-eu", "2", {})], "holder_unclear")
	refused(plain, [runs("staging-eu", "1", {"created_at": null}), eu("2")], "holder_unclear")
	refused(plain, [runs("staging-eu", "1", {"artifact": {"kind": "ODD"}})], "holder_unclear")
	every text in ["", "latest", upper(fixtures.digest), null, 7] {
		count(denied(plain, [eu("1"), runs("staging-us", "1", {"artifact": {"digest": text}})])) == 1
	}
	refused(to_staging({"when_exceeded": "hold"}, {}), [eu("1"), runs("staging-us", "1", {"status": "FAILED"})], "holder_unclear")
}

test_what_took_the_slot_from_it_may_run_beside_it if {
	chart := runs("staging-us", "9", {"artifact": {"kind": "HELM_CHART"}, "created_at": "2026-11-19T12:00:00Z"})
	passes(plain, [eu("1"), chart, runs("staging-us", "1", {"status": "SUPERSEDED"})])
	refused(plain, [eu("1"), chart, runs("staging-us", "2", {"status": "SUPERSEDED"})], "too_many_versions")
}

test_an_environment_that_is_not_known_is_not_empty if {
	refused(to_staging({}, {"environment": "uat"}), [], "environment_unknown")
	findings := one_version.deny with input as plain with data.holdpoint as object.union(
		fixtures.holdpoint([]),
		{"environments": {"staging": {"complete": false}}},
	)
	{finding.code | some finding in findings} == {"records_incomplete"}
}

test_names_that_lead_nowhere_show_nothing if {
	unnamed := to_staging({}, {"deployment_name": null})
	refused(unnamed, [eu("1"), us("2")], "deployment_name_missing")
	passes(unnamed, [])
}

test_many_targets_are_cut if {
	list := [holder | some number in numbers.range(10, 29); holder := runs(sprintf("edge-%d", [number]), "1", {})]
	text := concat("; ", one_version.told) with input as plain with data.lib.occupancy.holders as list
	contains(text, "edge-14 runs ")
	endswith(text, "; and 15 more")
}

test_nothing_at_all_is_no_pass if {
	every request in [{}, {"parameters": {}}, {"parameters": {}, "request": {}, "environment": {}}] {
		found := one_version.deny with input as request with data.holdpoint as {}
		{finding.code | some finding in found} == {"records_unreadable"}
	}
}

test_a_finding_that_cannot_be_worded_still_denies if {
	found := one_version.deny with input as plain
		with data.holdpoint as fixtures.holdpoint([eu("1"), us("2")])
		with data.lib.words.artifact as {}
	count(found) == 1
}
