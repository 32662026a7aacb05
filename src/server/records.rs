//! The records in memory, one observation for each environment that admission can ask about.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::clock::Clock;
use crate::gate::Gate;

/// The newest observations. Reading them never waits.
pub struct Records {}

/// Refreshes observations until it is dropped.
#[must_use = "dropping it stops the refreshes"]
pub struct Refreshing(());

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
    /// Why the last one failed; `None` once a read succeeds again.
    pub last_failure: Option<String>,
    /// Whether they can be judged by: read, and not older than `stale_after`.
    pub current: bool,
}

impl Records {
    /// Records of these environments; nothing is read before [`Self::start`]. Names that the gate does not know are left
    /// out.
    #[must_use]
    pub fn new(
        gate: Arc<Gate>,
        environments: Vec<String>,
        refresh: Duration,
        stale_after: Duration,
        clock: Clock,
    ) -> Arc<Self> {
        Arc::new(Self {})
    }

    /// Reads the records of every environment now, and again and again. It has to be called within a runtime.
    pub fn start(self: &Arc<Self>) -> Refreshing {
        Refreshing(())
    }

    /// How the records of every environment are, by name.
    #[must_use]
    pub fn statuses(&self) -> Vec<RecordStatus> {
        Vec::new()
    }

    /// Whether the records of every environment have been read once. A source that fails later does not change it.
    #[must_use]
    pub fn ready(&self) -> bool {
        false
    }
}
