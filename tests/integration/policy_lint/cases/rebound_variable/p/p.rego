package p

ok if {
	every target in input.environment.targets {
		target = "a"
	}
}
