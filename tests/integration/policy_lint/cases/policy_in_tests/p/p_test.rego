package p

test_it if count(deny) == 0

deny contains "never" if input.as_of == ""
