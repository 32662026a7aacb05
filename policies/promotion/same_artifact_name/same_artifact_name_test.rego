package promotion.same_artifact_name_test

import data.lib.fixtures_test as fixtures
import data.promotion.same_artifact_name

denied(request, list) := {finding.code | some finding in findings} if {
	findings := same_artifact_name.deny with input as request with data.holdpoint as fixtures.holdpoint(list)
}

message(request, list) := finding.message if {
	findings := same_artifact_name.deny with input as request with data.holdpoint as fixtures.holdpoint(list)
	some finding in findings
}

skipped(request, list) := reason if {
	reason := same_artifact_name.skip_reason with input as request with data.holdpoint as fixtures.holdpoint(list)
}

passes(request, list) if {
	denied(request, list) == set()
	not skipped(request, list)
}

plain := fixtures.asks({})

named(name, changes) := fixtures.record(object.union({"artifact": {"name": name}}, changes))

asking_for(name, parameters) := fixtures.asks_with(parameters, {"request": {"artifact": {"name": name}}})

carries(requested, recorded, mappings) if {
	same_artifact_name.carries(recorded) with input as asking_for(requested, {"repositories": mappings})
}

test_the_name_that_ran_passes if {
	passes(plain, [fixtures.record({})])
	passes(plain, [fixtures.record({}), fixtures.record({"environment_name": "staging-us"})])
}

test_another_name_denies if {
	denied(plain, [named("ghcr.io/evil/storefront", {})]) == {"name_differs"}
	message(plain, [named("ghcr.io/evil/storefront", {})]) == concat("", [
		"sha256:b69dd5a569d4… is to be promoted as `ghcr.io/acme/storefront`, and in `staging` ",
		"it runs as `ghcr.io/evil/storefront`: staging-us has no record of it; ",
		"staging-eu runs it as `storefront` since 2026-11-18T12:00:00Z",
	])

	# Every record that vouches counts, also where another one carries the name.
	other := named("ghcr.io/acme/store", {"id": "b", "environment_name": "staging-us"})
	denied(plain, [fixtures.record({}), other]) == {"name_differs"}

	# What does not hold its slot does not vouch.
	passes(plain, [fixtures.record({}), object.union(other, {"status": "SUPERSEDED"})])
}

test_names_are_compared_whole if {
	every recorded in [
		"ghcr.io/acme/storefront-evil", "ghcr.io/acme/storefron", "ghcr.io/acme/storefront/evil", "acme/storefront",
		"evil.io/ghcr.io/acme/storefront", "ghcr.io.evil.io/acme/storefront", "ghcr.io/acme/Storefront", "storefront",
		"ghcr.io:5000/acme/storefront", "ghcr.io/acme//storefront", "ghcr.io/acme/storefront/", "", "/",
		"evil.io/x@ghcr.io/acme/storefront", "ghcr.io/acme/x/../storefront", " ghcr.io/acme/storefront", "oci://", "@", ":",
	] {
		not carries("ghcr.io/acme/storefront", recorded, [])
	}
}

test_what_only_differs_in_writing_is_equal if {
	every pair in [
		["docker.io/library/nginx", "nginx"], ["docker.io/library/nginx", "library/nginx"],
		["docker.io/library/nginx", "index.docker.io/library/nginx"], ["docker.io/library/nginx", "docker.io/nginx"],
		["docker.io/acme/nginx", "acme/nginx"], ["ghcr.io/acme/nginx", "GHCR.io/acme/nginx"],
		["ghcr.io/acme/nginx", "ghcr.io/acme/nginx:1.8.0"], ["ghcr.io/acme/nginx", "oci://ghcr.io/acme/nginx"],
		["localhost:5000/nginx", "localhost:5000/nginx:1"], ["BUILD/acme/nginx", "BUILD/acme/nginx:1"], ["localhost/nginx", "localhost/nginx"],
		["ghcr.io/acme/nginx", "ghcr.io/acme/nginx:1@sha256:b69dd5a569d41cc2907ce23296d17c6b944d6baa61e6c0fc7e86deace50fb7ba"],
	] {
		carries(pair[0], pair[1], [])
		carries(pair[1], pair[0], [])
	}
	every pair in [
		["docker.io/library/nginx", "ghcr.io/library/nginx"], ["docker.io/library/nginx", "docker.io/acme/nginx"],
		["localhost:5000/nginx", "localhost:5001/nginx"], ["docker.io/localhost/nginx", "localhost/nginx"],
	] {
		not carries(pair[0], pair[1], [])
	}
}

whole := [{"upstream": "build.acme.io/shop/web", "downstream": "live.acme.io/web"}]

beneath := [{"upstream": "build.acme.io/shop/*", "downstream": "live.acme.io/*"}]

