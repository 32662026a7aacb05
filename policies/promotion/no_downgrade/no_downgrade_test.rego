package promotion.no_downgrade_test

import data.lib.fixtures_test as fixtures
import data.promotion.no_downgrade

denied(request, list) := {finding.code | some finding in findings} if {
	findings := no_downgrade.deny with input as request with data.holdpoint as fixtures.holdpoint(list)
}

message(request, list) := finding.message if {
	findings := no_downgrade.deny with input as request with data.holdpoint as fixtures.holdpoint(list)
	some finding in findings
}

passes(request, list) if denied(request, list) == set()

# A request with a tag beside the digest.
tagged(version, changes) := fixtures.asks_with({}, {"request": object.union(
	{"deployment_name": "storefront", "artifact": {"version": version}},
	changes,
)})

rollback := tagged("", {"intent": "rollback"})

never_by_time := {"parameters": {"when_unordered": "deny"}}

# What holds the slot in production.
live(version) := live_with(version, {})

live_with(version, changes) := fixtures.other(object.union(
	{
		"environment_name": "production",
		"artifact": {"version": version},
		"created_at": "2026-11-10T12:00:00Z",
	},
	changes,
))

# The requested artifact in staging.
staged(version) := fixtures.record({"artifact": {"version": version}})

# The requested artifact in production, before.
was_live(changes) := fixtures.record(object.union(
	{
		"id": "record-9",
		"environment_name": "production",
		"status": "SUPERSEDED",
		"created_at": "2026-11-01T12:00:00Z",
		"updated_at": "2026-11-10T12:00:00Z",
	},
	changes,
))

dev(changes) := fixtures.record(object.union(
	{"environment_name": "dev", "artifact": {"version": "3f2c1ab"}},
	changes,
))

second(version) := fixtures.record({"id": "b", "environment_name": "staging-us", "artifact": {"version": version}})

eu(version) := fixtures.other({"artifact": {"version": version}})

us(version) := fixtures.other({"id": "b", "environment_name": "staging-us", "artifact": {"version": version}})

not_lower(version, held) if {
	no_downgrade.not_lower({"digest": fixtures.other_digest, "version": held}) with input as tagged(version, {})
		with data.holdpoint as {}
}

test_versions_are_compared_by_number if {
	every pair in [
		["1.8.0", "1.7.9"], ["1.10.0", "1.9.0"], ["2.0.0", "1.99.99"], ["v1.8.0", "1.7.0"], ["1.8.0", "v1.7.0"],
		["1.8.0", "1.8.0-rc.1"], ["1.8.0-rc.2", "1.8.0-rc.1"], ["1.8.0-rc.10", "1.8.0-rc.9"], ["1.8.0-a", "1.8.0-1"],
		["1.8.0-14-gabcdef0", "1.8.0-13-gabcdef0"], ["1.8.1+build.1", "1.8.0+build.9"], ["1.8.0-beta", "1.8.0-alpha.1"],
		["20261120093000.0.0", "20261119093000.0.0"], ["999999999999999999.0.0", "1.0.0"], ["1.0.0-a-b", "1.0.0-a.b"],
	] {
		not_lower(pair[0], pair[1])
		not not_lower(pair[1], pair[0])
	}
	every pair in [["1.8.0", "1.8.0"], ["1.8.0+build.1", "1.8.0+build.2"], ["v1.8.0", "1.8.0"]] {
		not_lower(pair[0], pair[1])
		not_lower(pair[1], pair[0])
	}
}

test_what_holds_the_slot_must_not_be_newer if {
	passes(tagged("1.10.0", {}), [live("1.9.0")])
	denied(tagged("1.9.0", {}), [live("1.10.0")]) == {"downgrade"}
}

test_the_message_says_what_holds_the_slot_and_since_when if {
	message(tagged("", {}), [staged("1.3.0"), live("1.4.2")]) == concat("", [
		"sha256:b69dd5a569d4… (1.3.0) is lower than sha256:f1758c9bc905… (1.4.2), which holds `storefront` in ",
		"production of `production` since 2026-11-10T12:00:00Z",
	])
	contains(message(tagged("main", {}), [live("1.4.2")]), "sha256:b69dd5a569d4… (main) is not known to have been first")
	contains(message(tagged("", {}), [live("1.4.2")]), "sha256:b69dd5a569d4… (without a version) is not known")
}

