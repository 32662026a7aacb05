package release.gate_test

import data.release.gate

test_it if count(gate.deny) == 0 with input as {}
