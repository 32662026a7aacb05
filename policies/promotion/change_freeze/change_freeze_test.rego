package promotion.change_freeze_test

import data.lib.fixtures_test as fixtures
import data.promotion.change_freeze

at(instant, parameters) := fixtures.asks_with(parameters, {
	"as_of": instant,
	"as_of_ns": time.parse_rfc3339_ns(instant),
})

passes(request) if {
	found := [change_freeze.open, change_freeze.deny, change_freeze.hold, change_freeze.warn] with input as request
	found == [true, set(), set(), set()]
}

# Open exactly between two instants.
passes_between(parameters, from, to) if {
	passes(at(from, parameters))
	not passes(before(from, parameters))
	passes(before(to, parameters))
	not passes(at(to, parameters))
}

closed_between(parameters, from, to) if {
	not passes(at(from, parameters))
	passes(before(from, parameters))
	not passes(before(to, parameters))
	passes(at(to, parameters))
}

# The last nanosecond before an instant.
before(instant, parameters) := object.union(at(instant, parameters), {"as_of_ns": time.parse_rfc3339_ns(instant) - 1})

# Code and opening of each finding that holds; nothing denies and nothing warns.
held(request) := {[finding.code, object.get(finding, "opens_at", "never")] | some finding in found} if {
	said := [change_freeze.deny, change_freeze.hold, change_freeze.warn] with input as request
	[denials, found, warnings] := said
	count(denials | warnings) == 0
}

frozen_until(request, instant) if held(request) == {["frozen", instant]}

shut_until(request, instant) if held(request) == {["outside_windows", instant]}

denied(request) := {finding.code | some finding in found} if {
	said := [change_freeze.deny, change_freeze.hold] with input as request
	[found, holds] := said
	count(holds) == 0
}

year_end := {"from": "2026-12-19", "until": "2027-01-04", "time_zone": "Europe/Berlin"}

office := {
	"weekdays": ["monday", "tuesday", "wednesday", "thursday", "friday"],
	"hours": {"from": "09:00", "to": "17:00"},
}

test_a_dated_window_begins_and_ends_with_its_days if {
	parameters := {"deny": [year_end]}
	closed_between(parameters, "2026-12-18T23:00:00Z", "2027-01-03T23:00:00Z")
	frozen_until(at("2026-12-24T12:00:00Z", parameters), "2027-01-03T23:00:00Z")
	passes_between({"allow": [year_end]}, "2026-12-18T23:00:00Z", "2027-01-03T23:00:00Z")
	shut_until(at("2026-11-20T12:00:00Z", {"allow": [year_end]}), "2026-12-18T23:00:00Z")
}

test_a_dated_window_of_instants if {
	parameters := {"deny": [{"from": "2026-12-18T18:00:00+01:00", "until": "2027-01-04T08:00:00Z"}]}
	closed_between(parameters, "2026-12-18T17:00:00Z", "2027-01-04T08:00:00Z")
	frozen_until(at("2026-12-24T12:00:00.5Z", parameters), "2027-01-04T08:00:00Z")
	mixed := {"deny": [{"from": "2026-12-18T18:00:00+01:00", "until": "2026-12-19", "time_zone": "Asia/Tokyo"}]}
	denied(at("2026-12-18T12:00:00Z", mixed)) == {"window_invalid"}
}

test_a_freeze_without_an_end_holds_and_does_not_say_until_when if {
	request := at("2026-12-24T12:00:00Z", {"deny": [{"from": "2026-12-01"}]})
	held(request) == {["frozen", "never"]}
	found := change_freeze.hold with input as request
	some finding in found
	contains(finding.remediation, "no opening is known for the next 366 days")
	passes(at("2026-11-30T23:59:59Z", {"deny": [{"from": "2026-12-01"}]}))

	# Nor is one known that is further off than that.
	held(at("2026-12-24T12:00:00Z", {"deny": [{"until": "2027-12-26"}]})) == {["frozen", "never"]}
	frozen_until(at("2026-12-24T12:00:00Z", {"deny": [{"until": "2027-12-25"}]}), "2027-12-25T00:00:00Z")
}

test_an_allow_window_that_is_over_does_not_open_again if {
	held(at("2026-12-24T12:00:00Z", {"allow": [{"until": "2026-12-24"}]})) == {["outside_windows", "never"]}
	passes(at("2026-12-23T23:59:59Z", {"allow": [{"until": "2026-12-24"}]}))
}

