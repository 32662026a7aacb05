package p

limit := 1

limit := 2
