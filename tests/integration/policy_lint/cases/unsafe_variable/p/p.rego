package p

ok if not input.environment.targets[x] == "a"