test_weekdays_and_hours if {
	parameters := {"time_zone": "Europe/Berlin", "allow": [office]}
	passes_between(parameters, "2026-11-20T08:00:00Z", "2026-11-20T16:00:00Z")
	shut_until(at("2026-11-20T16:00:00Z", parameters), "2026-11-23T08:00:00Z")
	shut_until(at("2026-11-21T12:00:00Z", parameters), "2026-11-23T08:00:00Z")
	passes(at("2026-11-20T16:00:00Z", {"time_zone": "America/New_York", "allow": [office]}))
}

test_whole_weekdays if {
	weekend := {"weekdays": ["saturday", "sunday"], "time_zone": "Europe/Berlin"}
	closed_between({"deny": [weekend]}, "2026-11-20T23:00:00Z", "2026-11-22T23:00:00Z")
	frozen_until(at("2026-11-21T12:00:00Z", {"deny": [weekend]}), "2026-11-22T23:00:00Z")
	passes_between({"allow": [weekend]}, "2026-11-20T23:00:00Z", "2026-11-22T23:00:00Z")
}

test_hours_over_midnight_belong_to_the_day_they_begin_on if {
	night := {"weekdays": ["friday"], "hours": {"from": "22:00", "to": "06:00"}}
	closed_between({"deny": [night]}, "2026-11-20T22:00:00Z", "2026-11-21T06:00:00Z")
	passes(at("2026-11-20T05:00:00Z", {"deny": [night]}))
	passes(at("2026-11-21T22:30:00Z", {"deny": [night]}))
	frozen_until(at("2026-11-20T23:30:00Z", {"deny": [night]}), "2026-11-21T06:00:00Z")
	passes_between({"allow": [night]}, "2026-11-20T22:00:00Z", "2026-11-21T06:00:00Z")
	every_night := {"hours": {"from": "22:00", "to": "06:00"}}
	closed_between({"deny": [every_night]}, "2026-11-21T22:00:00Z", "2026-11-22T06:00:00Z")
}

test_hours_up_to_midnight if {
	every to in ["24:00", "00:00"] {
		evening := {"weekdays": ["friday"], "hours": {"from": "16:00", "to": to}}
		closed_between({"deny": [evening]}, "2026-11-20T16:00:00Z", "2026-11-21T00:00:00Z")
		frozen_until(at("2026-11-20T16:00:00Z", {"deny": [evening]}), "2026-11-21T00:00:00Z")
	}
}

test_dates_bound_weekdays_and_hours if {
	window := {"from": "2026-12-05", "until": "2026-12-25", "weekdays": ["friday"], "hours": {"from": "12:00", "to": "13:00"}}
	passes(at("2026-12-04T12:30:00Z", {"deny": [window]}))
	closed_between({"deny": [window]}, "2026-12-18T12:00:00Z", "2026-12-18T13:00:00Z")
	passes(at("2026-12-25T12:30:00Z", {"deny": [window]}))
	shut_until(at("2026-11-20T12:00:00Z", {"allow": [window]}), "2026-12-11T12:00:00Z")
	held(at("2026-12-18T13:00:00Z", {"allow": [window]})) == {["outside_windows", "never"]}
}

test_deny_beats_allow if {
	parameters := {"allow": [office], "deny": [{"from": "2026-11-20", "until": "2026-11-24"}]}
	frozen_until(at("2026-11-20T12:00:00Z", parameters), "2026-11-24T09:00:00Z")
	held(at("2026-11-20T20:00:00Z", parameters)) == {
		["frozen", "2026-11-24T09:00:00Z"],
		["outside_windows", "2026-11-24T09:00:00Z"],
	}
	passes(at("2026-11-24T09:00:00Z", parameters))
}

test_it_opens_where_windows_leave_room if {
	# The freeze ends within the night, and the hours begin within another freeze.
	parameters := {"allow": [office], "deny": [
		{"from": "2026-11-20", "until": "2026-11-23"},
		{"from": "2026-11-23T08:00:00Z", "until": "2026-11-23T11:15:00Z"},
		{"hours": {"from": "11:00", "to": "12:00"}},
	]}
	held(at("2026-11-20T12:00:00Z", parameters)) == {["frozen", "2026-11-23T12:00:00Z"]}
}

