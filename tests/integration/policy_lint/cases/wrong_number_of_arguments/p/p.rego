package p

ok if startswith("abc")
