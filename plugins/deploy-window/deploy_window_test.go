package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"deploy-window/holdpoint"
)

const officeHours = `{"windows": [{"weekdays": ["monday", "tuesday", "wednesday", "thursday", "friday"],
	"hours": {"from": "09:00", "to": "17:00"}}], "time_zone": "Europe/Berlin",
	"closed_on": ["2026-12-24", "2026-12-25"], "exempt_intents": ["hotfix"]}`

func evaluate(t *testing.T, parameters, asOf, intent string) holdpoint.Verdict {
	t.Helper()
	verdict, err := deployWindow{}.Evaluate(holdpoint.Input{
		Request:    holdpoint.Request{Environment: "production", Intent: intent},
		AsOf:       uint64(at(t, asOf).UnixMilli()),
		Parameters: parameters,
	}, holdpoint.Snapshot{})
	if err != nil {
		t.Fatalf("evaluate: %v", err)
	}
	return verdict
}

func at(t *testing.T, text string) time.Time {
	t.Helper()
	instant, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return instant
}

func daily(from, to, zone string) string {
	return `{"windows": [{"weekdays": ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"],
		"hours": {"from": "` + from + `", "to": "` + to + `"}}], "time_zone": "` + zone + `"}`
}

func TestOpenAndClosed(t *testing.T) {
	saturday := `{"windows": [{"weekdays": ["saturday"], "hours": {"from": "00:00", "to": "24:00"}}]}`
	cases := []struct{ name, parameters, asOf, opens string }{
		{"in the window", officeHours, "2026-11-20T10:00:00Z", ""},
		{"the first minute belongs to it", officeHours, "2026-11-20T08:00:00Z", ""},
		{"the last millisecond belongs to it", officeHours, "2026-11-20T15:59:59.999Z", ""},
		{"its end does not", officeHours, "2026-11-20T16:00:00Z", "2026-11-23T08:00:00Z"},
		{"before it on the same day", officeHours, "2026-11-20T07:59:59.999Z", "2026-11-20T08:00:00Z"},
		{"at the weekend", officeHours, "2026-11-21T10:00:00Z", "2026-11-23T08:00:00Z"},
		{"holidays are passed over", officeHours, "2026-12-24T10:00:00Z", "2026-12-28T08:00:00Z"},
		{"summer time", officeHours, "2026-07-03T15:00:00Z", "2026-07-06T07:00:00Z"},
		{"a whole day ends at midnight", saturday, "2026-11-22T00:00:00Z", "2026-11-28T00:00:00Z"},
		{"a whole day, to its last minute", saturday, "2026-11-21T23:59:59Z", ""},
		{"an offset", daily("09:00", "10:00", "+05:30"), "2026-11-20T04:31:00Z", "2026-11-21T03:30:00Z"},
		{"an offset to the west", daily("09:00", "10:00", "-03:00"), "2026-11-20T11:00:00Z", "2026-11-20T12:00:00Z"},
		// The clock goes from 02:00 to 03:00 on 2026-03-29 in Berlin, at 01:00 UTC.
		{"skipped hours do not come", daily("02:00", "03:00", "Europe/Berlin"), "2026-03-28T12:00:00Z", "2026-03-30T00:00:00Z"},
		{"what is left of a window", daily("02:30", "04:00", "Europe/Berlin"), "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"},
		// It goes from 03:00 back to 02:00 on 2026-10-25, at 01:00 UTC.
		{"hours that come twice", daily("02:00", "02:30", "Europe/Berlin"), "2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z"},
		{"the first of the two", daily("02:00", "02:30", "Europe/Berlin"), "2026-10-24T12:00:00Z", "2026-10-25T00:00:00Z"},
		// Midnight is skipped in Beirut on 2026-03-29.
		{"a day without midnight", daily("00:00", "01:30", "Asia/Beirut"), "2026-03-28T12:00:00Z", "2026-03-28T22:00:00Z"},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			findings := evaluate(t, test.parameters, test.asOf, "deploy").Findings
			if test.opens == "" {
				if len(findings) != 0 {
					t.Fatalf("should be open: %+v", findings)
				}
				return
			}
			if len(findings) != 1 || findings[0].Effect != holdpoint.Hold || findings[0].OpensAt == nil {
				t.Fatalf("should hold: %+v", findings)
			}
			if opens := instant(*findings[0].OpensAt); !opens.Equal(at(t, test.opens)) {
				t.Errorf("opens at %s, not %s", opens.UTC(), test.opens)
			}
		})
	}
}

// The opening is compared with a search through every minute of the next ten days.
func TestNextIsTheFirstOpenMinute(t *testing.T) {
	for _, zone := range []string{"Europe/Berlin", "America/St_Johns", "Asia/Beirut", "Australia/Lord_Howe", "-09:30"} {
		for _, hours := range [][2]string{{"00:00", "00:30"}, {"01:45", "02:15"}, {"02:30", "23:00"}, {"23:30", "24:00"}} {
			read, faults := readParameters(daily(hours[0], hours[1], zone))
			if len(faults) > 0 {
				t.Fatal(faults)
			}
			calendar := read.calendar()
			for _, start := range []string{"2026-03-07T09:17:00Z", "2026-03-28T21:59:00Z", "2026-04-04T13:03:00Z", "2026-10-24T23:31:00Z"} {
				now := at(t, start)
				if calendar.open(now) {
					continue
				}
				expected := now
				for !calendar.open(expected) && expected.Before(now.AddDate(0, 0, 10)) {
					expected = expected.Add(time.Minute)
				}
				if opens, found := calendar.next(now); !found || !opens.Equal(expected) {
					t.Errorf("%s %v from %s: %s, not %s", zone, hours, start, opens, expected)
				}
			}
		}
	}
}

