package p

f(x) := f(x - 1)
