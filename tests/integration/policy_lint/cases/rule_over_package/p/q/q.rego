package p.q

other := 1
