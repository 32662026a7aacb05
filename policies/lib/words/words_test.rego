package lib.words_test

import data.lib.fixtures_test as fixtures
import data.lib.words

state(list) := text if {
	text := words.state("staging") with input as fixtures.asks({}) with data.holdpoint as fixtures.holdpoint(list)
}

test_every_state_in_words if {
	cases := [
		["staging-eu has no record of it", fixtures.record({"environment_name": "dev"})],
		["staging-eu runs it as `storefront` since 2026-11-18T12:00:00Z", fixtures.record({})],
		["staging-eu runs it as `storefront` since an unknown time", fixtures.record({"created_at": null})],
		["staging-eu does not run it: FAILED since 2026-11-18T12:00:00Z", fixtures.record({"status": "FAILED"})],
		["staging-eu does not run it:  since an unknown time", fixtures.record({"status": null, "updated_at": 7})],
	]
	every pair in cases { contains(state([pair[1]]), pair[0]) }
}

test_artifacts_without_version_or_digest if {
	newer := {"created_at": "2026-11-19T12:00:00Z"}
	unversioned := object.union(newer, {"artifact": {"version": ""}})
	contains(state([fixtures.other(unversioned), fixtures.record({})]), "had it and runs sha256:f1758c9bc905… since")
	every digest in ["", "SHA256:ABC", null, 7] {
		odd := object.union(newer, {"artifact": {"digest": digest, "version": null}})
		contains(state([fixtures.other(odd), fixtures.record({})]), "runs an artifact without a usable digest since")
	}
}

test_long_texts_are_cut if {
	long := concat("", ["x" | some _ in numbers.range(1, 500)])
	count(state([fixtures.record({"status": long})])) < 200
}

test_many_targets_are_cut if {
	targets := [sprintf("edge-%d", [number]) | some number in numbers.range(10, 29)]
	text := words.state("edge") with input as fixtures.asks({})
		with data.holdpoint as {"environments": {"edge": {"targets": targets}}, "records": {}}
	contains(text, "edge-14 has no record of it; and 15 more")
	not contains(text, "edge-15")
}
