// Command {{name}} is a holdpoint plugin: some time has to lie between two deployments.
package main

import (
	_ "embed"
	"encoding/json"
	"fmt"

	"{{name}}/holdpoint"
)

//go:embed parameters.schema.json
var schema string

const minute = 60_000

type rule struct{}

type parameters struct {
	Minutes uint64 `json:"minutes"`
}

func (rule) Describe() holdpoint.Metadata {
	return holdpoint.Metadata{
		Name:             "{{name}}",
		Version:          "0.1.0",
		Title:            "Time between deployments",
		Description:      "Some minutes have to lie between two deployments to the same environment.",
		ParametersSchema: schema,
	}
}

// CheckParameters says what the schema cannot, in a sentence for each fault.
func (rule) CheckParameters(text string) []string {
	if _, err := read(text); err != nil {
		return []string{err.Error()}
	}
	return nil
}

func read(text string) (parameters, error) {
	given := parameters{Minutes: 30}
	if err := json.Unmarshal([]byte(text), &given); err != nil {
		return given, fmt.Errorf("the parameters cannot be read: %w", err)
	}
	if given.Minutes < 1 || given.Minutes > 24*60 {
		return given, fmt.Errorf("minutes: %d is not from 1 to 1440", given.Minutes)
	}
	return given, nil
}

func (rule) Evaluate(input holdpoint.Input, records holdpoint.Records) (holdpoint.Verdict, error) {
	given, err := read(input.Parameters)
	if err != nil {
		return holdpoint.Verdict{}, err
	}
	request := input.Request
	if request.DeploymentName == "" {
		return denied("deployment-name-missing", "the request names no deployment", "name the deployment in the request"), nil
	}
	last := records.Latest(holdpoint.Filter{
		Environment:    &request.Environment,
		DeploymentName: &request.DeploymentName,
	})
	if last == nil || last.Artifact.Digest == request.Artifact.Digest {
		return holdpoint.Verdict{}, nil
	}
	opensAt := last.CreatedAt + given.Minutes*minute
	if opensAt <= input.AsOf {
		return holdpoint.Verdict{}, nil
	}
	ago := (max(input.AsOf, last.CreatedAt) - last.CreatedAt) / minute
	return holdpoint.Verdict{Findings: []holdpoint.Finding{{
		Effect: holdpoint.Hold,
		Code:   "too-soon",
		Message: fmt.Sprintf("%s in %s was changed %d minutes ago, and %d have to lie between two deployments",
			request.DeploymentName, request.Environment, ago, given.Minutes),
		Remediation: "ask again when the hold opens",
		Records:     []string{last.ID},
		OpensAt:     &opensAt,
	}}}, nil
}

func denied(code, message, remediation string) holdpoint.Verdict {
	return holdpoint.Verdict{Findings: []holdpoint.Finding{
		{Effect: holdpoint.Deny, Code: code, Message: message, Remediation: remediation},
	}}
}

func main() {}
