# METADATA
# title: Change freeze
# description: >-
#   The environment takes deployments only while no `deny` window is open and, when there are `allow` windows, while
#   one of them is: deny beats allow. A window has dates (`from`, `until`), recurs (`weekdays`, `hours`), or both, and
#   then it is open while both hold. Its start belongs to it, its end does not. Weekdays, hours and dates are what the
#   clock on the wall shows in `time_zone`: hours that a change to summer time skips do not come, hours that are shown
#   twice come twice, and a date begins with its first instant there. Hours whose `to` is not after `from` go on over
#   midnight and belong to the weekday they begin on. A closed gate holds, with the first instant at which it really is
#   open as `opens_at`. It looks a year ahead; a freeze without an end holds without `opens_at`, and does not deny:
#   nothing is wrong with the artifact, and the gate opens as soon as the freeze is lifted. Exempt intents and actors
#   pass a closed gate, and are reported by a warning. Both are what the caller claims; the names of actors are compared
#   as they are written. Windows that make no sense deny, also when the request is exempt.
# custom:
#   severity: medium
#   version: 1.0.0
#   records: related
#   remediation: Wait until the gate opens.
#   codes:
#     frozen: a `deny` window is open; it holds
#     outside_windows: no `allow` window is open; it holds
#     exempt: the gate is closed, and the request is exempt; it warns
#     window_invalid: a window ends before it begins, or is empty
#     closed: the gate is closed, and which window closes it cannot be told
#   parameters:
#     type: object
#     additionalProperties: false
#     anyOf: [{required: [deny]}, {required: [allow]}]
#     properties:
#       deny:
#         description: >-
#           Windows in which nothing is deployed. Each has some of `from`, `until`, `weekdays` and `hours`, and is open
#           while all it has hold.
#         type: array
#         minItems: 1
#         maxItems: 40
#         items: {$ref: "#/$defs/window"}
#       allow:
#         description: Windows outside of which nothing is deployed, written like those of `deny`.
#         type: array
#         minItems: 1
#         maxItems: 20
#         items: {$ref: "#/$defs/window"}
#       time_zone:
#         description: The time zone of windows that name none, by its IANA name, such as `Europe/Berlin`.
#         $ref: "#/$defs/time_zone"
#         default: UTC
#       exempt_intents:
#         description: Requests with one of these intents pass a closed gate.
#         type: array
#         uniqueItems: true
#         items: {enum: [deploy, rollback, hotfix]}
#         default: []
#       exempt_actors:
#         description: Requests of these actors pass a closed gate.
#         type: array
#         uniqueItems: true
#         maxItems: 200
#         items: {type: string, minLength: 1}
#         default: []
#     $defs:
#       time_zone: {type: string, pattern: "^(UTC|[A-Z][A-Za-z_]*(/[A-Z][A-Za-z0-9_+-]*){1,2})$"}
#       date:
#         type: string
#         pattern: "^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])(T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](Z|[+-][01][0-9]:[0-5][0-9]))?$"
#       window:
#         type: object
#         additionalProperties: false
#         anyOf: [{required: [from]}, {required: [until]}, {required: [weekdays]}, {required: [hours]}]
#         properties:
#           name: {description: What the window is called in messages., type: string, minLength: 1, maxLength: 100}
#           message: {description: Shown to whom the window blocks., type: string, minLength: 1, maxLength: 500}
#           from:
#             description: From this date, such as `2026-12-20`, or instant, such as `2026-12-20T18:00:00Z`, on.
#             $ref: "#/$defs/date"
#           until:
#             description: Up to this date or instant, and without it.
#             $ref: "#/$defs/date"
#           weekdays:
#             description: The days on which its hours begin.
#             type: array
#             minItems: 1
#             uniqueItems: true
#             items: {enum: [monday, tuesday, wednesday, thursday, friday, saturday, sunday]}
#           hours:
#             description: >-
#               From and up to what the clock on the wall shows, such as `{from: "16:00", to: "08:00"}`; over midnight
#               when `to` is not later. `to` may be `24:00`.
#             type: object
#             additionalProperties: false
#             required: [from, to]
#             properties:
#               from: {type: string, pattern: "^([01][0-9]|2[0-3]):[0-5][0-9]$"}
#               to: {type: string, pattern: "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"}
#           time_zone:
#             description: Where that clock hangs, by its IANA name.
#             $ref: "#/$defs/time_zone"
package promotion.change_freeze

deny contains finding if {
	not open
	count(unreadable) > 0
	finding := {
		"code": "window_invalid",
		"message": sprintf("whether `%s` is open cannot be told: %s", [environment, concat("; ", unreadable)]),
		"remediation": "correct the windows of the rule: real times, `from` before `until`, a known time zone",
		"records": [],
	}
}

# Nothing said would be a pass.
deny contains finding if {
	not open
	not exempt
	count(unreadable) == 0
	count(hold) == 0
	finding := {
		"code": "closed",
		"message": concat("", ["`", environment, "` is not open, and which window closes it cannot be told"]),
		"remediation": "look at the windows of the rule, and report this",
		"records": [],
	}
}

