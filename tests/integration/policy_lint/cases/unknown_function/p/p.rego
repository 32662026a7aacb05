package p

ok if starts_with("abc", "a")
