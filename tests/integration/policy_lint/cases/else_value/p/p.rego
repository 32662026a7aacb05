package p

age(record) if record.age == 1

else := record.other
