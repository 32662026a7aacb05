package main

import (
	"testing"

	"{{name}}/holdpoint"
)

const now = 1_000 * minute

func evaluate(t *testing.T, name string, records ...holdpoint.Record) []holdpoint.Finding {
	t.Helper()
	verdict, err := rule{}.Evaluate(holdpoint.Input{
		Request: holdpoint.Request{
			Artifact: holdpoint.Artifact{Digest: "sha256:new"}, Environment: "production", DeploymentName: name,
		},
		AsOf:       now,
		Parameters: `{"minutes": 30}`,
	}, holdpoint.Snapshot(records))
	if err != nil {
		t.Fatal(err)
	}
	return verdict.Findings
}

func deployed(digest string, minutesAgo uint64) holdpoint.Record {
	return holdpoint.Record{
		ID: "record-1", Environment: "production", Target: "production", DeploymentName: "storefront",
		Artifact: holdpoint.Artifact{Digest: digest}, CreatedAt: now - minutesAgo*minute,
	}
}

func TestEvaluate(t *testing.T) {
	cases := []struct {
		name    string
		records []holdpoint.Record
		opens   uint64
	}{
		{"never deployed", nil, 0},
		{"long ago", []holdpoint.Record{deployed("sha256:old", 30)}, 0},
		{"just now", []holdpoint.Record{deployed("sha256:old", 10)}, now + 20*minute},
		{"the same digest again", []holdpoint.Record{deployed("sha256:new", 10)}, 0},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			findings := evaluate(t, "storefront", test.records...)
			switch {
			case test.opens == 0 && len(findings) > 0:
				t.Errorf("should pass: %+v", findings)
			case test.opens > 0 && (len(findings) != 1 || findings[0].Effect != holdpoint.Hold || *findings[0].OpensAt != test.opens):
				t.Errorf("should hold until %d: %+v", test.opens, findings)
			}
		})
	}
}

func TestRequestWithoutDeploymentName(t *testing.T) {
	if findings := evaluate(t, ""); len(findings) != 1 || findings[0].Effect != holdpoint.Deny {
		t.Errorf("should be denied: %+v", findings)
	}
}

func TestCheckParameters(t *testing.T) {
	for text, good := range map[string]bool{`{}`: true, `{"minutes": 5}`: true, `{"minutes": 0}`: false, `{"minutes": -1}`: false, `[`: false} {
		if faults := (rule{}).CheckParameters(text); (len(faults) == 0) != good {
			t.Errorf("%s: %v", text, faults)
		}
	}
}
