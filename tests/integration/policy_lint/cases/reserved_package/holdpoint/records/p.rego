package holdpoint.records

limit := 1
