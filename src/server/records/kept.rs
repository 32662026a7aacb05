//! One good observation, kept for many questions.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::domain::digest::Digest;
use crate::domain::snapshot::EnvironmentRecords;
use crate::gate::observe::Observation;

/// About how much memory a record takes, in the form of holdpoint and in that of the engine: see `benches/README.md`.
const BYTES_PER_RECORD: usize = 1_200;

/// An observation with everything that was asked for.
pub(in crate::server) struct Kept {
    pub(in crate::server) observation: Observation,
    /// Counts the good observations of the environment.
    pub(in crate::server) generation: u64,
    /// What the clock said when the read began.
    pub(in crate::server) read_at: Timestamp,
    began: Instant,
}

impl Kept {
    pub(super) fn new(observation: Observation, generation: u64, read_at: Timestamp, began: Instant) -> Self {
        Self { observation: observation.kept(), generation, read_at, began }
    }

    /// How long ago the read began: by the clock, or by the time that really passed, whichever is longer. A clock that is
    /// set back makes nothing young.
    pub(in crate::server) fn age(&self, now: Timestamp) -> Duration {
        let by_clock = Duration::try_from(now.duration_since(self.read_at)).unwrap_or_default();
        by_clock.max(self.began.elapsed())
    }

    /// Whether the read began at this moment or later.
    pub(super) fn is_of(&self, moment: Instant) -> bool {
        self.began >= moment
    }

    /// Whether no record has this digest.
    pub(in crate::server) fn lacks(&self, digest: Digest) -> bool {
        self.observation.snapshot.environments.values().all(|records| !has(records, digest))
    }

    /// Whether a record with this digest may be missing: one of the environments directly before this one has none, or,
    /// when there is nothing before it, none has.
    pub(in crate::server) fn misses(&self, digest: Digest) -> bool {
        let snapshot = &self.observation.snapshot.environments;
        let lacks = |name: &String| snapshot.get(name).is_none_or(|records| !has(records, digest));
        self.lacks(digest) || self.observation.environment.after.iter().any(lacks)
    }

    /// How many records it has.
    pub(super) fn records(&self) -> usize {
        self.observation.snapshot.environments.values().map(|records| records.index().records().len()).sum()
    }

    /// About how many bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        self.records().saturating_mul(BYTES_PER_RECORD)
    }

    /// When the sources saw the records: the oldest of several; `None` when one cannot tell.
    pub(super) fn observed_at(&self) -> Option<Timestamp> {
        let seen = self.observation.snapshot.sources.iter().map(|source| source.observed_at);
        seen.collect::<Option<Vec<_>>>()?.into_iter().min()
    }
}

fn has(records: &EnvironmentRecords, digest: Digest) -> bool {
    !records.index().of_digest(digest).is_empty()
}