test_windows_that_touch_leave_no_gap if {
	parameters := {"deny": [
		{"from": "2026-12-19", "until": "2026-12-25"},
		{"from": "2026-12-25", "until": "2027-01-04"},
		{"hours": {"from": "00:00", "to": "12:00"}},
		{"hours": {"from": "12:00", "to": "18:00"}},
	]}
	held(at("2026-12-20T19:00:00Z", parameters)) == {["frozen", "2027-01-04T18:00:00Z"]}
	held(at("2026-11-20T00:00:00Z", parameters)) == {["frozen", "2026-11-20T18:00:00Z"]}
}

test_many_freezes_one_after_another if {
	days := ["19", "20", "21", "22", "23", "24", "25", "26", "27", "28", "29", "30"]
	freezes := [{"from": sprintf("2026-12-%s", [day]), "until": sprintf("2026-12-%sT23:59:59Z", [day])} | some day in days]
	seconds := [{"from": sprintf("2026-12-%sT23:59:59Z", [day]), "until": sprintf("2026-12-%d", [to_number(day) + 1])} |
		some day in days
	]
	request := at("2026-12-19T12:00:00Z", {"deny": array.concat(freezes, seconds)})
	held(request) == {["frozen", "2026-12-31T00:00:00Z"]}
}

test_windows_that_never_leave_room_have_no_opening if {
	halves := [{"hours": {"from": "00:00", "to": "12:00"}}, {"hours": {"from": "12:00", "to": "00:00"}}]
	held(at("2026-11-20T12:00:00Z", {"deny": halves})) == {["frozen", "never"]}
	held(at("2026-11-20T12:00:00Z", {"deny": [office], "allow": [office]})) == {["frozen", "never"]}
}

test_an_opening_after_many_windows if {
	hours := [{"hours": {"from": sprintf("%02d:00", [hour]), "to": sprintf("%02d:00", [hour + 1])}} |
		some hour in numbers.range(0, 11)
	]
	held(at("2026-11-20T00:30:00Z", {"deny": hours})) == {["frozen", "2026-11-20T12:00:00Z"]}
}

test_an_opening_months_from_now if {
	parameters := {"allow": [office], "deny": [
		{"from": "2026-11-01", "until": "2027-03-01", "hours": {"from": "06:00", "to": "18:00"}},
		{"from": "2027-02-20", "until": "2027-05-01T00:00:00Z"},
	]}
	frozen_until(at("2026-11-20T12:00:00Z", parameters), "2027-05-03T09:00:00Z")
}

# In 2027 the clocks of Berlin go from 02:00 to 03:00 on 28 March, and from 03:00 to 02:00 on 31 October, at 01:00 UTC.
berlin(from, to) := {"hours": {"from": from, "to": to}, "time_zone": "Europe/Berlin"}

test_hours_that_the_clock_skips_do_not_come if {
	skipped := {"deny": [berlin("02:15", "02:45")]}
	passes(at("2027-03-28T00:59:59Z", skipped))
	passes(at("2027-03-28T01:00:00Z", skipped))
	cut := {"deny": [berlin("01:30", "02:30")]}
	closed_between(cut, "2027-03-28T00:30:00Z", "2027-03-28T01:00:00Z")
	frozen_until(at("2027-03-28T00:30:00Z", cut), "2027-03-28T01:00:00Z")
	passes_between({"allow": [berlin("02:30", "04:00")]}, "2027-03-28T01:00:00Z", "2027-03-28T02:00:00Z")
	shut_until(at("2027-03-28T00:30:00Z", {"allow": [berlin("02:30", "04:00")]}), "2027-03-28T01:00:00Z")
}

test_hours_that_the_clock_shows_twice_come_twice if {
	late := {"deny": [berlin("02:15", "03:00")]}
	closed_between(late, "2027-10-31T00:15:00Z", "2027-10-31T01:00:00Z")
	closed_between(late, "2027-10-31T01:15:00Z", "2027-10-31T02:00:00Z")
	frozen_until(at("2027-10-31T00:20:00Z", late), "2027-10-31T01:00:00Z")
	frozen_until(at("2027-10-31T01:20:00Z", late), "2027-10-31T02:00:00Z")
	shut_until(at("2027-10-31T00:20:00Z", {"allow": [berlin("02:00", "02:15")]}), "2027-10-31T01:00:00Z")
	shut_until(at("2027-10-31T01:20:00Z", {"allow": [berlin("02:00", "02:15")]}), "2027-11-01T01:00:00Z")
}

