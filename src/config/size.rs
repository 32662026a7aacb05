//! Sizes as people write them: `64MiB`, `512KiB`.

/// What [`parse`] takes, as a regular expression for the JSON Schema.
pub(crate) const PATTERN: &str = "^[0-9]+(KiB|MiB|GiB)$";

const UNITS: [(&str, u64); 3] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];

/// Reads a size in bytes: a whole number and a unit.
///
/// # Errors
/// What is wrong with the text, without the text.
pub(crate) fn parse(text: &str) -> Result<u64, &'static str> {
    let found = UNITS.iter().find_map(|(unit, bytes)| Some((text.strip_suffix(unit)?, bytes)));
    let (number, unit) = found.ok_or("has no unit, or one that is not known")?;
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("is not a whole number with a unit");
    }
    number.parse::<u64>().ok().and_then(|number| number.checked_mul(*unit)).ok_or("is larger than anything")
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn sizes_as_people_write_them() {
        let cases = [("1KiB", Ok(1024)), ("64MiB", Ok(64 << 20)), ("2GiB", Ok(2 << 30)), ("0MiB", Ok(0))];
        for (text, expected) in cases {
            assert_eq!(parse(text), expected, "{text}");
        }
        for text in
            ["", "64", "MiB", "-1MiB", "1.5MiB", "64 MiB", "64MB", "64mib", "99999999999999999999GiB", "20000000000GiB"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
