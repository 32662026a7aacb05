package promotion.digest_known_test

import data.lib.fixtures_test as fixtures
import data.promotion.digest_known

denied(request, list) := {finding.code | some finding in findings} if {
	findings := digest_known.deny with input as request with data.holdpoint as fixtures.holdpoint(list)
}

message(request, list) := finding.message if {
	findings := digest_known.deny with input as request with data.holdpoint as fixtures.holdpoint(list)
	some finding in findings
}

passes(request, list) if denied(request, list) == set()

test_known_anywhere_in_any_state if {
	every target in ["dev", "qa", "staging-eu", "staging-us", "production"] {
		passes(fixtures.asks({}), [fixtures.record({"environment_name": target})])
	}
	every status in ["DEPLOYED", "SUPERSEDED", "DECOMMISSIONED", "ROLLING_BACK"] {
		passes(fixtures.asks({}), [fixtures.record({"status": status})])
	}
	passes(fixtures.asks({}), [fixtures.record({"created_at": null, "updated_at": null, "last_seen_at": null})])
}

test_unknown if {
	denied(fixtures.asks({}), []) == {"digest_unknown"}
	denied(fixtures.asks({}), [fixtures.other({})]) == {"digest_unknown"}
	denied(fixtures.asks({}), [fixtures.record({"artifact": {"kind": "HELM_CHART"}})]) == {"digest_unknown"}
	message(fixtures.asks({"environments": ["dev", "staging"]}), [fixtures.other({})]) == concat("", [
		"no record of sha256:b69dd5a569d41cc2907ce23296d17c6b944d6baa61e6c0fc7e86deace50fb7ba",
		" in `dev`, `staging`",
	])
}

test_environments if {
	list := [fixtures.record({"environment_name": "dev"})]
	passes(fixtures.asks({"environments": ["dev", "staging"]}), list)
	denied(fixtures.asks({"environments": ["staging"]}), list) == {"digest_unknown"}
	denied(fixtures.asks({"environments": ["dev", "uat"]}), list) == {"environment_unknown"}
	every names in [[], {"dev": "qa"}] {
		denied(fixtures.asks({"environments": names}), list) != set()
	}
}

test_statuses if {
	list := [fixtures.record({"status": "SUPERSEDED"})]
	passes(fixtures.asks({"statuses": ["DEPLOYED", "SUPERSEDED"]}), list)
	denied(fixtures.asks({"statuses": ["DEPLOYED", "DECOMMISSIONED"]}), list) == {"digest_unknown"}
	endswith(
		message(fixtures.asks({"environments": ["dev"], "statuses": ["DEPLOYED", "DECOMMISSIONED"]}), list),
		" in `dev` that is DEPLOYED or DECOMMISSIONED",
	)
	passes(fixtures.asks({"statuses": ["DEPLOYED"]}), [fixtures.record({})])
	every statuses in [[], ["deployed"], ["OTHER"]] {
		denied(fixtures.asks({"statuses": statuses}), [fixtures.record({})]) != set()
	}
}

test_deployed_means_now if {
	newer := fixtures.other({"created_at": "2026-11-19T12:00:00Z"})
	denied(fixtures.asks({"statuses": ["DEPLOYED"]}), [newer, fixtures.record({})]) == {"digest_unknown"}
	passes(fixtures.asks({}), [newer, fixtures.record({})])
}

test_a_digest_that_is_none_is_not_known if {
	every text in ["", "sha256:ABC", upper(fixtures.digest), null] {
		request := fixtures.asks_with({}, {"request": {"artifact": {"digest": text}}})
		denied(request, [fixtures.record({"artifact": {"digest": text}})]) == {"digest_unknown"}
	}
	denied(fixtures.asks_with({}, {"request": {"artifact": {"digest": false}}}), []) == {"input_invalid"}
}

test_nothing_at_all_is_no_pass if {
	every request in [{}, {"parameters": {}}, {"request": {}, "environment": {}}] {
		found := digest_known.deny with input as request with data.holdpoint as {}
		count(found) > 0
	}
	found := digest_known.deny with input as fixtures.asks_with({}, {"environment": {"after": []}})
		with data.holdpoint as {}
	{finding.code | some finding in found} == {"digest_unknown"}
}