is_version(text) if no_downgrade.semantic(text)

# What one engine takes for a version and another does not must not be compared by either.
test_what_is_a_version if {
	every text in ["0.0.0", "1.8.0", "v1.8.0", "1.8.0-0", "1.8.0-rc.1", "1.8.0-0a", "1.8.0-1-2", "1.8.0+01", "1.8.0-a.b+c.d", "1.8.0-x--y"] {
		is_version(text)
	}
	every text in [
		"", "main", "latest", "1.8", "1", "3f2c1ab", "01.8.0", "1.08.0", "1.8.00", "1.8.0-", "1.8.0-01", "1.8.0+",
		"1.8.0-a..b", "1.8.0.0", "vv1.8.0", "V1.8.0", "v", "1.8.0 ", " 1.8.0", "1.8.0\n", "1.8.0-rc_1", "١.8.0", "-1.8.0",
		"1.8.0--1", "18446744073709551615.0.0", "9223372036854775808.0.0", "1.0.0-99999999999999999999", "1.x.0", "1.8.0-é",
		"99999999999999999999.0.0", "1e1.0.0", "0x1.0.0", "+1.8.0", "1.8.0+a+b",
	] {
		not is_version(text)
	}
}

test_what_is_no_version_falls_back if {
	older := object.union(staged(""), {"created_at": "2026-11-01T12:00:00Z"})
	every version in ["3f2c1ab", "01.8.0"] {
		denied(object.union(tagged(version, {}), never_by_time), [live("1.0.0")]) == {"unordered"}
		denied(object.union(tagged("1.8.0", {}), never_by_time), [live(version)]) == {"unordered"}
		denied(tagged(version, {}), [older, live("1.0.0")]) == {"not_deployed_later"}
		passes(tagged(version, {}), [staged(""), live("1.0.0")])
	}
}

test_the_order_of_first_deployment if {
	sha := tagged("3f2c1ab", {})
	held := live("9d8e7f6")
	passes(sha, [dev({"created_at": "2026-11-10T12:00:01Z"}), held])
	denied(sha, [dev({"created_at": "2026-11-10T12:00:00Z"}), held]) == {"not_deployed_later"}
	denied(sha, [dev({"created_at": "2026-11-10T11:59:59Z"}), held]) == {"not_deployed_later"}

	# The first deployment counts, wherever it was.
	denied(sha, [
		fixtures.record({"created_at": "2026-11-15T12:00:00Z"}),
		dev({"created_at": "2026-11-01T12:00:00Z"}),
		held,
	]) == {"not_deployed_later"}
	passes(sha, [
		dev({"created_at": "2026-11-05T12:00:00Z"}),
		held,
		fixtures.other({"environment_name": "dev", "created_at": "2026-11-04T12:00:00Z", "artifact": {"version": "9d8e7f6"}}),
	])

	# Without times there is no order.
	denied(sha, [dev({"created_at": null}), held]) == {"not_deployed_later"}
	denied(sha, [dev({}), live_with("9d8e7f6", {"created_at": null})]) == {"not_deployed_later"}
	denied(sha, [held]) == {"not_deployed_later"}
	every text in ["0001-01-01T00:00:00Z", "9999-01-01T00:00:00Z", "", 7] {
		denied(sha, [dev({"created_at": text}), held]) == {"not_deployed_later"}
	}
}

test_records_tell_the_version_and_the_tag_only_claims_it if {
	denied(tagged("9.9.9", {}), [staged("1.3.0"), live("1.4.2")]) == {"downgrade"}
	passes(tagged("latest", {}), [staged("1.8.0"), live("1.4.2")])
	passes(tagged("1.0.0", {}), [staged("1.8.0"), live("1.4.2")])
	denied(tagged("1.0.0", {}), [staged(""), live("1.4.2")]) == {"downgrade"}
	denied(tagged("1.0.0", {}), [fixtures.record({"artifact": {"kind": "HELM_CHART"}}), live("1.4.2")]) == {"downgrade"}
}

