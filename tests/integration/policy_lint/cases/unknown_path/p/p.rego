package p

limit := data.limits.staging
