package lib.occupancy_test

import data.lib.fixtures_test as fixtures
import data.lib.occupancy

named(name) := fixtures.asks_with({}, {"request": {"deployment_name": name}})

live(changes) := fixtures.record(object.union({"environment_name": "production"}, changes))

other(changes) := fixtures.other(object.union({"environment_name": "production"}, changes))

# The ids of what holds the slots in production.
holders(request, list) := [record.id | some record in found] if {
	found := occupancy.holders with input as request with data.holdpoint as fixtures.holdpoint(list)
}

doubts(request, list) := {finding.code | some finding in found} if {
	found := occupancy.doubts with input as request with data.holdpoint as fixtures.holdpoint(list)
}

unclear(request, list, code) if {
	not holders(request, list)
	doubts(request, list) == {code}
}

storefront := named("storefront")

test_the_newest_record_holds_the_slot if {
	holders(storefront, [live({}), other({"created_at": "2026-11-01T12:00:00Z"})]) == ["record-1"]
	holders(storefront, [live({}), other({"deployment_name": "cart"})]) == ["record-1"]
	holders(storefront, []) == []
	holders(storefront, [live({"status": "DECOMMISSIONED"})]) == []
	holders(storefront, [live({"created_at": null})]) == ["record-1"]
	doubts(storefront, [live({})]) == set()
	occupancy.holder([]) == "unclear"
}

test_doubt if {
	unclear(storefront, [live({}), other({})], "holder_unclear")
	unclear(storefront, [live({"created_at": null}), other({})], "holder_unclear")
	unclear(storefront, [live({"status": "FAILED"})], "holder_unclear")
	unclear(storefront, [live({"status": "SUPERSEDED"})], "holder_unclear")
	unclear(storefront, [live({"artifact": {"kind": "ODD"}}), other({})], "holder_unclear")
	unclear(storefront, [live({"artifact": {"kind": ""}}), other({"created_at": "2026-11-01T12:00:00Z"})], "holder_unclear")
	unclear(fixtures.asks_with({}, {"request": {"environment": "uat"}}), [], "environment_unknown")
	holders(storefront, [live({}), other({"status": "SUPERSEDED"})]) == ["record-1"]
}

test_kinds_share_a_slot if {
	newer := live({"id": "chart", "created_at": "2026-11-19T12:00:00Z", "artifact": {"kind": "HELM_CHART"}})
	holders(storefront, [newer]) == []
	holders(storefront, [newer, other({})]) == ["record-2"]
	holders(storefront, [newer, other({"status": "DECOMMISSIONED"})]) == []
	holders(storefront, [newer, other({"status": "SUPERSEDED"})]) == ["record-2"]
	same_time := object.union(newer, {"created_at": "2026-11-18T12:00:00Z"})
	unclear(storefront, [same_time, other({"status": "SUPERSEDED"})], "holder_unclear")
}

test_names_that_are_inferred_must_lead_somewhere if {
	unnamed := fixtures.asks({})
	staged := fixtures.record({})
	holders(unnamed, [staged, other({})]) == ["record-2"]
	holders(unnamed, [staged]) == []
	holders(unnamed, []) == []
	unclear(unnamed, [staged, other({"deployment_name": "shop"})], "deployment_name_missing")
	unclear(unnamed, [other({})], "deployment_name_missing")
	unclear(unnamed, [fixtures.record({"artifact": {"kind": "HELM_CHART"}}), other({})], "deployment_name_missing")
}

first(list, names) := instant if {
	instant := occupancy.first_deployed(fixtures.digest, names) with data.holdpoint as fixtures.holdpoint(list)
}

test_first_deployed if {
	dev := fixtures.record({"environment_name": "dev", "created_at": "2026-11-17T12:00:00Z"})
	first([fixtures.record({})], ["dev", "staging"]) == time.parse_rfc3339_ns("2026-11-18T12:00:00Z")
	first([fixtures.record({}), dev], ["dev", "staging"]) == time.parse_rfc3339_ns("2026-11-17T12:00:00Z")
	first([fixtures.record({}), dev], ["staging"]) == time.parse_rfc3339_ns("2026-11-18T12:00:00Z")
	not first([fixtures.record({})], ["dev"])
	not first([fixtures.other({})], ["staging"])
	not first([], ["staging"])
	not first([fixtures.record({}), object.union(dev, {"created_at": null})], ["dev", "staging"])
	not first([fixtures.record({"created_at": null}), fixtures.record({})], ["staging"])
}