test_of_several_versions_none_may_be_lower if {
	denied(tagged("", {}), [staged("1.8.0"), second("1.3.0"), live("1.4.2")]) == {"downgrade"}
	passes(tagged("", {}), [staged("1.8.0"), second("1.5.0"), live("1.4.2")])
	passes(tagged("", {}), [staged("1.8.0"), second("v1.8.0"), live("1.4.2")])
	denied(object.union(tagged("", {}), never_by_time), [staged("1.8.0"), second("x"), live("1.4.2")]) == {"unordered"}
}

test_the_digest_that_holds_the_slot_may_come_again if {
	same := fixtures.record({"environment_name": "production", "artifact": {"version": "main"}})
	passes(tagged("", {}), [same])
	passes(object.union(tagged("", {}), never_by_time), [same])
}

test_an_empty_slot_takes_any_version if {
	passes(tagged("0.0.1", {}), [])
	passes(tagged("0.0.1", {}), [live_with("1.4.2", {"deployment_name": "cart"})])
	passes(tagged("0.0.1", {}), [live_with("1.4.2", {"status": "DECOMMISSIONED"})])
	passes(tagged("0.0.1", {}), [live_with("1.4.2", {"artifact": {"kind": "HELM_CHART"}})])
	passes(tagged("0.0.1", {}), [live_with("1.4.2", {"environment_name": "staging-us"})])
}

test_an_environment_that_is_not_known_is_not_empty if {
	elsewhere := tagged("1.8.0", {"environment": "uat"})
	denied(elsewhere, []) == {"environment_unknown"}
	findings := no_downgrade.deny with input as tagged("1.8.0", {})
		with data.holdpoint as object.union(
			fixtures.holdpoint([]),
			{"environments": {"production": {"complete": false}}},
		)
	{finding.code | some finding in findings} == {"records_incomplete"}
}

test_every_target_counts if {
	to_staging := fixtures.asks_with({}, {
		"request": {"environment": "staging", "deployment_name": "storefront", "artifact": {"version": "1.8.0"}},
		"environment": {"name": "staging", "after": ["dev"], "targets": ["staging-eu", "staging-us"]},
	})
	passes(to_staging, [eu("1.7.0"), us("1.8.0")])
	denied(to_staging, [eu("1.7.0"), us("1.9.0")]) == {"downgrade"}
	denied(to_staging, [eu("1.9.0")]) == {"downgrade"}
}

test_without_a_deployment_name_the_recorded_ones_count if {
	unnamed := fixtures.asks({})
	passes(unnamed, [staged("1.8.0"), live("1.4.2")])
	denied(unnamed, [staged("1.3.0"), live("1.4.2")]) == {"downgrade"}
	passes(unnamed, [staged("1.3.0")])

	# Names that lead nowhere show nothing, since the deployment may be called otherwise there.
	denied(unnamed, [staged("1.3.0"), live_with("1.4.2", {"deployment_name": "shop"})]) == {"deployment_name_missing"}
	denied(unnamed, [live("1.4.2")]) == {"deployment_name_missing"}
	passes(tagged("1.3.0", {}), [staged("1.3.0"), live_with("1.4.2", {"deployment_name": "shop"})])
}