test_repositories_are_mapped if {
	carries("live.acme.io/web", "build.acme.io/shop/web", whole)
	carries("build.acme.io/shop/web", "build.acme.io/shop/web", whole)
	carries("live.acme.io/web", "build.acme.io/shop/web:1.8.0", whole)
	not carries("live.acme.io/web", "build.acme.io/shop/web2", whole)
	not carries("live.acme.io/web2", "build.acme.io/shop/web", whole)
	carries("live.acme.io/web", "build.acme.io/shop/web", beneath)
	carries("live.acme.io/a/b", "build.acme.io/shop/a/b", beneath)
	not carries("live.acme.io/web", "build.acme.io/shop/cart", beneath)
	not carries("live.acme.io/web", "build.acme.io/shopping/web", beneath)
	not carries("live.acme.io/web", "evil.io/build.acme.io/shop/web", beneath)

	# Only downstream, never back.
	not carries("build.acme.io/shop/web", "live.acme.io/web", whole)
	not carries("build.acme.io/shop/web", "live.acme.io/web", beneath)
	not carries("live.acme.io/web", "build.acme.io/shop/web", [{"upstream": "build.acme.io/shop/*", "downstream": "live.acme.io/web"}])
	passes(asking_for("live.acme.io/web", {"repositories": beneath}), [named("build.acme.io/shop/web", {})])
}

test_a_bare_digest if {
	denied(asking_for("", {}), [fixtures.record({})]) == {"name_missing"}
	denied(asking_for("", {}), [named("", {})]) == {"name_missing"}
	skipped(asking_for("", {"when_unnamed": "skip"}), []) == "the request names no repository"
	denied(asking_for("", {"when_unnamed": "skip"}), []) == set()
	denied(asking_for("", {"when_unnamed": "allow"}), [fixtures.record({})]) == {"name_missing"}
	not skipped(fixtures.asks({"when_unnamed": "skip"}), [])
}

test_what_is_not_in_place_vouches_for_nothing if {
	every list in [
		[],
		[fixtures.other({})],
		[fixtures.record({"status": "SUPERSEDED"})],
		[fixtures.record({"artifact": {"kind": "HELM_CHART"}})],
		[fixtures.record({"artifact": {"digest": upper(fixtures.digest)}})],
		[fixtures.record({"environment_name": "dev"})],
		[fixtures.other({"created_at": null}), fixtures.record({})],
	] {
		denied(plain, list) == {"evidence_missing"}
	}
	contains(message(plain, []), "in `staging` it is not in place under any name: staging-eu has no record of it;")
}

two := {"environment": {"after": ["qa", "staging"]}}

test_strategy if {
	odd := named("ghcr.io/evil/storefront", {"environment_name": "qa"})
	denied(fixtures.asks_with({}, two), [fixtures.record({}), odd]) == {"name_differs"}
	denied(fixtures.asks_with({}, two), [fixtures.record({})]) == {"evidence_missing"}
	passes(fixtures.asks_with({"strategy": "any"}, two), [fixtures.record({}), odd])
	denied(fixtures.asks_with({"strategy": "any"}, two), [odd]) == {"evidence_missing", "name_differs"}
	denied(fixtures.asks_with({"strategy": "most"}, two), [fixtures.record({}), odd]) == {"name_differs"}
}

test_environments if {
	passes(fixtures.asks({"environments": ["dev"]}), [fixtures.record({"environment_name": "dev"})])
	denied(fixtures.asks({"environments": ["staging", "uat"]}), [fixtures.record({})]) == {"environment_unknown"}
	denied(fixtures.asks({"environments": []}), [fixtures.record({})]) == {"records_unreadable"}
	findings := same_artifact_name.deny with input as plain with data.holdpoint as object.union(
		fixtures.holdpoint([fixtures.record({})]),
		{"environments": {"staging": {"complete": false}}},
	)
	{finding.code | some finding in findings} == {"records_incomplete"}
}

test_an_environment_that_comes_after_none_is_skipped if {
	first := {"environment": {"name": "dev", "after": []}}
	skipped(fixtures.asks_with({}, first), []) == "the environment comes after no other"
	denied(fixtures.asks_with({}, first), []) == set()
	not skipped(fixtures.asks_with({"environments": ["dev"]}, first), [])
}

test_nothing_at_all_is_no_pass if {
	every request in [{}, {"parameters": {}}, {"parameters": {}, "request": {}, "environment": {}}] {
		found := same_artifact_name.deny with input as request with data.holdpoint as {}
		count(found) > 0
	}
}

nothing(environment) := environment if environment == {}

test_a_finding_that_cannot_be_worded_still_denies if {
	found := same_artifact_name.deny with input as plain
		with data.holdpoint as fixtures.holdpoint([])
		with data.lib.words.evidence as nothing
	{finding.code | some finding in found} == {"records_unreadable"}
}
