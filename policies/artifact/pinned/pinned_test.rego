package artifact.pinned_test

import data.artifact.pinned
import data.lib.fixtures_test as fixtures

asks(reference, parameters) := object.union(
	fixtures.asks(parameters),
	{"request": {"artifact": {"reference": reference}}},
)

by_digest(name) := concat("@", [name, fixtures.digest])

denied(reference, parameters) := {finding.code | some finding in found} if {
	found := pinned.deny with input as asks(reference, parameters)
}

passes(reference, parameters) if denied(reference, parameters) == set()

test_a_reference_with_the_digest if {
	passes(fixtures.digest, {})
	every name in ["ghcr.io/acme/storefront", "nginx", "nginx:1.27", "oci://ghcr.io/acme/chart", "localhost:5000/app:latest"] {
		passes(by_digest(name), {})
	}
}

test_a_reference_without_the_digest if {
	every reference in [
		"", "nginx", "nginx:latest", "ghcr.io/acme/storefront:1.8.0", by_digest(""), fixtures.other_digest,
		concat("@", ["nginx", fixtures.other_digest]), concat("@", [by_digest("nginx"), fixtures.digest]),
		concat("", ["nginx", fixtures.digest]), concat("", [by_digest("nginx"), " "]), upper(by_digest("nginx")),
		concat("@", [by_digest("nginx"), fixtures.other_digest]), concat("@", [fixtures.digest, "nginx"]),
		substring(by_digest("nginx"), 0, 76), concat("", ["nginx:", fixtures.digest]),
	] {
		denied(reference, {}) == {"digest_missing"}
		denied(reference, {"forbid_tags": ["latest"]}) == {"digest_missing"}
	}
}

test_a_digest_that_is_none if {
	every text in ["", "latest", "sha256:", "sha512:abc", substring(fixtures.digest, 0, 70)] {
		request := object.union(fixtures.asks({}), {"request": {"artifact": {
			"digest": text,
			"reference": concat("@", ["nginx", text]),
		}}})
		found := pinned.deny with input as request
		{finding.code | some finding in found} == {"digest_missing"}
	}
}

test_tags_beside_a_digest if {
	alone := {"allow_tag_with_digest": false}
	passes(by_digest("ghcr.io/acme/storefront"), alone)
	passes(by_digest("localhost:5000/app"), alone)
	passes(by_digest("[::1]:5000/app"), alone)
	passes(fixtures.digest, alone)
	every name in ["nginx:1.27", "localhost:5000/app:v1", "oci://ghcr.io/acme/chart:1.0.0"] {
		denied(by_digest(name), alone) == {"tag_not_allowed"}
	}
}

test_forbidden_tags if {
	forbidden := {"forbid_tags": ["latest", "Edge"]}
	every name in ["nginx", "nginx:1.27", "latest", "latest/app:v1", "localhost:5000/latest", "nginx:latest-1", "nginx:lates"] {
		passes(by_digest(name), forbidden)
	}
	passes(fixtures.digest, forbidden)
	every name in ["nginx:latest", "nginx:LATEST", "localhost:5000/app:edge", "oci://ghcr.io/acme/chart:Latest"] {
		denied(by_digest(name), forbidden) == {"tag_not_allowed"}
	}
	denied(by_digest("nginx:1.27"), object.union(forbidden, {"allow_tag_with_digest": false})) == {"tag_not_allowed"}
}

test_nothing_at_all_is_no_pass if {
	every request in [{}, {"request": {}}, {"request": {"artifact": {"digest": fixtures.digest}}}, {"parameters": {}}] {
		found := pinned.deny with input as request
		{finding.code | some finding in found} == {"digest_missing"}
	}
	without := object.remove(asks(by_digest("nginx:latest"), {}), ["parameters"])
	found := pinned.deny with input as without
	{finding.code | some finding in found} == {"tag_not_allowed"}
}

test_messages if {
	found := pinned.deny with input as asks("nginx:latest", {})
	{finding.message | some finding in found} == {"`nginx:latest` does not name the digest that is judged"}
}