test_doubt_about_the_holder_denies if {
	wants := tagged("1.8.0", {})
	older := live_with("1.0.0", {"id": "older", "created_at": "2026-11-01T12:00:00Z", "artifact": {"digest": "sha256:0"}})
	every status in ["FAILED", "", "deployed", "SUPERSEDED"] {
		denied(wants, [live_with("1.4.2", {"status": status})]) == {"holder_unclear"}
	}
	contains(message(wants, [live_with("1.4.2", {"status": "FAILED"})]), concat("", ["what holds `storefront` in production of `production` cannot be told: its newest record is FAILED since "]))

	# Two that came at the same instant, and one without a time.
	tie := live_with("1.9.0", {"id": "tie", "artifact": {"digest": "sha256:1"}})
	denied(wants, [live("1.4.2"), tie]) == {"holder_unclear"}
	denied(wants, [tie, live("1.4.2")]) == {"holder_unclear"}
	passes(wants, [live("1.4.2"), object.union(tie, {"status": "SUPERSEDED"})])
	denied(wants, [live_with("1.0.0", {"created_at": null}), live("1.9.0")]) == {"holder_unclear"}
	passes(wants, [live_with("1.0.0", {"created_at": null})])
	contains(message(wants, [live("1.4.2"), tie]), "its records leave open which is the newest")

	# A kind that nobody knows may be the same thing under another name.
	odd := live_with("1.0.0", {"created_at": "2026-11-11T12:00:00Z", "artifact": {"kind": "WASM"}})
	denied(wants, [odd, live("1.9.0")]) == {"holder_unclear"}
	contains(message(wants, [odd]), "its newest record is of the kind `WASM`")
	passes(wants, [live("1.4.2"), older])
}

test_another_kind_in_the_slot if {
	wants := tagged("1.8.0", {})
	chart := live_with("4.2.0", {"created_at": "2026-11-11T12:00:00Z", "artifact": {"kind": "HELM_CHART"}})
	passes(wants, [chart, live("1.4.2")])
	denied(wants, [chart, live("1.9.0")]) == {"downgrade"}
	passes(wants, [chart])

	# The chart took the slot and the image may run on: it is compared.
	passes(wants, [chart, live_with("1.4.2", {"status": "SUPERSEDED"})])
	denied(wants, [chart, live_with("1.9.0", {"status": "SUPERSEDED"})]) == {"downgrade"}
	passes(wants, [chart, live_with("1.9.0", {"status": "DECOMMISSIONED"})])
}

test_a_rollback_needs_an_earlier_stay if {
	every status in ["SUPERSEDED", "DECOMMISSIONED", "DEPLOYED"] {
		passes(rollback, [live("1.9.0"), was_live({"status": status})])
	}
	every list in [
		[live("1.0.0"), staged("1.8.0")],
		[],
		[live("1.9.0"), was_live({"status": "FAILED"})],
		[live("1.9.0"), was_live({"status": ""})],
		[live("1.9.0"), was_live({"created_at": null})],
		[live("1.9.0"), was_live({"created_at": "2026-11-20T12:05:01Z"})],
		[live("1.9.0"), was_live({"deployment_name": "cart"})],
		[live("1.9.0"), was_live({"environment_name": "dev"})],
		[live("1.9.0"), was_live({"artifact": {"kind": "HELM_CHART"}})],
		[live("1.9.0"), was_live({"artifact": {"digest": upper(fixtures.digest)}})],
	] {
		denied(rollback, list) == {"never_deployed_there"}
	}
	contains(
		message(rollback, [staged("1.8.0")]),
		"cannot be a rollback, since no record shows that it held `storefront` in `production` before: production has",
	)
	contains(message(fixtures.asks_with({}, {"request": {"intent": "rollback"}}), []), "that it held any slot in")
	denied(tagged("", {"intent": "rollback", "environment": "uat"}), []) == {"environment_unknown"}
}

test_only_a_rollback_may_go_back if {
	list := [live("1.9.0"), was_live({"artifact": {"version": "1.8.0"}})]
	passes(rollback, list)
	every intent in ["deploy", "hotfix", "ROLLBACK", ""] {
		denied(tagged("1.8.0", {"intent": intent}), list) == {"downgrade"}
	}
}

test_nothing_at_all_is_no_pass if {
	every request in [{}, {"parameters": {}}, {"parameters": {}, "request": {}}, {"request": {"intent": "rollback"}}] {
		found := no_downgrade.deny with input as request with data.holdpoint as {}
		{finding.code | some finding in found} == {"records_unreadable"}
	}
}

nothing(artifact) := artifact if artifact == {}

test_a_finding_that_cannot_be_worded_still_denies if {
	found := no_downgrade.deny with input as tagged("1.0.0", {})
		with data.holdpoint as fixtures.holdpoint([live("1.4.2")])
		with data.lib.words.named as nothing
	{finding.code | some finding in found} == {"records_unreadable"}
}
