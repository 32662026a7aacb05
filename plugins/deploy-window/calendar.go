package main

import (
	"slices"
	"time"
)

// How many days ahead an opening is looked for: a leap year, and the days that a zone may shift.
const daysAhead = 368

// calendar tells when the windows are open, by what the clock on the wall shows in its zone.
type calendar struct {
	windows  []window
	closedOn map[string]bool
	zone     *time.Location
	zoneName string
}

func (read *parameters) calendar() calendar {
	made := calendar{read.Windows, map[string]bool{}, read.zone, read.TimeZone}
	for _, date := range read.ClosedOn {
		made.closedOn[date] = true
	}
	return made
}

// open tells whether one of the windows is open. The minute a window begins with belongs to it, its end does not.
func (calendar calendar) open(at time.Time) bool {
	wall := at.In(calendar.zone)
	if calendar.closedOn[wall.Format(time.DateOnly)] {
		return false
	}
	minute := wall.Hour()*60 + wall.Minute()
	return slices.ContainsFunc(calendar.windows, func(window window) bool {
		return window.days[wall.Weekday()] && window.from <= minute && minute < window.to
	})
}

// next gives the first instant after now at which a window is open, if one is within a year.
func (calendar calendar) next(now time.Time) (time.Time, bool) {
	year, month, day := now.In(calendar.zone).Date()
	for ahead := range daysAhead {
		noon := time.Date(year, month, day+ahead, 12, 0, 0, 0, time.UTC)
		candidates := slices.DeleteFunc(calendar.openings(noon), func(at time.Time) bool {
			return !at.After(now) || !calendar.open(at)
		})
		if len(candidates) > 0 {
			return slices.MinFunc(candidates, time.Time.Compare), true
		}
	}
	return time.Time{}, false
}

// openings gives the instants of a date at which a window may open: those at which the clock on the wall shows its
// beginning, and those at which the clock is changed. A clock that is changed shows some times twice and skips others,
// so every offset from UTC that the date has is tried.
func (calendar calendar) openings(noon time.Time) []time.Time {
	date := noon.Format(time.DateOnly)
	if calendar.closedOn[date] {
		return nil
	}
	midnight := noon.Add(-12 * time.Hour)
	offsets, found := calendar.offsets(midnight)
	for _, window := range calendar.windows {
		if !window.days[noon.Weekday()] {
			continue
		}
		wall := midnight.Add(time.Duration(window.from) * time.Minute)
		for _, offset := range offsets {
			found = append(found, wall.Add(-offset))
		}
	}
	return slices.DeleteFunc(found, func(at time.Time) bool {
		return at.In(calendar.zone).Format(time.DateOnly) != date
	})
}

// offsets gives the offsets from UTC around a date, and the instants at which one gives way to another.
func (calendar calendar) offsets(midnight time.Time) (offsets []time.Duration, changes []time.Time) {
	for at, end := midnight.Add(-26*time.Hour), midnight.Add(50*time.Hour); ; {
		local := at.In(calendar.zone)
		_, seconds := local.Zone()
		offsets = append(offsets, time.Duration(seconds)*time.Second)
		_, change := local.ZoneBounds()
		if change.IsZero() || change.After(end) {
			return offsets, changes
		}
		changes = append(changes, change)
		at = change
	}
}
