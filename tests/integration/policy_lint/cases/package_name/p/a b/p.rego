package p["a b"]

limit := 1
