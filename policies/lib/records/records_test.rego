package lib.records_test

import data.lib.fixtures_test as fixtures
import data.lib.records

# The ids of what holds its slot in staging.
holding(list) := [record.id | some record in found] if {
	found := records.holding("staging") with input as fixtures.asks({}) with data.holdpoint as fixtures.holdpoint(list)
}

test_the_newest_record_of_each_slot_holds_it if {
	list := [
		fixtures.record({"id": "a"}),
		fixtures.record({"id": "b", "status": "SUPERSEDED"}),
		fixtures.record({"id": "c", "environment_name": "staging-us"}),
		fixtures.record({"id": "d", "environment_name": "dev"}),
	]
	holding(list) == ["a", "c"]
}

test_doubt_is_not_passed_over if {
	timeless := fixtures.record({"id": "a", "created_at": null})
	holding([timeless]) == ["a"]
	holding([timeless, fixtures.record({"id": "b"})]) == []
	holding([fixtures.without({"id": "a"}, "created_at"), fixtures.other({})]) == []
	holding([fixtures.record({"id": "a"}), fixtures.other({})]) == []
	holding([fixtures.record({"id": "a"}), fixtures.other({"status": "SUPERSEDED"})]) == ["a"]
	holding([fixtures.record({"id": "a"}), fixtures.record({"id": "b"})]) == ["a"]
}

test_a_record_without_a_kind_can_hold_the_slot if {
	torn := object.union(fixtures.without({}, "artifact"), {"artifact": {"digest": fixtures.other_digest}})
	holding([torn, fixtures.record({"created_at": "2026-11-01T00:00:00Z"})]) == []
}

test_a_record_that_begins_later_holds_nothing_yet if {
	holding([fixtures.record({"id": "a", "created_at": "2026-11-20T12:05:00Z"})]) == ["a"]
	holding([fixtures.record({"id": "a", "created_at": "2026-11-20T12:05:01Z"})]) == []
}

# As texts, 12:00:00.5 comes before 12:00:00.
test_fractions_of_seconds_do_not_mislead if {
	old := fixtures.other({"created_at": "2026-11-18T12:00:00Z"})
	new := fixtures.record({"id": "a", "created_at": "2026-11-18T12:00:00.5Z"})
	holding([new, old]) == ["a"]
	newer := fixtures.other({"created_at": "2026-11-18T12:00:00.5Z"})
	holding([newer, fixtures.record({"id": "a", "created_at": "2026-11-18T12:00:00Z"})]) == []
}

test_nanoseconds if {
	records.nanoseconds("1970-01-01T00:00:01Z") == 1000000000
	records.nanoseconds("2026-11-20T13:00:00.5+01:00") == 1795176000500000000
	every time_text in [null, 7, "", "0001-01-01T00:00:00Z", "2200-01-01T00:00:00Z", "-000001-01-01T00:00:00Z", []] {
		not timed(time_text)
	}
}

timed(text) if records.nanoseconds(text)
