package q.words

no := "no"
