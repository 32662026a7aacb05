package p

limits[name].lowest := 1 if some name in input.environment.targets

limits.staging.highest := 2
