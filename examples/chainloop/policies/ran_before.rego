# With a `result` of its own.
package ran_before

import rego.v1

result := {
	"skipped": skipped,
	"violations": violations,
	"skip_reason": skip_reason,
}

default skip_reason := ""

skip_reason := m if {
	not valid_input
	m := "a rollback returns to what ran before"
}

default skipped := true

skipped := false if valid_input

valid_input if input.request.intent != "rollback"

default violations := []

violations := [msg |
	valid_input
	some environment in input.environment.after
	not data.holdpoint.records.by_digest[input.request.artifact.digest][environment]
	msg := sprintf("it was never deployed to `%s`", [environment])
]
