//! What GitHub's API says, in words of ours.

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;

/// Nobody waits longer for a limit of GitHub's to end: it counts by the hour.
const LONGEST_LIMIT: Duration = Duration::from_hours(2);
/// How long a limit lasts when GitHub does not say: its documentation asks for a minute at least.
const USUAL_LIMIT: Duration = Duration::from_mins(1);

/// The parts of an answer that tell what it means.
#[derive(Clone, Copy, Debug, Default)]
pub struct Head<'a> {
    /// The status.
    pub status: u16,
    /// `Retry-After`.
    pub retry_after: Option<&'a str>,
    /// `X-RateLimit-Remaining`.
    pub remaining: Option<&'a str>,
    /// `X-RateLimit-Reset`: seconds since 1970.
    pub reset: Option<&'a str>,
}

/// What an answer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// What was asked for.
    Good,
    /// It was asked for in vain: there is nothing that waits, or nothing more is taken.
    Nothing,
    /// The token is not good, or no more.
    Token,
    /// Too much was asked for; not before this time.
    Limited(Duration),
    /// It failed, or is not allowed or not there at this time.
    Failed,
}

impl Head<'_> {
    /// What the answer means.
    #[must_use]
    pub fn meaning(&self, now: Timestamp) -> Meaning {
        match self.status {
            200..=299 => Meaning::Good,
            401 => Meaning::Token,
            422 => Meaning::Nothing,
            403 | 429 => self.limit(now).map_or(Meaning::Failed, Meaning::Limited),
            _ => match self.retry_after() {
                Some(wait) => Meaning::Limited(wait),
                None => Meaning::Failed,
            },
        }
    }

    /// How long a limit lasts, if this is one and not a missing permission.
    fn limit(&self, now: Timestamp) -> Option<Duration> {
        let of_hour = || {
            let reset: i64 = self.reset.filter(|_| self.remaining == Some("0"))?.parse().ok()?;
            let wait = reset.saturating_sub(now.as_second()).saturating_add(1);
            Some(Duration::from_secs(u64::try_from(wait).unwrap_or_default()).min(LONGEST_LIMIT))
        };
        let usual = || (self.status == 429).then_some(USUAL_LIMIT);
        self.retry_after().or_else(of_hour).or_else(usual)
    }

    fn retry_after(&self) -> Option<Duration> {
        let seconds = self.retry_after?.trim().parse().ok()?;
        Some(Duration::from_secs(seconds).min(LONGEST_LIMIT))
    }
}

/// A token of an installation.
#[derive(Deserialize)]
pub struct IssuedToken {
    /// The token. Not to be printed.
    pub token: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// A run, as far as it matters here.
#[derive(Deserialize)]
pub struct Run {
    /// Such as `waiting` or `completed`.
    pub status: Option<String>,
}

impl Run {
    /// Whether nothing of it waits any more.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.status.as_deref() == Some("completed")
    }
}

#[cfg(test)]
mod tests {
    use super::{Head, Meaning};
    use std::time::Duration;

    #[test]
    fn every_status_means_something() {
        let now = "2026-11-20T12:00:00Z".parse().unwrap();
        let limited = |seconds| Meaning::Limited(Duration::from_secs(seconds));
        let head = |status| Head { status, ..Head::default() };
        let cases = [
            (head(204), Meaning::Good),
            (head(200), Meaning::Good),
            (head(422), Meaning::Nothing),
            (head(401), Meaning::Token),
            (head(403), Meaning::Failed),
            (head(404), Meaning::Failed),
            (head(302), Meaning::Failed),
            (head(500), Meaning::Failed),
            (head(429), limited(60)),
            (Head { retry_after: Some("7"), ..head(403) }, limited(7)),
            (Head { retry_after: Some("7"), ..head(503) }, limited(7)),
            (Head { retry_after: Some("Fri, 20 Nov 2026 12:00:00 GMT"), ..head(503) }, Meaning::Failed),
            (Head { retry_after: Some("99999999"), ..head(429) }, limited(7_200)),
            (Head { remaining: Some("0"), reset: Some("1795176030"), ..head(403) }, limited(31)),
            (Head { remaining: Some("0"), reset: Some("5"), ..head(403) }, limited(0)),
            (Head { remaining: Some("0"), reset: Some("x"), ..head(403) }, Meaning::Failed),
            (Head { remaining: Some("4999"), reset: Some("1795176030"), ..head(403) }, Meaning::Failed),
        ];
        for (head, expected) in cases {
            assert_eq!(head.meaning(now), expected, "{head:?}");
        }
    }
}
