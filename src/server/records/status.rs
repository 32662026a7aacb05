//! How reading goes: counts, the last failure, and what decisions say of it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use super::Kept;
use crate::domain::instant;
use crate::domain::text;
use crate::gate::observe::RecordFault;

/// Characters kept of a failure's message for status pages.
const LONGEST_MESSAGE: usize = 500;

/// How the records of one environment are, for status pages and metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordStatus {
    /// The environment.
    pub environment: String,
    /// How many records are held for it, those of the environments before it included.
    pub records: usize,
    /// About how many bytes they take.
    pub bytes: usize,
    /// When the sources saw them: the oldest of several; `None` before the first read and when a source cannot tell.
    pub observed_at: Option<Timestamp>,
    /// When the last read began that brought all of them.
    pub refreshed_at: Option<Timestamp>,
    /// Reads that brought all records.
    pub refreshes: u64,
    /// Reads that did not.
    pub failures: u64,
    /// Why the last read failed; `None` once a read succeeds again. It is untrusted text in one line.
    pub last_failure: Option<String>,
    /// Whether they can be judged by: read, and not older than `stale_after`.
    pub current: bool,
}

/// Counts of reads.
#[derive(Default)]
pub(super) struct Tally(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    refreshes: u64,
    failures: u64,
    /// Those of the last read; empty when it was good.
    faults: Vec<RecordFault>,
}

impl Tally {
    pub(super) fn add_refresh(&self) {
        let mut counts = self.counts();
        counts.refreshes = counts.refreshes.saturating_add(1);
        counts.faults.clear();
    }

    pub(super) fn add_failure(&self, faults: Vec<RecordFault>) {
        let mut counts = self.counts();
        counts.failures = counts.failures.saturating_add(1);
        counts.faults = faults;
    }

    pub(super) fn has_ended(&self) -> bool {
        let counts = self.counts();
        counts.refreshes > 0 || counts.failures > 0
    }

    /// This fault, and why the last read failed.
    pub(super) fn failures_and(&self, fault: RecordFault) -> Vec<RecordFault> {
        std::iter::once(fault).chain(self.counts().faults.iter().cloned()).collect()
    }

    pub(super) fn status(
        &self,
        environment: &str,
        kept: Option<&Kept>,
        now: Timestamp,
        stale_after: Duration,
    ) -> RecordStatus {
        let counts = self.counts();
        RecordStatus {
            environment: environment.to_owned(),
            records: kept.map_or(0, Kept::records),
            bytes: kept.map_or(0, Kept::bytes),
            observed_at: kept.and_then(Kept::observed_at),
            refreshed_at: kept.map(|kept| kept.read_at),
            refreshes: counts.refreshes,
            failures: counts.failures,
            last_failure: summary(&counts.faults),
            current: kept.is_some_and(|kept| kept.age(now) <= stale_after),
        }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The faults in one line.
pub(super) fn summary(faults: &[RecordFault]) -> Option<String> {
    let (first, others) = faults.split_first()?;
    let more = if others.is_empty() { String::new() } else { format!(" (and {} more)", others.len()) };
    Some(text::visible(&text::cut(&first.message, LONGEST_MESSAGE)) + &more)
}

pub(super) fn never_read(environment: &str) -> RecordFault {
    RecordFault {
        code: "records_not_loaded",
        message: format!("the records of `{environment}` have not been read since the server started"),
        remediation: "try again shortly; if it stays so, see why the record source does not answer".to_owned(),
    }
}

pub(super) fn too_old(environment: &str, age: Duration, stale_after: Duration) -> RecordFault {
    RecordFault {
        code: "records_stale",
        message: format!(
            "the records of `{environment}` were read {} ago; `server.stale_after` is {}",
            instant::duration(age.as_secs()),
            instant::duration(stale_after.as_secs())
        ),
        remediation: "try again when the record source answers".to_owned(),
    }
}
