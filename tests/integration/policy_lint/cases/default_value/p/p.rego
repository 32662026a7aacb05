package p

default limit := input.parameters
