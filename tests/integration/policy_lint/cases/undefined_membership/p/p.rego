package p

frozen := input.parameters.environment in ["production"]