func TestNothingOpensWithinAYear(t *testing.T) {
	closed := []string{}
	for day := at(t, "2026-01-01T00:00:00Z"); day.Year() < 2028; day = day.AddDate(0, 0, 1) {
		closed = append(closed, day.Format(time.DateOnly))
	}
	dates, err := json.Marshal(closed)
	if err != nil {
		t.Fatal(err)
	}
	parameters := strings.TrimSuffix(daily("09:00", "10:00", "UTC"), "}") + `, "closed_on": ` + string(dates) + `}`
	findings := evaluate(t, parameters, "2026-06-01T09:30:00Z", "deploy").Findings
	if len(findings) != 1 || findings[0].Effect != holdpoint.Hold || findings[0].OpensAt != nil {
		t.Errorf("should hold without an end: %+v", findings)
	}
}

func TestExemptIntentsPassWithAWarning(t *testing.T) {
	for intent, effect := range map[string]holdpoint.Effect{"hotfix": holdpoint.Warn, "deploy": holdpoint.Hold, "": holdpoint.Hold} {
		findings := evaluate(t, officeHours, "2026-11-21T10:00:00Z", intent).Findings
		if len(findings) != 1 || findings[0].Effect != effect {
			t.Errorf("intent %q: %+v", intent, findings)
		}
	}
	if findings := evaluate(t, officeHours, "2026-11-20T10:00:00Z", "hotfix").Findings; len(findings) != 0 {
		t.Errorf("nothing to tell while a window is open: %+v", findings)
	}
}

func TestCheckParameters(t *testing.T) {
	window := func(weekdays, from, to, more string) string {
		return `{"windows": [{"weekdays": ` + weekdays + `, "hours": {"from": "` + from + `", "to": "` + to + `"}}]` + more + `}`
	}
	cases := []struct{ name, parameters, fault string }{
		{"good", officeHours, ""},
		{"no windows", `{"windows": []}`, "windows: there is none"},
		{"nothing", `{}`, "windows: there is none"},
		{"no weekdays", window(`[]`, "09:00", "17:00", ""), "windows[0].weekdays: there is none"},
		{"unknown weekday", window(`["monday", "caturday"]`, "09:00", "17:00", ""), `windows[0].weekdays: "caturday" is no weekday`},
		{"empty", window(`["monday"]`, "09:00", "09:00", ""), "windows[0].hours: the window is empty"},
		{"end before start", window(`["monday"]`, "22:00", "06:00", ""), "windows[0].hours: the window ends at 06:00, before it begins at 22:00"},
		{"no time", window(`["monday"]`, "9", "17:00", ""), `windows[0].hours: "9" is no time of day`},
		{"beyond midnight", window(`["monday"]`, "09:00", "24:01", ""), `windows[0].hours: "24:01" is no time of day`},
		{"signs", window(`["monday"]`, "+9:00", "17:00", ""), `windows[0].hours: "+9:00" is no time of day`},
		{"unknown zone", window(`["monday"]`, "09:00", "17:00", `, "time_zone": "Europe/Atlantis"`), `time_zone: "Europe/Atlantis" is not known`},
		{"zone of the machine", window(`["monday"]`, "09:00", "17:00", `, "time_zone": "Local"`), `time_zone: "Local" names no time zone`},
		{"a path", window(`["monday"]`, "09:00", "17:00", `, "time_zone": "../../etc/passwd"`), `time_zone: "../../etc/passwd" is not known`},
		{"an offset that is none", window(`["monday"]`, "09:00", "17:00", `, "time_zone": "+15:00"`), `time_zone: "+15:00" is no offset`},
		{"no date", window(`["monday"]`, "09:00", "17:00", `, "closed_on": ["2026-02-30"]`), `closed_on[0]: "2026-02-30" is no date`},
		{"unknown parameter", window(`["monday"]`, "09:00", "17:00", `, "closed": []`), "the parameters cannot be read"},
		{"no JSON", `{`, "the parameters cannot be read"},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			faults := strings.Join(deployWindow{}.CheckParameters(test.parameters), "\n")
			if (test.fault == "") != (faults == "") || !strings.Contains(faults, test.fault) {
				t.Errorf("got %q", faults)
			}
		})
	}
}

func TestUnusableParametersAreAFailure(t *testing.T) {
	if _, err := (deployWindow{}).Evaluate(holdpoint.Input{Parameters: `{"windows": []}`}, nil); err == nil {
		t.Error("a rule that cannot decide must say so")
	}
}

func TestSchemaIsJSON(t *testing.T) {
	if !json.Valid([]byte(deployWindow{}.Describe().ParametersSchema)) {
		t.Error("the schema of the parameters is not JSON")
	}
}
