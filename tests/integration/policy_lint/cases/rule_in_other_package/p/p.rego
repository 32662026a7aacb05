package p

q.limit := 1
