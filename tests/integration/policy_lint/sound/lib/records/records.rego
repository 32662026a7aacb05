package lib.records

of(digest) := [record | some record in data.holdpoint.records.by_digest[digest][input.environment.after[_]]]