test_a_night_is_as_long_as_the_clock_makes_it if {
	night := {"deny": [object.union(berlin("22:00", "06:00"), {"weekdays": ["saturday"]})]}
	closed_between(night, "2027-03-27T21:00:00Z", "2027-03-28T04:00:00Z")
	closed_between(night, "2027-10-30T20:00:00Z", "2027-10-31T05:00:00Z")
	frozen_until(at("2027-03-27T21:00:00Z", night), "2027-03-28T04:00:00Z")
	frozen_until(at("2027-10-30T20:00:00Z", night), "2027-10-31T05:00:00Z")
}

test_an_opening_beyond_a_change_of_clocks if {
	parameters := {"allow": [object.union(office, {"time_zone": "Europe/Berlin"})]}
	shut_until(at("2027-03-26T16:00:00Z", parameters), "2027-03-29T07:00:00Z")
	shut_until(at("2027-10-29T15:00:00Z", parameters), "2027-11-01T08:00:00Z")
}

test_a_change_of_clocks_alone_can_open if {
	# New York changes its clocks on 14 March 2027, two weeks before Berlin: for that time the hours do not meet.
	parameters := {
		"allow": [{"hours": {"from": "08:00", "to": "09:00"}, "time_zone": "America/New_York"}],
		"deny": [berlin("13:30", "15:00")],
	}
	held(at("2027-03-01T13:00:00Z", parameters)) == {["frozen", "2027-03-14T12:00:00Z"]}
}

test_a_change_of_clocks_by_half_an_hour if {
	parameters := {"deny": [{"hours": {"from": "01:30", "to": "02:15"}, "time_zone": "Australia/Lord_Howe"}]}
	closed_between(parameters, "2026-10-03T15:00:00Z", "2026-10-03T15:30:00Z")
	frozen_until(at("2026-10-03T15:10:00Z", parameters), "2026-10-03T15:30:00Z")
}

test_a_date_begins_with_its_first_instant if {
	# In Beirut the clocks go from 00:00 to 01:00, in Havana from 01:00 to 00:00.
	beirut := {"deny": [{"from": "2026-03-29", "until": "2026-03-30", "time_zone": "Asia/Beirut"}]}
	closed_between(beirut, "2026-03-28T22:00:00Z", "2026-03-29T21:00:00Z")
	frozen_until(at("2026-03-29T12:00:00Z", beirut), "2026-03-29T21:00:00Z")
	shut_until(at("2026-03-28T12:00:00Z", {"allow": beirut.deny}), "2026-03-28T22:00:00Z")
	havana := {"deny": [{"from": "2026-11-01", "until": "2026-11-02", "time_zone": "America/Havana"}]}
	closed_between(havana, "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z")
	frozen_until(at("2026-11-01T12:00:00Z", havana), "2026-11-02T05:00:00Z")
	shut_until(at("2026-10-31T12:00:00Z", {"allow": havana.deny}), "2026-11-01T04:00:00Z")
}

test_leap_days if {
	parameters := {"deny": [{"from": "2028-02-29", "until": "2028-03-01"}]}
	closed_between(parameters, "2028-02-29T00:00:00Z", "2028-03-01T00:00:00Z")
	frozen_until(at("2028-02-29T12:00:00Z", parameters), "2028-03-01T00:00:00Z")
	frozen_until(at("2028-02-28T12:00:00Z", {"deny": [{"weekdays": ["monday"]}]}), "2028-02-29T00:00:00Z")
}

test_windows_of_several_time_zones if {
	parameters := {"allow": [
		object.union(office, {"time_zone": "Asia/Tokyo"}),
		object.union(office, {"time_zone": "America/New_York"}),
	]}
	passes(at("2026-11-20T00:00:00Z", parameters))
	passes(at("2026-11-20T14:00:00Z", parameters))
	shut_until(at("2026-11-20T08:00:00Z", parameters), "2026-11-20T14:00:00Z")
	shut_until(at("2026-11-20T22:00:00Z", parameters), "2026-11-23T00:00:00Z")
}

# What a closed gate says of a request that is exempt.
let_through(request) := message if {
	found := change_freeze.warn with input as request
	denied(request) == set()
	some finding in found
	message := finding.message
}

asks_as(parameters, changes) := object.union(at("2026-12-24T12:00:00Z", parameters), {"request": changes})

