//! Instants and durations in words.

use jiff::Timestamp;

/// `2026-11-20 15:20 UTC`, with seconds when there are any.
#[must_use]
pub fn instant(time: Timestamp) -> String {
    let format = if time.as_second().rem_euclid(60) == 0 { "%Y-%m-%d %H:%M UTC" } else { "%Y-%m-%d %H:%M:%S UTC" };
    time.strftime(format).to_string()
}

/// Where `time` lies from `now`: `in 3 h 20 min`, `2 d ago`, `now`.
#[must_use]
pub fn relative(time: Timestamp, now: Timestamp) -> String {
    let seconds = time.as_second().saturating_sub(now.as_second());
    match seconds {
        0 => "now".to_owned(),
        1.. => format!("in {}", duration(seconds.unsigned_abs())),
        _ => format!("{} ago", duration(seconds.unsigned_abs())),
    }
}

/// `2026-11-20 15:20 UTC (in 3 h 20 min)`.
#[must_use]
pub fn instant_from(time: Timestamp, now: Timestamp) -> String {
    format!("{} ({})", instant(time), relative(time, now))
}

/// The two greatest units of a duration in seconds: `1 d 4 h`, `45 s`.
#[must_use]
pub fn duration(seconds: u64) -> String {
    let parts = [(seconds / 86_400, "d"), (seconds / 3_600 % 24, "h"), (seconds / 60 % 60, "min"), (seconds % 60, "s")];
    let mut shown = parts.iter().skip_while(|(count, _)| *count == 0).take(2).filter(|(count, _)| *count > 0);
    let first = shown.next().map_or_else(|| "0 s".to_owned(), |(count, unit)| format!("{count} {unit}"));
    shown.next().map_or_else(|| first.clone(), |(count, unit)| format!("{first} {count} {unit}"))
}

#[cfg(test)]
mod tests {
    use super::{instant, relative};

    #[test]
    fn times_are_said_in_two_units() {
        let now = "2026-11-20T12:00:00Z".parse().unwrap();
        let cases = [
            ("2026-11-20T12:00:00Z", "2026-11-20 12:00 UTC", "now"),
            ("2026-11-20T15:20:00Z", "2026-11-20 15:20 UTC", "in 3 h 20 min"),
            ("2026-11-20T15:20:59Z", "2026-11-20 15:20:59 UTC", "in 3 h 20 min"),
            ("2026-11-20T12:00:45Z", "2026-11-20 12:00:45 UTC", "in 45 s"),
            ("2026-11-21T12:30:00Z", "2026-11-21 12:30 UTC", "in 1 d"),
            ("2026-11-18T10:00:00Z", "2026-11-18 10:00 UTC", "2 d 2 h ago"),
            ("2026-11-20T11:59:30Z", "2026-11-20 11:59:30 UTC", "30 s ago"),
        ];
        for (time, absolute, expected) in cases {
            let time = time.parse().unwrap();
            assert_eq!((instant(time).as_str(), relative(time, now).as_str()), (absolute, expected));
        }
    }
}
