package lib.parameters

given := input.parameters if is_object(input.parameters)

strategy := object.get(given, "strategy", "all")
