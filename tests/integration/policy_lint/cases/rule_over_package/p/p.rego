package p

q := 1
