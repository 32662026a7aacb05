//! Allows that are remembered for the time when records are not available.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::clock::Clock;

/// What was allowed, and when. Bounded, and kept in a file when there is one.
pub struct Readmissions {}

/// Writes the file until it is dropped.
#[must_use = "dropping it stops the writing"]
pub struct Writing(());

impl Readmissions {
    /// Reads the file, if it exists. One that cannot be used is a warning in the log, and nothing is remembered.
    #[must_use]
    pub fn open(path: Option<PathBuf>, max_age: Duration, clock: Clock) -> Arc<Self> {
        Arc::new(Self {})
    }

    /// Writes the file when something changed, at most every few seconds. It has to be called within a runtime.
    pub fn start(self: &Arc<Self>) -> Writing {
        Writing(())
    }

    /// Writes the file now if something changed: for the end of the process.
    pub async fn flush(&self) {}

    /// How many allows are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        0
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
