//! Instants and durations as text.

use crate::Timestamp;

const SECOND: u64 = 1000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Reads an RFC 3339 instant, such as `2026-11-20T12:00:00Z` or `2026-11-20T13:00:00.5+01:00`. None for anything else,
/// for one before 1970, and for a local time without an offset.
#[must_use]
pub fn parse(text: &str) -> Option<Timestamp> {
    let mut rest = Reader(text.as_bytes());
    let (year, month, day) = (rest.number(4)?, rest.after(b"-")?.number(2)?, rest.after(b"-")?.number(2)?);
    let (hour, minute) = (rest.after(b"Tt ")?.number(2)?, rest.after(b":")?.number(2)?);
    let second = rest.after(b":")?.number(2)?;
    if !(1..=12).contains(&month) || !(1..=days_in(year, month)).contains(&day) {
        return None;
    }
    // A leap second is the last of its minute.
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let fraction = rest.fraction()?;
    let local = days_before(year, month, day)? * DAY + hour * HOUR + minute * MINUTE + second.min(59) * SECOND;
    let local = local + fraction;
    let (ahead, offset) = rest.offset()?;
    if !rest.0.is_empty() {
        return None;
    }
    if ahead { local.checked_sub(offset) } else { local.checked_add(offset) }
}

/// An instant as text, to the second: `2026-11-20T12:00:00Z`.
#[must_use]
pub fn format(at: Timestamp) -> String {
    let (mut days, of_day) = (at / DAY, at % DAY);
    let mut year = 1970;
    while days >= days_of(year) {
        days -= days_of(year);
        year += 1;
    }
    let mut month = 1;
    while days >= days_in(year, month) {
        days -= days_in(year, month);
        month += 1;
    }
    let (hour, minute, second) = (of_day / HOUR, of_day % HOUR / MINUTE, of_day % MINUTE / SECOND);
    format!("{year:04}-{month:02}-{:02}T{hour:02}:{minute:02}:{second:02}Z", days + 1)
}

/// Reads a duration as configurations write it, `90s`, `30m`, `24h`, `7d` or `1h30m`, into milliseconds. None for
/// anything else.
#[must_use]
pub fn duration(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|character: char| !character.is_ascii_digit())?;
        let (number, unit) = rest.split_at(digits);
        let mut characters = unit.chars();
        let unit = match characters.next()? {
            's' => SECOND,
            'm' => MINUTE,
            'h' => HOUR,
            'd' => DAY,
            _ => return None,
        };
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(unit)?)?;
        rest = characters.as_str();
    }
    if text.is_empty() { None } else { Some(total) }
}

const fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

const fn days_of(year: u64) -> u64 {
    if is_leap(year) { 366 } else { 365 }
}

const fn days_in(year: u64, month: u64) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01.
fn days_before(year: u64, month: u64, day: u64) -> Option<u64> {
    let years: u64 = (1970..year).map(days_of).sum();
    let months: u64 = (1..month).map(|month| days_in(year, month)).sum();
    (year >= 1970).then_some(years + months + day - 1)
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    /// A number of exactly so many digits.
    fn number(&mut self, digits: usize) -> Option<u64> {
        let (number, rest) = self.0.split_at_checked(digits)?;
        self.0 = rest;
        let all = number.iter().all(u8::is_ascii_digit);
        all.then(|| number.iter().fold(0, |value, digit| value * 10 + u64::from(digit - b'0')))
    }

    /// What comes after one of these characters.
    fn after(&mut self, any: &[u8]) -> Option<&mut Self> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        any.contains(first).then_some(self)
    }

    /// Milliseconds of a fraction of a second, cut; 0 where there is none.
    fn fraction(&mut self) -> Option<u64> {
        if self.0.first() != Some(&b'.') {
            return Some(0);
        }
        let digits = self.after(b".")?.0.iter().take_while(|digit| digit.is_ascii_digit()).count();
        let (fraction, rest) = self.0.split_at_checked(digits)?;
        self.0 = rest;
        let padded = fraction.iter().chain(b"000").take(3);
        (digits > 0).then(|| padded.fold(0, |value, digit| value * 10 + u64::from(digit - b'0')))
    }

    /// Whether local time is ahead of UTC, and by how many milliseconds it differs.
    fn offset(&mut self) -> Option<(bool, u64)> {
        let ahead = match self.0.first()? {
            b'Z' | b'z' => return self.after(b"Zz").map(|_| (false, 0)),
            b'+' => true,
            _ => false,
        };
        let (hours, minutes) = (self.after(b"+-")?.number(2)?, self.after(b":")?.number(2)?);
        (hours <= 23 && minutes <= 59).then_some((ahead, hours * HOUR + minutes * MINUTE))
    }
}

#[cfg(test)]
mod tests {
    use super::{duration, format, parse};

    #[test]
    fn instants_are_read() {
        for (text, at) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2026-11-20T12:00:00Z", Some(1_795_176_000_000)),
            ("2026-11-20t13:00:00.5+01:00", Some(1_795_176_000_500)),
            ("2026-11-20 04:30:00.123456-07:30", Some(1_795_176_000_123)),
            ("2024-02-29T00:00:00Z", Some(1_709_164_800_000)),
            ("2016-12-31T23:59:60Z", Some(1_483_228_799_000)),
            ("2026-02-29T00:00:00Z", None),
            ("2026-13-01T00:00:00Z", None),
            ("2026-00-01T00:00:00Z", None),
            ("2026-01-00T00:00:00Z", None),
            ("2026-01-01T24:00:00Z", None),
            ("2026-01-01T00:00:00", None),
            ("2026-01-01T00:00:00.Z", None),
            ("2026-01-01T00:00:00Zone", None),
            ("2026-01-01T00:00:00+24:00", None),
            ("2026-01-01", None),
            ("1969-12-31T23:59:59Z", None),
            ("1970-01-01T00:00:00+00:01", None),
            ("tomorrow", None),
            ("", None),
        ] {
            assert_eq!(parse(text), at, "{text}");
        }
    }

    #[test]
    fn instants_are_written_as_they_are_read() {
        for text in ["1970-01-01T00:00:00Z", "2000-02-29T23:59:59Z", "2026-12-31T00:00:01Z", "2100-03-01T10:20:30Z"] {
            assert_eq!(parse(text).map(format).as_deref(), Some(text));
        }
    }

    #[test]
    fn durations_are_read() {
        for (text, milliseconds) in [
            ("90s", Some(90_000)),
            ("1h30m", Some(5_400_000)),
            ("7d", Some(604_800_000)),
            ("0s", Some(0)),
            ("", None),
            ("24", None),
            ("h", None),
            ("24 h", None),
            ("1w", None),
            ("-1h", None),
            ("99999999999999999999h", None),
            ("9999999999999999999h", None),
        ] {
            assert_eq!(duration(text), milliseconds, "{text}");
        }
    }
}
