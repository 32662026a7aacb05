# With findings, of which those that were assessed do not count.
package runtime_risks

import rego.v1

result := {"skipped": false, "findings": findings}

findings := [{"message": msg, "external_id": risk, "severity": "HIGH", "suppress": is_accepted(risk)} |
	some environment
	some record in data.holdpoint.records.by_digest[input.request.artifact.digest][environment]
	some risk in record.runtime_risks
	msg := sprintf("`%s` in `%s`", [risk, environment])
]

default is_accepted(_) := false

is_accepted(risk) if risk in input.parameters.accepted
