# METADATA
# title: Gate
# description: Nothing goes out.
# custom:
#   severity: high
#   version: 1.0.0
#   remediation: Ask again tomorrow.
package p

deny contains "no" if data.holdpoint.recrods.by_digest["sha256:"].production == []

deny contains "no" if data.holdpoint.records.by_digest["sha256:"].production.status == "DEPLOYED"

deny contains "no" if {
	some record in data.holdpoint.records.by_slot.production.eu.storefront
	record.statsu == "DEPLOYED"
}

deny contains "no" if {
	every record in data.holdpoint.records.by_digest["sha256:"].production {
		record.artifact.tag == "1.0.0"
	}
}
