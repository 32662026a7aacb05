package p

limit := 1

ok if limit(2)
