package p

import data.q

q := 1
