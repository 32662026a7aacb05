//! Durations as people write them: `24h`, `90m`, `7d`, `1h30m`.

use std::time::Duration;

/// What [`parse`] takes, as a regular expression for the JSON Schema.
pub(crate) const PATTERN: &str = r"^(?=[0-9])([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$";

/// The units, longest first, in milliseconds. A day has 24 hours.
const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// The longest duration: ten years. Longer is a slip of the finger, and sums of durations cannot overflow.
const LONGEST: Duration = Duration::from_hours(3_650 * 24);

/// Reads a duration: whole numbers, each with a unit, the longest unit first and each unit at most once.
///
/// # Errors
/// What is wrong with the text, without the text.
pub(crate) fn parse(text: &str) -> Result<Duration, &'static str> {
    if text.is_empty() {
        return Err("is empty");
    }
    let mut rest = text;
    let mut units = UNITS.iter();
    let mut milliseconds = 0_u64;
    while !rest.is_empty() {
        let (number, after) = split(rest, |character| !character.is_ascii_digit());
        let (unit, after) = split(after, |character| !character.is_ascii_lowercase());
        if number.is_empty() {
            return Err("is not a whole number with a unit");
        }
        if unit.is_empty() {
            return Err("has a number without a unit");
        }
        if !UNITS.iter().any(|(name, _)| *name == unit) {
            return Err("has an unknown unit");
        }
        let Some((_, size)) = units.find(|(name, _)| *name == unit) else {
            return Err("has its units out of order, or one of them twice");
        };
        let part = number.parse::<u64>().ok().and_then(|number| number.checked_mul(*size));
        let sum = part.and_then(|part| part.checked_add(milliseconds));
        milliseconds = sum.ok_or("is longer than ten years")?;
        rest = after;
    }
    let duration = Duration::from_millis(milliseconds);
    if duration > LONGEST { Err("is longer than ten years") } else { Ok(duration) }
}

/// The text before the first character that `ends` it, and the rest.
fn split(text: &str, ends: impl Fn(char) -> bool) -> (&str, &str) {
    text.find(ends).and_then(|position| text.split_at_checked(position)).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use super::parse;
    use proptest::prelude::*;
    use std::time::Duration;

    #[test]
    fn durations_as_people_write_them() {
        let cases = [
            ("0s", 0),
            ("250ms", 250),
            ("1s", 1_000),
            ("90m", 5_400_000),
            ("24h", 86_400_000),
            ("7d", 604_800_000),
            ("1h30m", 5_400_000),
            ("1d2h3m4s5ms", 93_784_005),
            ("3650d", 315_360_000_000),
        ];
        for (text, milliseconds) in cases {
            assert_eq!(parse(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let cases = [
            ("", "is empty"),
            ("60", "has a number without a unit"),
            ("1h30", "has a number without a unit"),
            ("h", "is not a whole number with a unit"),
            ("-1h", "is not a whole number with a unit"),
            ("+1h", "is not a whole number with a unit"),
            (" 1h", "is not a whole number with a unit"),
            ("1 h", "has a number without a unit"),
            ("1.5h", "has a number without a unit"),
            ("1h ", "is not a whole number with a unit"),
            ("P1D", "is not a whole number with a unit"),
            ("1w", "has an unknown unit"),
            ("1mo", "has an unknown unit"),
            ("1H", "has a number without a unit"),
            ("30m1h", "has its units out of order, or one of them twice"),
            ("1h1h", "has its units out of order, or one of them twice"),
            ("٣h", "is not a whole number with a unit"),
            ("3651d", "is longer than ten years"),
            ("99999999999999999999d", "is longer than ten years"),
        ];
        for (text, error) in cases {
            assert_eq!(parse(text), Err(error), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC*|[0-9dhms]{0,24}") {
            prop_assert!(parse(&text).is_err() || text.is_ascii());
        }

        #[test]
        fn what_is_written_is_read(hours in 0_u64..1000, minutes in 0_u64..1000) {
            let wanted = Duration::from_secs(hours * 3600 + minutes * 60);
            prop_assert_eq!(parse(&format!("{hours}h{minutes}m")), Ok(wanted));
        }
    }
}
