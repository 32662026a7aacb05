package p

ok if {
