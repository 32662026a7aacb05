package p

deep if {
	[_, value] := walk(input.request.context)
	value == 7
}
