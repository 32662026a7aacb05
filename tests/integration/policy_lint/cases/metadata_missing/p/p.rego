package p

deny contains "no"
