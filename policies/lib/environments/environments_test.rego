package lib.environments_test

import data.lib.environments
import data.lib.fixtures_test as fixtures

codes(names, changes) := {finding.code | some finding in findings} if {
	findings := environments.faults(names) with data.holdpoint as object.union(fixtures.holdpoint([]), changes)
}

test_known_and_complete_ones_have_no_faults if {
	codes(["dev", "production"], {}) == set()
	codes([], {}) == set()
}

test_unknown_is_not_empty if {
	codes(["dev", "uat"], {}) == {"environment_unknown"}
	codes([""], {}) == {"environment_unknown"}
	codes([7, null], {}) == {"environment_unknown"}
}

test_what_is_not_complete_shows_nothing_by_what_it_lacks if {
	every complete in [false, null, "true", 1] {
		codes(["dev", "qa"], {"environments": {"dev": {"complete": complete}}}) == {"records_incomplete"}
	}
}
