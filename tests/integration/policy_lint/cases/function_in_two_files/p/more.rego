package p

double(x) := x if x <= 1
