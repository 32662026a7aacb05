//! Allows that are remembered for the time when records are not available.
//!
//! What is remembered is small: an instant for each (rules, environment, deployment name, artifact), which are kept as a
//! digest. A refusal of the same forgets it. The file holds the same, so that a restart while the source is down does not
//! keep out what ran before.

mod file;
mod memory;
mod writer;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use tokio::task::JoinSet;

use super::clock::Clock;
use crate::domain::digest::Digest;
use memory::Memory;
use writer::Writer;

/// A remembered instant may be this far ahead of the clock, which may have been set back a little.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(1);

/// What was allowed, and when. Bounded, and kept in a file when there is one.
pub struct Readmissions {
    max_age: SignedDuration,
    clock: Clock,
    memory: Mutex<Memory>,
    refusals: Refusals,
    writer: Option<Writer>,
}

/// Writes the file until it is dropped.
#[must_use = "dropping it stops the writing"]
pub struct Writing {
    _task: JoinSet<()>,
}

/// What an allow is remembered for: equal for equal rules, environment, deployment name and artifact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::server) struct Key(Digest);

impl Key {
    /// `rules` is a digest of everything that decides beside records and overrides.
    pub(in crate::server) fn new(
        rules: Digest,
        environment: &str,
        deployment_name: Option<&str>,
        artifact: Digest,
    ) -> Self {
        let mut hash = Sha256::new();
        hash.update(rules.as_bytes());
        hash.update(artifact.as_bytes());
        // Lengths keep the texts apart.
        for text in [Some(environment), deployment_name] {
            let length = text.map_or(u64::MAX, |text| u64::try_from(text.len()).unwrap_or(u64::MAX));
            hash.update(length.to_le_bytes());
            hash.update(text.unwrap_or_default());
        }
        Self(Digest::from_bytes(hash.finalize().into()))
    }
}

/// The moment at which a judgement began, counted in refusals.
#[derive(Clone, Copy, Debug)]
pub(in crate::server) struct Ticket(u64);

/// When something was refused last, so that an allow that was worked out at the same time does not outlive a refusal.
struct Refusals {
    count: AtomicU64,
    /// The count at the last refusal of any key with this remainder.
    last: Vec<AtomicU64>,
}

/// More places mean that fewer allows are not remembered because something else was refused meanwhile.
const PLACES: usize = 1024;

impl Refusals {
    fn new() -> Self {
        Self { count: AtomicU64::new(0), last: (0..PLACES).map(|_| AtomicU64::new(0)).collect() }
    }

    fn ticket(&self) -> Ticket {
        Ticket(self.count.load(Ordering::SeqCst))
    }

    fn add(&self, key: Key) {
        let number = self.count.fetch_add(1, Ordering::SeqCst).saturating_add(1);
        if let Some(last) = self.place(key) {
            last.fetch_max(number, Ordering::SeqCst);
        }
    }

    fn none_since(&self, ticket: Ticket, key: Key) -> bool {
        self.place(key).is_some_and(|last| last.load(Ordering::SeqCst) <= ticket.0)
    }

    fn place(&self, key: Key) -> Option<&AtomicU64> {
        let [low, high, ..] = *key.0.as_bytes();
        self.last.get(usize::from(u16::from_le_bytes([low, high])) % PLACES)
    }
}

impl Readmissions {
    /// Reads the file, if it exists. One that cannot be used is a warning in the log, and nothing is remembered then.
    /// With a `max_age` of zero nothing ever is.
    #[must_use]
    pub fn open(path: Option<PathBuf>, max_age: Duration, clock: Clock) -> Arc<Self> {
        let max_age = SignedDuration::try_from(max_age).unwrap_or(SignedDuration::MAX);
        let path = path.filter(|_path| max_age > SignedDuration::ZERO);
        let memory = path.as_deref().map(file::load).unwrap_or_default();
        let writer = path.map(Writer::new);
        Arc::new(Self { max_age, clock, memory: Mutex::new(memory), refusals: Refusals::new(), writer })
    }

    /// Writes the file when something changed, at most every few seconds, and soon after something was forgotten. It has
    /// to be called within a runtime.
    pub fn start(self: &Arc<Self>) -> Writing {
        let mut task = JoinSet::new();
        let own = Arc::clone(self);
        task.spawn(async move {
            if let Some(writer) = &own.writer {
                writer.run(&own).await;
            }
        });
        Writing { _task: task }
    }

    /// Writes the file now if something changed: for the end of the process.
    pub async fn flush(self: &Arc<Self>) {
        if let Some(writer) = &self.writer {
            writer.write(self).await;
        }
    }

    /// How many allows are remembered, those that have become too old included until the file is written.
    #[must_use]
    pub fn len(&self) -> usize {
        self.memory().len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// To be taken before anything is looked at that an allow may rest on.
    pub(in crate::server) fn ticket(&self) -> Ticket {
        self.refusals.ticket()
    }

    /// Remembers an allow, unless something like it was refused since the ticket was taken.
    pub(in crate::server) fn remember(&self, key: Key, at: Timestamp, ticket: Ticket) {
        if self.max_age <= SignedDuration::ZERO {
            return;
        }
        let mut memory = self.memory();
        // With the memory locked, since a refusal is counted before it forgets.
        if self.refusals.none_since(ticket, key) && memory.insert(key, at) {
            drop(memory);
            self.changed();
        }
    }

    /// Forgets what is remembered for a key that was refused.
    pub(in crate::server) fn forget(&self, key: Key) {
        self.refusals.add(key);
        let forgot = self.memory().remove(key);
        if let (true, Some(writer)) = (forgot, &self.writer) {
            writer.hurry();
        }
    }

    /// When it was allowed last, if that is not too long ago.
    pub(in crate::server) fn last_allowed(&self, key: Key, now: Timestamp) -> Option<Timestamp> {
        let at = self.memory().get(key)?;
        self.is_valid(at, now).then_some(at)
    }

    fn is_valid(&self, at: Timestamp, now: Timestamp) -> bool {
        let age = now.duration_since(at);
        age <= self.max_age && age >= -CLOCK_SKEW && self.max_age > SignedDuration::ZERO
    }

    /// Drops what is too old, and returns the rest as the file has it.
    fn to_file(&self) -> Vec<u8> {
        let now = (self.clock)();
        let entries = {
            let mut memory = self.memory();
            memory.retain(|at| self.is_valid(at, now));
            memory.entries()
        };
        file::to_text(&entries)
    }

    fn changed(&self) {
        if let Some(writer) = &self.writer {
            writer.changed();
        }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
