// Command deploy-window is a holdpoint plugin: deployments only in working windows.
package main

import (
	_ "embed"
	"fmt"

	"deploy-window/holdpoint"
)

//go:embed parameters.schema.json
var schema string

type deployWindow struct{}

func (deployWindow) Describe() holdpoint.Metadata {
	return holdpoint.Metadata{
		Name:    "deploy-window",
		Version: "1.0.0",
		Title:   "Deployment windows",
		Description: "Deployments only in working windows, by weekday and hour in a time zone. " +
			"A closed window holds until the next one opens.",
		ParametersSchema: schema,
	}
}

func (deployWindow) CheckParameters(text string) []string {
	_, faults := readParameters(text)
	return faults
}

func (deployWindow) Evaluate(input holdpoint.Input, _ holdpoint.Records) (holdpoint.Verdict, error) {
	parameters, faults := readParameters(input.Parameters)
	if len(faults) > 0 {
		return holdpoint.Verdict{}, fmt.Errorf("the parameters are not usable: %s", faults[0])
	}
	calendar := parameters.calendar()
	now := instant(input.AsOf)
	if calendar.open(now) {
		return holdpoint.Verdict{}, nil
	}
	finding := closed(input.Request, calendar, now)
	for _, intent := range parameters.ExemptIntents {
		if intent == input.Request.Intent {
			finding = exempt(intent, finding)
		}
	}
	return holdpoint.Verdict{Findings: []holdpoint.Finding{finding}}, nil
}

func main() {}