hold contains object.union(outlook, finding) if {
	not open
	not exempt
	count(unreadable) == 0
	some window in denying
	states([window], input.as_of_ns) == [true]
	finding := {"code": "frozen", "message": sprintf("`%s` is frozen: %s", [environment, told(window)])}
}

hold contains object.union(outlook, finding) if {
	not open
	not exempt
	count(unreadable) == 0
	count(allowing) > 0
	not true in states(allowing, input.as_of_ns)
	windows := concat("; ", [told(window) | some window in allowing])
	message := sprintf("`%s` is open only in its windows, and none is open now: %s", [environment, windows])
	finding := {"code": "outside_windows", "message": message}
}

warn contains finding if {
	not open
	count(unreadable) == 0
	finding := {
		"code": "exempt",
		"message": sprintf("`%s` is closed, and lets this request through for its %s", [environment, exempt]),
		"remediation": "make sure that it cannot wait",
		"records": [],
	}
}

# Whether the gate is open now. It must be shown: what fails to be evaluated leaves it closed.
open if opens(input.as_of_ns)

opens(instant) if {
	windows := object.get(input.parameters, "deny", [])
	said := states(windows, instant)
	count(said) == count(windows)
	not true in said
	allows(instant)
}

allows(_) if {
	not input.parameters.allow
	count(input.parameters.deny) > 0
}

allows(instant) if {
	windows := input.parameters.allow
	said := states(windows, instant)
	count(said) == count(windows)
	true in said
}

denying := object.get(input.parameters, "deny", [])

allowing := object.get(input.parameters, "allow", [])

# Whether each of these windows is open at an instant. A window that makes no sense is left out.
states(windows, instant) := [open_window |
	default_zone := object.get(input.parameters, "time_zone", "UTC")
	some window in windows

	# What the clock on the wall shows, and the same as if that were UTC.
	shown := time.format([instant, object.get(window, "time_zone", default_zone), "2006-01-02T15:04"])
	wall := time.parse_ns("2006-01-02T15:04", shown)
	clock := substring(shown, 11, 5)

	# Within one day both bounds hold; over midnight one of them does.
	hours := object.get(window, "hours", {"from": "00:00", "to": "24:00"})
	hours.from != hours.to
	begun := clock >= hours.from
	in_hours := (begun == (clock < hours.to)) == (hours.from < hours.to)

	# Hours that have not begun today, and yet are on, began the day before.
	day := lower(time.weekday(wall - object.get({false: 86400000000000}, begun, 0)))
	on_day := day in object.get(window, "weekdays", [day])
	open_window := [in_hours, on_day, within(window, instant, wall)] == [true, true, true]
]

# Whether an instant is within the dates of a window; undefined when the window ends before it begins.
within(window, instant, wall) if {
	not window.from
	not window.until
} else := [since_start >= 0, since_end >= 0] == [true, false] if {
	since_start := since(object.get(window, "from", "1970-01-01"), instant, wall)
	since_end := since(object.get(window, "until", "2199-12-31"), instant, wall)
	since_start > since_end
}

# The nanoseconds since the beginning of a date, or since an instant; below zero before it.
since(text, instant, wall) := wall - time.parse_ns("2006-01-02", text) if {
	count(text) == 10
} else := instant - time.parse_rfc3339_ns(text)

exempt := sprintf("intent `%s`", [intent]) if {
	intent := input.request.intent
	intent in input.parameters.exempt_intents
} else := sprintf("actor `%s`", [actor]) if {
	actor := input.request.actor
	actor in input.parameters.exempt_actors
}

environment := object.get(input, ["environment", "name"], "the environment")

unreadable contains "the request names no instant" if not has_clock

has_clock if is_number(input.as_of_ns)

unreadable contains "the rule has no windows" if count(array.concat(denying, allowing)) == 0

unreadable contains sprintf("%s makes no sense", [told(window)]) if {
	some window in array.concat(denying, allowing)
	count(states([window], input.as_of_ns)) == 0
}

# A window in words.
told(window) := concat("", [concat(", ", facts), note]) if {
	name := concat("", [sprintf("`%s`", [text]) | text := window.name])
	dates := concat(" ", [sprintf("%s %s", [key, window[key]]) | some key in ["from", "until"]; window[key]])
	days := concat("", [sprintf("on %s", [concat(" and ", window.weekdays)]) | window.weekdays])
	hours := concat("", [sprintf("from %s to %s", [window.hours.from, window.hours.to]) | window.hours])
	facts := [text | some text in [name, dates, days, hours, zone_of(window)]; text != ""]
	note := concat("", [sprintf(": %s", [text]) | text := window.message])
}

# What the findings of a closed gate share.
outlook := {"records": [], "opens_at": time.format(opening), "remediation": remedy} if {
	remedy := concat("", ["wait until it opens", way_round])
} else := {"records": [], "remediation": remedy} if {
	text := "no opening is known for the next 366 days: change the windows of the rule when it may open again"
	remedy := concat("", [text, way_round])
}

