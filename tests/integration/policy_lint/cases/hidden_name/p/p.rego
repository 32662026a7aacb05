package p

target := "a"

ok if {
	some target
	input.environment.targets[target] == "b"
}
