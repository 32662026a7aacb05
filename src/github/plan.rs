//! What is done next with a deployment that waits, and when it is looked at again. All of it is values: the clock and
//! chance come from outside.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::outcome::Outcome;
use super::settings::GithubSettings;
use crate::domain::verdict::Verdict;

/// GitHub gives up after 30 days.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(30 * 24);
/// So many status reports GitHub takes of one deployment.
pub const MOST_REPORTS: u32 = 10;
/// The pause between two reports is at least this after the first, and four times as long after each: ten are enough
/// for 30 days.
const FIRST_REPORT_PAUSE: Duration = Duration::from_mins(1);
/// The pause between two looks grows to this.
const LONGEST_PAUSE: Duration = Duration::from_mins(10);
/// A hold that opens later than this is looked at before: an override, or a change of the policies, may open it.
const LONGEST_SLEEP: Duration = Duration::from_hours(1);
/// Added to an opening time, so that a look at it does not come a moment early.
const AFTER_OPENING: Duration = Duration::from_millis(50);
/// One that opens again and again in the next moment is not looked at all the time.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
/// What opens at one instant is looked at within so long after it.
const OPENING_SPREAD: Duration = Duration::from_secs(2);
/// GitHub is asked so seldom whether a run is still there.
const CHECK_PAUSE: SignedDuration = SignedDuration::from_hours(1);
/// Before the second call after one that failed; it doubles from call to call.
const FIRST_RETRY: Duration = Duration::from_secs(2);
const LONGEST_RETRY: Duration = Duration::from_mins(15);

/// How far a deployment has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// When GitHub asked.
    pub received_at: Timestamp,
    /// How often it was looked at without its outcome becoming another.
    pub looks: u32,
    /// How often GitHub could not be reached in a row.
    pub failures: u32,
    /// How many status reports GitHub took, or refused.
    pub reports: u32,
    /// When the last was sent.
    pub reported_at: Option<Timestamp>,
    /// What it said.
    pub reported: String,
    /// What came of the last look.
    pub last: String,
    /// When GitHub last said that the run is there.
    pub checked_at: Timestamp,
}

impl Progress {
    /// A deployment that GitHub has just asked about.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        let (reported, last) = (String::new(), String::new());
        Self { received_at: now, looks: 0, failures: 0, reports: 0, reported_at: None, reported, last, checked_at: now }
    }

    /// Whether GitHub has given up on it.
    #[must_use]
    pub fn is_over(&self, now: Timestamp) -> bool {
        now.duration_since(self.received_at) > LONGEST_WAIT
    }

    /// Whether GitHub means it when it says that nothing waits. For some seconds it may not know of what it has just
    /// asked about.
    #[must_use]
    pub fn is_settled(&self, settings: &GithubSettings, now: Timestamp) -> bool {
        since(self.received_at, now) >= settings.poll
    }

    /// Whether to ask if the run is still there.
    #[must_use]
    pub fn needs_check(&self, now: Timestamp) -> bool {
        self.reports >= MOST_REPORTS && self.checked_at == self.received_at
            || now.duration_since(self.checked_at) >= CHECK_PAUSE
    }

    /// Counts a look with this outcome.
    pub fn looked(&mut self, outcome: &Outcome) {
        let gist = outcome.gist();
        self.looks = if gist == self.last { self.looks.saturating_add(1) } else { 0 };
        self.last = gist;
    }

    /// Counts a report.
    pub fn reported(&mut self, outcome: &Outcome, now: Timestamp) {
        self.reports = self.reports.saturating_add(1);
        self.reported_at = Some(now);
        self.reported = outcome.gist();
    }

    fn may_report(&self, now: Timestamp) -> bool {
        let Some(last) = self.reported_at else { return true };
        let doublings = self.reports.saturating_sub(1).min(10).saturating_mul(2);
        let pause = FIRST_REPORT_PAUSE.saturating_mul(1 << doublings);
        self.reports < MOST_REPORTS && since(last, now) >= pause
    }
}

/// What GitHub is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Say {
    /// It may go on. This is final.
    Approve,
    /// It may not. This is final.
    Reject,
    /// Why it waits.
    Report,
    /// Nothing new.
    Nothing,
}

/// What GitHub is told about an outcome.
#[must_use]
pub fn say(outcome: &Outcome, progress: &Progress, settings: &GithubSettings, now: Timestamp) -> Say {
    match outcome.verdict() {
        Verdict::Allow => Say::Approve,
        Verdict::Deny => Say::Reject,
        Verdict::Hold | Verdict::Undecided => {
            let has_waited = |limit| since(progress.received_at, now) >= limit;
            if matches!(outcome, Outcome::NoArtifact(_)) && settings.reject_without_artifact.is_some_and(has_waited) {
                Say::Reject
            } else if outcome.gist() != progress.reported && progress.may_report(now) {
                Say::Report
            } else {
                Say::Nothing
            }
        }
    }
}

/// When to look again at what waits: soon and then less often, but when it opens. `chance` is from 0 to 1.
#[must_use]
pub fn next_look(
    outcome: &Outcome,
    progress: &Progress,
    settings: &GithubSettings,
    now: Timestamp,
    chance: f64,
) -> Timestamp {
    // An opening that has passed is no opening.
    let (pause, spread) = if let Some(opens_at) = outcome.opens_at().filter(|opens_at| *opens_at > now) {
        let pause = since(now, opens_at).saturating_add(AFTER_OPENING);
        (pause.clamp(SHORTEST_PAUSE, LONGEST_SLEEP), OPENING_SPREAD)
    } else {
        let pause = doubled(settings.poll, progress.looks, LONGEST_PAUSE.max(settings.poll));
        (pause, pause / 10)
    };
    let rejection = match (outcome, settings.reject_without_artifact) {
        (Outcome::NoArtifact(_), Some(limit)) => {
            limit.saturating_sub(since(progress.received_at, now)).max(settings.poll)
        }
        _ => LONGEST_SLEEP,
    };
    after(now, pause.min(rejection).saturating_add(spread.mul_f64(chance)))
}

/// When to call again after a call that failed, and not before the time that GitHub named.
#[must_use]
pub fn next_call(progress: &Progress, wait: Option<Duration>, now: Timestamp, chance: f64) -> Timestamp {
    let pause = doubled(FIRST_RETRY, progress.failures.saturating_sub(1), LONGEST_RETRY);
    after(now, wait.unwrap_or_default().saturating_add(pause.mul_f64(0.5 + chance / 2.0)))
}

fn doubled(first: Duration, times: u32, longest: Duration) -> Duration {
    first.saturating_mul(1 << times.min(16)).min(longest)
}

/// From one instant to a later one.
fn since(earlier: Timestamp, later: Timestamp) -> Duration {
    Duration::try_from(later.duration_since(earlier)).unwrap_or_default()
}

fn after(now: Timestamp, pause: Duration) -> Timestamp {
    SignedDuration::try_from(pause).ok().and_then(|pause| now.checked_add(pause).ok()).unwrap_or(now)
}

#[cfg(test)]
mod tests;
