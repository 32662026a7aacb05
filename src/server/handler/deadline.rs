//! Until when an answer must be there: the API server says how long it waits, as Go writes durations.

use std::time::{Duration, Instant};

use url::form_urlencoded;

/// Time for the answer to travel: a tenth, within these bounds.
const LEAST_MARGIN: Duration = Duration::from_millis(100);
const MOST_MARGIN: Duration = Duration::from_millis(500);
/// The longest that Kubernetes lets a webhook take.
const LONGEST: Duration = Duration::from_secs(30);
/// What a judge that does not keep the deadline gets on top.
pub(super) const GRACE: Duration = Duration::from_millis(50);

/// The instant until which a request that came at `started` has to be answered.
pub(super) fn of(query: Option<&str>, usual: Duration, started: Instant) -> Instant {
    let asked = query.and_then(timeout).unwrap_or(usual).min(LONGEST);
    let margin = (asked / 10).clamp(LEAST_MARGIN, MOST_MARGIN);
    started + asked.saturating_sub(margin)
}

fn timeout(query: &str) -> Option<Duration> {
    let (_key, value) = form_urlencoded::parse(query.as_bytes()).find(|(key, _value)| key == "timeout")?;
    parse(&value).filter(|timeout| !timeout.is_zero())
}

/// Numbers with units, one after the other: `10s`, `1m30s`, `1.5s`.
///
/// Source: <https://pkg.go.dev/time#ParseDuration>.
fn parse(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut sum = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|character: char| !character.is_ascii_digit() && character != '.')?;
        let (number, behind) = rest.split_at_checked(digits)?;
        let end = behind.find(|character: char| character.is_ascii_digit() || character == '.').unwrap_or(behind.len());
        let (unit, behind) = behind.split_at_checked(end)?;
        let seconds = number.parse::<f64>().ok()? * seconds_in(unit)?;
        sum = sum.checked_add(Duration::try_from_secs_f64(seconds).ok()?)?;
        rest = behind;
    }
    (!text.is_empty()).then_some(sum)
}

fn seconds_in(unit: &str) -> Option<f64> {
    match unit {
        "h" => Some(3600.0),
        "m" => Some(60.0),
        "s" => Some(1.0),
        "ms" => Some(1e-3),
        "us" | "µs" => Some(1e-6),
        "ns" => Some(1e-9),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{of, parse};
    use std::time::{Duration, Instant};

    #[test]
    fn durations_are_read_as_go_writes_them() {
        for (text, milliseconds) in
            [("10s", 10_000), ("1m30s", 90_000), ("1.5s", 1_500), ("500ms", 500), ("1h0m0s", 3_600_000), ("250µs", 0)]
        {
            let expected =
                if milliseconds == 0 { Duration::from_micros(250) } else { Duration::from_millis(milliseconds) };
            assert_eq!(parse(text), Some(expected), "{text}");
        }
        for text in ["", "10", "s", "-1s", "1x", "1..5s", "1e9s", "99999999999999999999h", "é", "10s ", "NaNs"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn an_answer_is_there_before_the_api_server_gives_up() {
        let started = Instant::now();
        for (query, milliseconds) in [
            (Some("timeout=10s"), 9_500),
            (Some("timeout=2s"), 1_800),
            (Some("timeout=500ms"), 400),
            (Some("timeout=50ms"), 0),
            (Some("timeout=1h"), 29_500),
            (Some("a=b&timeout=3s"), 2_700),
            (Some("timeout=0s"), 7_500),
            (Some("timeout=soon"), 7_500),
            (None, 7_500),
        ] {
            let until = of(query, Duration::from_secs(8), started);
            assert_eq!(until - started, Duration::from_millis(milliseconds), "{query:?}");
        }
    }
}
