package p_test

import data.p

test_it_denies if count(p.deny) > 0
