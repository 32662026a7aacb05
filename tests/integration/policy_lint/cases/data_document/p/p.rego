package p

limit := 1
