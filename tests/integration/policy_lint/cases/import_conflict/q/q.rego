package q

r := 1
