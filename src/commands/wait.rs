//! Looking again while the gate is closed for a time.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::domain::decision::Decisions;
use crate::domain::verdict::Verdict;

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
/// Added to an opening time, so that a look at it does not come a moment early.
const AFTER_OPENING: Duration = Duration::from_millis(50);

/// When to look again, until a deadline.
#[derive(Debug)]
pub struct Schedule {
    deadline: Instant,
    pause: Duration,
}

impl Schedule {
    /// Looks again until this much time has passed.
    #[must_use]
    pub fn new(now: Instant, wait: Duration) -> Self {
        Self { deadline: now.checked_add(wait).unwrap_or(now), pause: FIRST_PAUSE }
    }

    /// How long to pause before the next look; `None` when there is nothing to wait for or no time left.
    ///
    /// Pauses double up to a minute, with jitter so that many pipelines do not ask at once. One that would pass the
    /// opening of a hold ends there. The last look is at the deadline.
    pub fn next(&mut self, decisions: &Decisions, now: Instant, clock: Timestamp) -> Option<Duration> {
        if !matches!(decisions.verdict(), Verdict::Hold | Verdict::Undecided) {
            return None;
        }
        let left = self.deadline.checked_duration_since(now).filter(|left| !left.is_zero())?;
        let jitter = self.pause.mul_f64(0.75 + fastrand::f64() / 2.0);
        self.pause = self.pause.saturating_mul(2).min(LONGEST_PAUSE);
        let pause = match opening_in(decisions, clock) {
            Some(opening) => jitter.min(opening),
            None => jitter,
        };
        Some(pause.min(left))
    }
}

/// How long until the hold opens; `None` when that is unknown or past.
fn opening_in(decisions: &Decisions, clock: Timestamp) -> Option<Duration> {
    let until = Duration::try_from(decisions.opens_at()?.duration_since(clock)).ok()?;
    until.checked_add(AFTER_OPENING)
}

#[cfg(test)]
mod tests {
    use super::{LONGEST_PAUSE, Schedule, opening_in};
    use crate::domain::decision::Decisions;
    use std::time::{Duration, Instant};

    #[test]
    fn pauses_grow_to_a_minute_and_end_at_the_deadline() {
        let start = Instant::now();
        let mut schedule = Schedule::new(start, Duration::from_mins(10));
        let undecided = Decisions(Vec::new());
        let clock = "2026-11-20T12:00:00Z".parse().unwrap();
        let mut now = start;
        let mut pauses = Vec::new();
        while let Some(pause) = schedule.next(&undecided, now, clock) {
            pauses.push(pause);
            now += pause;
        }
        assert!(pauses[0] < Duration::from_secs(2));
        assert!(pauses.iter().all(|pause| *pause <= LONGEST_PAUSE.mul_f64(1.25)));
        assert_eq!(now, start + Duration::from_mins(10), "the last look is at the deadline");
        assert!(opening_in(&undecided, clock).is_none());
    }
}
