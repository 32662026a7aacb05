package main

import (
	"fmt"
	"time"

	"deploy-window/holdpoint"
)

const wallClock = "Monday 2006-01-02 15:04"

func instant(milliseconds uint64) time.Time {
	// Years beyond 9999 are cut: a time that far is no instant of a decision.
	const last = 253402300799999
	return time.UnixMilli(int64(min(milliseconds, last)))
}

func closed(request holdpoint.Request, calendar calendar, now time.Time) holdpoint.Finding {
	finding := holdpoint.Finding{
		Effect: holdpoint.Hold,
		Code:   "window-closed",
		Message: fmt.Sprintf("no window for deployments to %q is open: it is %s (%s)",
			request.Environment, now.In(calendar.zone).Format(wallClock), calendar.zoneName),
		Remediation: "wait until the next window opens",
	}
	opens, found := calendar.next(now)
	if !found {
		finding.Message += ", and none opens within a year"
		finding.Remediation = "give the rule a window that opens, or lift it"
		return finding
	}
	finding.Message += fmt.Sprintf(", and the next one opens on %s", opens.In(calendar.zone).Format(wallClock))
	finding.OpensAt = holdpoint.Of(uint64(opens.UnixMilli()))
	return finding
}

// An exempt request passes, and the closed window is told all the same.
func exempt(intent string, finding holdpoint.Finding) holdpoint.Finding {
	return holdpoint.Finding{
		Effect:      holdpoint.Warn,
		Code:        "exempt",
		Message:     fmt.Sprintf("%s; requests with the intent %q pass", finding.Message, intent),
		Remediation: "tell those who are on call that something is deployed outside of the windows",
	}
}
