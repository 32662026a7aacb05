package lib.parameters_test

import data.lib.fixtures_test as fixtures
import data.lib.parameters

test_duration if {
	parameters.duration("1s") == 1000000000
	parameters.duration("90m") == 5400000000000
	parameters.duration("1h30m") == 5400000000000
	parameters.duration("24h") == 86400000000000
	parameters.duration("7d") == 604800000000000
	parameters.duration("3650d") == 315360000000000000
	every text in ["3651d", "999999999s", "0d", "-1h"] {
		not is_duration(text)
	}
}

is_duration(text) if parameters.duration(text)

test_needed if {
	needed({}) == 1
	needed({"min_targets": 2}) == 2
	needed({"min_targets": "all"}) == 2
	1 == parameters.needed("staging") with input as fixtures.asks({"min_targets": 1}) with data.holdpoint as {}
	every number in [0, -1, "1", "most", [1], true, null] { not told(number, fixtures.holdpoint([])) }
	told("all", fixtures.holdpoint([]))
	not told("all", {})
}

told(number, holdpoint) if {
	parameters.needed("staging") with input as fixtures.asks({"min_targets": number}) with data.holdpoint as holdpoint
}

needed(given) := number if {
	number := parameters.needed("staging") with input as fixtures.asks(given)
		with data.holdpoint as fixtures.holdpoint([])
}

test_enough if {
	two := fixtures.asks({"environments": ["qa", "staging"]})
	any_one := fixtures.asks({"environments": ["qa", "staging"], "strategy": "any"})
	parameters.enough({"qa", "staging"}) with input as two
	not enough({"qa"}, two)
	not enough(set(), two)
	parameters.enough({"qa"}) with input as any_one
	not enough({"qa"}, fixtures.asks({"environments": ["qa", "staging"], "strategy": "most"}))
	not enough(set(), fixtures.asks({"environments": []}))
	not enough(set(), {})
}

enough(having, request) if parameters.enough(having) with input as request

test_unknown_environments if {
	found := parameters.unknown(["dev", "uat"]) with data.holdpoint as fixtures.holdpoint([])
	{finding.message | some finding in found} == {concat("", [
		"`uat` is named as a place to look for the artifact, and no such environment is known",
	])}
}
