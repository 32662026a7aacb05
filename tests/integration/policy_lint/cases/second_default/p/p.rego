package p

default limit := 1

default limit := 2