way_round := sprintf("; an urgent one passes with the intent %s", [concat(" or ", intents)]) if {
	intents := [sprintf("`%s`", [intent]) | some intent in input.parameters.exempt_intents]
	count(intents) > 0
} else := ""

# The first instant at which the gate is open: one of those at which a window could begin or end. Without another date
# or change of clocks the windows repeat each week, so an opening comes within eight days, or after one of those.
# No more than a few hundred are tried, in their order, so that many windows take no longer than a rule may.
opening := instant if {
	instant := first_open(array.slice(soon, 0, 8))
} else := instant if {
	instant := first_open(array.slice(soon, 8, 200))
} else := instant if {
	count(soon) <= 200
	instant := first_open(array.slice(later, 0, 200))
}

first_open(instants) := min([instant | some instant in instants; opens(instant)])

day_ns := 86400000000000

# The windows of `deny` that do not recur.
freezes := [window |
	some window in denying
	not window.weekdays
	not window.hours
]

# From when to when they close the gate for certain: nothing is tried then.
frozen_times := [[start, end] |
	some window in freezes
	start := max(dates(object.get(window, "from", "1970-01-01"), zone_of(window)))
	end := min(dates(object.get(window, "until", "2199-12-31"), zone_of(window)))
]

frozen(instant) if {
	some [start, end] in frozen_times
	start <= instant
	instant < end
}

search_start := max(array.concat([input.as_of_ns], [end |
	some [start, end] in frozen_times
	start <= input.as_of_ns
	input.as_of_ns < end
]))

search_end := input.as_of_ns + (366 * day_ns)

# The instants to try, in order: all of the next eight days.
soon := [instant |
	some instant in sort(((recurring_edges(search_start) | turning_points(2)) | dated_edges))
	instant >= search_start
	instant > input.as_of_ns
	instant <= min([search_end, search_start + (8 * day_ns)])
	not frozen(instant)
]

# And those of eight days after each date and change of clocks, unless a freeze that does not recur is on then. There
# may be many, so the search ends with the eleventh.
later := [instant |
	bases := sort([base |
		some base in (dated_edges | turning_points(53))
		base > search_start
		base <= search_end
		not frozen(base)
	])
	edges := {edge | some base in array.slice(bases, 0, 10); some edge in recurring_edges(base)}
	last := min(array.concat([search_end], array.slice(bases, 10, 11)))
	some instant in sort((edges | {base | some base in bases}))
	instant > search_start
	instant <= last
	not frozen(instant)
]

# When hours could begin or end in the eight days after an instant. What is not so is harmless: each is tried.
recurring_edges(base) := {instant |
	some [windows, key] in [[denying, "to"], [allowing, "from"]]
	some window in windows
	not window in freezes
	text := object.get(window, ["hours", key], {"from": "00:00", "to": "24:00"}[key])
	minutes := time.parse_duration_ns(concat("", [replace(text, ":", "h"), "m"]))
	some ahead in offsets(zone_of(window), base, base + (9 * day_ns))
	some day in starts(day_of(base) - day_ns, day_ns, 11)
	instant := (day + minutes) - ahead
}

dated_edges := {instant |
	some [windows, key] in [[denying, "until"], [allowing, "from"]]
	some window in windows
	some instant in dates(window[key], zone_of(window))
}

# The instants that a date could mean.
dates(text, zone) := {instant |
	start := time.parse_ns("2006-01-02", text)
	some ahead in offsets(zone, start - day_ns, start + day_ns)
	instant := start - ahead
} if {
	count(text) == 10
} else := {time.parse_rfc3339_ns(text)}

# When the clocks of a time zone change in some weeks, to a quarter of an hour.
turning_points(weeks) := {instant |
	some zone in {zone_of(window) | some window in array.concat(denying, allowing)}
	zone != "UTC"
	some week in changing(zone, day_of(search_start), 7 * day_ns, weeks)
	some day in changing(zone, week, day_ns, 7)
	some hour in changing(zone, day, day_ns / 24, 24)
	some quarter in changing(zone, hour, day_ns / 96, 4)
	instant := quarter + (day_ns / 96)
}

# The spans of time, one after another, at whose end the clocks of a time zone show another difference to UTC.
changing(zone, first, length, number) := [start |
	some start in starts(first, length, number)
	offset(zone, start) != offset(zone, start + length)
]

# The start of a day in UTC.
day_of(instant) := instant - (instant % day_ns)

# Where spans of time begin, one after another.
starts(first, length, number) := [start |
	some index in numbers.range(0, number - 1)
	start := first + (index * length)
]

zone_of(window) := object.get(window, "time_zone", object.get(input.parameters, "time_zone", "UTC"))

offsets(zone, one, other) := {offset(zone, one), offset(zone, other)}

# How far the clocks of a time zone are ahead of UTC.
offset(zone, instant) := time.parse_ns("2006-01-02T15:04", time.format([minute, zone, "2006-01-02T15:04"])) - minute if {
	minute := instant - (instant % 60000000000)
}
