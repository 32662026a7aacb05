package p

double(x) := x * 2 if x > 1