test_exempt_intents if {
	parameters := {"deny": [year_end], "exempt_intents": ["hotfix", "rollback"]}
	contains(let_through(asks_as(parameters, {"intent": "hotfix"})), "for its intent `hotfix`")
	contains(let_through(asks_as(parameters, {"intent": "rollback"})), "for its intent `rollback`")
	every intent in ["deploy", "HOTFIX", "", null] {
		frozen_until(asks_as(parameters, {"intent": intent}), "2027-01-03T23:00:00Z")
	}
	passes(object.union(at("2026-12-01T12:00:00Z", parameters), {"request": {"intent": "hotfix"}}))
	found := change_freeze.hold with input as asks_as(parameters, {"intent": "deploy"})
	some finding in found
	finding.remediation == "wait until it opens; an urgent one passes with the intent `hotfix` or `rollback`"
}

test_exempt_actors if {
	parameters := {"deny": [year_end], "exempt_actors": ["alice", "system:serviceaccount:argocd:controller"]}
	contains(let_through(asks_as(parameters, {"actor": "alice"})), "for its actor `alice`")
	every actor in ["Alice", "alice ", "a", "", null, "аlice", "alice\u200b", ["alice"], {"alice": "alice"}] {
		frozen_until(asks_as(parameters, {"actor": actor}), "2027-01-03T23:00:00Z")
	}
	frozen_until(at("2026-12-24T12:00:00Z", parameters), "2027-01-03T23:00:00Z")
}

test_windows_that_make_no_sense_deny if {
	every window in [
		{"from": "2026-12-20", "until": "2026-12-20"},
		{"from": "2026-12-20", "until": "2026-12-19"},
		{"from": "2026-12-20T10:00:00Z", "until": "2026-12-20T10:00:00Z"},
		{"from": "2026-12-20T10:00:00+02:00", "until": "2026-12-20T08:00:00Z"},
		{"hours": {"from": "09:00", "to": "09:00"}},
	] {
		every key in ["deny", "allow"] {
			denied(at("2026-12-24T12:00:00Z", {key: [window]})) == {"window_invalid"}
			denied(at("2026-12-20T09:00:00Z", {key: [year_end, window]})) == {"window_invalid"}
			exempt := {key: [window], "exempt_intents": ["deploy"]}
			denied(at("2026-12-24T12:00:00Z", exempt)) == {"window_invalid"}
		}
	}
}

test_what_makes_no_sense_is_named if {
	window := {"name": "audit", "from": "2026-12-20", "until": "2026-12-19"}
	found := change_freeze.deny with input as at("2026-12-24T12:00:00Z", {"deny": [year_end, window]})
	{finding.message | some finding in found} == {concat("", ["whether `production` is open cannot be told: `audit`, from 2026-12-20 until 2026-12-19, UTC makes no sense"])}
}

test_nothing_at_all_is_no_pass if {
	every parameters in [{}, {"deny": []}, {"allow": []}, {"deny": [], "allow": []}] {
		denied(at("2026-12-24T12:00:00Z", parameters)) == {"window_invalid"}
	}
	closed := change_freeze.deny with input as {}
	count(closed) == 1
	denied(object.remove(fixtures.asks({"deny": [year_end]}), ["as_of_ns"])) == {"window_invalid"}
}

test_messages if {
	window := object.union(year_end, {"name": "year end", "message": "ask in %s #releases"})
	found := change_freeze.hold with input as at("2026-12-24T12:00:00Z", {"deny": [window]})
	found == {{
		"code": "frozen",
		"message": concat(" ", [
			"`production` is frozen: `year end`, from 2026-12-19 until 2027-01-04, Europe/Berlin:",
			"ask in %s #releases",
		]),
		"remediation": "wait until it opens",
		"records": [],
		"opens_at": "2027-01-03T23:00:00Z",
	}}
	windows := [{"weekdays": ["monday", "tuesday"], "hours": {"from": "09:00", "to": "17:00"}}, {"from": "2027-01-01"}]
	shut := change_freeze.hold with input as at("2026-12-24T12:00:00Z", {"allow": windows})
	{finding.message | some finding in shut} == {concat("", [
		"`production` is open only in its windows, and none is open now: ",
		"on monday and tuesday, from 09:00 to 17:00, UTC; from 2027-01-01, UTC",
	])}
}

nothing(text, values) := text if count(values) > 100

test_a_finding_that_cannot_be_worded_still_denies if {
	found := change_freeze.deny with input as at("2026-12-24T12:00:00Z", {"deny": [year_end]})
		with sprintf as nothing
	{finding.code | some finding in found} == {"closed"}
}
