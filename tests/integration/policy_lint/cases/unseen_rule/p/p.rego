package p

ready := data[input.request.environment].limits.staging

limits := {"staging": 1}
