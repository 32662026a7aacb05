package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // a component has no file system to find zones in
)

type parameters struct {
	Windows       []window `json:"windows"`
	TimeZone      string   `json:"time_zone"`
	ClosedOn      []string `json:"closed_on"`
	ExemptIntents []string `json:"exempt_intents"`

	zone *time.Location
}

type window struct {
	Weekdays []string `json:"weekdays"`
	Hours    hours    `json:"hours"`

	days     [7]bool
	from, to int // minutes of the day
}

type hours struct {
	From string `json:"from"`
	To   string `json:"to"`
}

var weekdays = []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}

// readParameters gives the parameters, or all that is wrong with them.
func readParameters(text string) (*parameters, []string) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	read := &parameters{TimeZone: "UTC"}
	if err := decoder.Decode(read); err != nil {
		return nil, []string{"the parameters cannot be read: " + err.Error()}
	}
	var faults []string
	if len(read.Windows) == 0 {
		faults = append(faults, "windows: there is none, so nothing could ever be deployed")
	}
	for i := range read.Windows {
		for _, fault := range read.Windows[i].resolve() {
			faults = append(faults, fmt.Sprintf("windows[%d].%s", i, fault))
		}
	}
	var err error
	if read.zone, err = zone(read.TimeZone); err != nil {
		faults = append(faults, "time_zone: "+err.Error())
	}
	for i, date := range read.ClosedOn {
		if _, err := time.Parse(time.DateOnly, date); err != nil {
			faults = append(faults, fmt.Sprintf("closed_on[%d]: %q is no date such as 2026-12-24", i, date))
		}
	}
	return read, faults
}

func (window *window) resolve() (faults []string) {
	window.days = [7]bool{}
	if len(window.Weekdays) == 0 {
		faults = append(faults, "weekdays: there is none, so the window never opens")
	}
	for _, name := range window.Weekdays {
		day := slices.Index(weekdays, name)
		if day < 0 {
			faults = append(faults, fmt.Sprintf("weekdays: %q is no weekday: use monday to sunday", name))
			continue
		}
		window.days[day] = true
	}
	var fromErr, toErr error
	window.from, fromErr = minutes(window.Hours.From)
	window.to, toErr = minutes(window.Hours.To)
	for _, err := range []error{fromErr, toErr} {
		if err != nil {
			faults = append(faults, "hours: "+err.Error())
		}
	}
	if fromErr == nil && toErr == nil {
		faults = append(faults, window.order()...)
	}
	return faults
}

func (window *window) order() []string {
	switch {
	case window.from == window.to:
		return []string{"hours: the window is empty: it ends when it begins"}
	case window.from > window.to:
		return []string{fmt.Sprintf(
			"hours: the window ends at %s, before it begins at %s; write one over midnight as two, up to 24:00 and from 00:00",
			window.Hours.To, window.Hours.From)}
	}
	return nil
}

// minutes of the day that a text such as 09:30 names; 24:00 is the end of the day.
func minutes(text string) (int, error) {
	hour, minute, found := strings.Cut(text, ":")
	h, hourErr := strconv.ParseUint(hour, 10, 8)
	m, minuteErr := strconv.ParseUint(minute, 10, 8)
	ok := found && hourErr == nil && minuteErr == nil && len(hour) == 2 && len(minute) == 2
	if !ok || m > 59 || h*60+m > 24*60 {
		return 0, fmt.Errorf("%q is no time of day such as 09:30", text)
	}
	return int(h*60 + m), nil
}

// zone gives the location of an IANA name or of a fixed offset such as +05:30.
func zone(name string) (*time.Location, error) {
	if strings.HasPrefix(name, "+") || strings.HasPrefix(name, "-") {
		offset, err := minutes(name[1:])
		if err != nil || offset > 14*60 {
			return nil, fmt.Errorf("%q is no offset from UTC such as +05:30", name)
		}
		if name[0] == '-' {
			offset = -offset
		}
		return time.FixedZone(name, offset*60), nil
	}
	// Both names are special to the library: it would take them for UTC and for the zone of the machine.
	if name == "" || name == "Local" {
		return nil, fmt.Errorf("%q names no time zone: use an IANA name such as Europe/Berlin, or an offset such as +01:00", name)
	}
	location, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("%q is not known: use an IANA name such as Europe/Berlin, or an offset such as +01:00", name)
	}
	return location, nil
}
