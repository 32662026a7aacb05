package artifact.registries_test

import data.artifact.registries
import data.lib.fixtures_test as fixtures

asks(name, entries) := object.union(fixtures.asks({"allowed": entries}), {"request": {"artifact": {"name": name}}})

denied(name, entries) := {finding.code | some finding in found} if {
	found := registries.deny with input as asks(name, entries)
}

passes(name, entries) if denied(name, entries) == set()

refused(name, entries) if denied(name, entries) == {"registry_not_allowed"}

test_a_registry if {
	every name in ["ghcr.io/acme/storefront", "ghcr.io/acme", "ghcr.io/a/b/c/d"] {
		passes(name, ["ghcr.io"])
		passes(name, ["quay.io", "ghcr.io"])
	}
}

test_look_alikes_of_a_registry if {
	every name in [
		"ghcr.io.evil.com/acme/storefront", "ghcr.iox/acme/storefront", "xghcr.io/acme/storefront", "evil.com/ghcr.io/acme",
		"ghcr.io:5000/acme/storefront", "GHCR.io/acme/storefront", "docker.io/ghcr.io/acme", "ghcr​.io/acme/a",
		"ghcr.іo/acme/storefront", " ghcr.io/acme/storefront", "ghcr.i/o/acme/storefront", "ghcr.io.", "/ghcr.io/acme",
	] {
		refused(name, ["ghcr.io/acme", "ghcr.io/other"])
	}
}

test_look_alikes_by_the_whole_registry if {
	every name in ["ghcr.io.evil.com/acme/storefront", "ghcr.io:5000/acme/storefront", "GHCR.io/acme/storefront"] {
		refused(name, ["ghcr.io"])
	}
}

test_the_beginning_of_a_path if {
	every name in ["ghcr.io/acme/storefront", "ghcr.io/acme/charts/storefront", "ghcr.io/acme"] {
		passes(name, ["ghcr.io/acme"])
	}
	every name in ["ghcr.io/acme-evil/storefront", "ghcr.io/acmeevil", "ghcr.io/evil/acme", "ghcr.io/acm", "ghcr.io/ACME/x"] {
		refused(name, ["ghcr.io/acme"])
	}
	passes("ghcr.io/acme/storefront", ["ghcr.io/acme/storefront"])
	refused("ghcr.io/acme/storefront-next", ["ghcr.io/acme/storefront"])
}

test_the_default_registry_and_ports if {
	passes("docker.io/library/nginx", ["docker.io/library"])
	passes("docker.io/acme/app", ["docker.io"])
	refused("docker.io/acme/app", ["docker.io/library"])
	refused("docker.io/library/nginx", ["library"])
	passes("localhost:5000/app", ["localhost:5000"])
	refused("localhost:5001/app", ["localhost:5000"])
	refused("localhost/app", ["localhost:5000"])
	passes("[::1]:5000/a/b", ["[::1]:5000/a"])
}

test_a_digest_without_a_name if {
	denied("", ["ghcr.io"]) == {"name_missing"}
	denied("", [""]) == {"name_missing"}
	found := registries.deny with input as object.remove(fixtures.asks({"allowed": ["ghcr.io"]}), ["request"])
	{finding.code | some finding in found} == {"name_missing"}
}

test_entries_that_are_no_names_allow_nothing if {
	every entry in ["", "/", "ghcr.io/", "*", "ghcr.io/*", "g", "https://ghcr.io"] {
		refused("ghcr.io/acme/storefront", [entry])
	}
	refused("ghcr.io/acme/storefront", [])
}

test_nothing_at_all_is_no_pass if {
	every request in [{}, {"parameters": {}}, {"parameters": {"allowed": ["ghcr.io"]}}] {
		found := registries.deny with input as request
		count(found) == 1
	}
	found := registries.deny with input as object.remove(asks("ghcr.io/acme/storefront", []), ["parameters"])
	count(found) == 1
}

test_messages if {
	found := registries.deny with input as asks("ghcr.io/evil/x", ["ghcr.io/acme", "quay.io"])
	{finding.message | some finding in found} == {concat(" ", [
		"`ghcr.io/evil/x` is in none of the allowed registries;",
		"`production` takes those from `ghcr.io/acme`, `quay.io`",
	])}
	many := registries.deny with input as asks("ghcr.io/evil/x", [sprintf("r%d.io", [number]) | some number in numbers.range(1, 12)])
	some finding in many
	endswith(finding.message, "`r9.io`, `r10.io` and 2 more")
}
