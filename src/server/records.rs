//! The records in memory: one observation for each environment that admission can ask about.
//!
//! Each environment has a task of its own that reads its records again and again, so a slow source delays nobody else.
//! Questions take the newest observation from a place where nothing waits. A read that fails, or does not bring
//! everything, leaves the last good observation where it is, with its age.
//!
//! Environments share what comes before them, and each holds it again. One observation for all would be smaller, and
//! would show rules the records of environments that come after theirs: then a decision would be another one here than
//! at the other doors.

mod kept;
mod look;
mod reader;
mod status;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use jiff::Timestamp;
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use super::clock::Clock;
use crate::domain::digest::Digest;
use crate::gate::Gate;
use crate::gate::observe::{Observation, RecordFault};

pub(in crate::server) use kept::Kept;
use look::{ExtraReads, Reads};
use reader::Reader;
pub use status::RecordStatus;
use status::Tally;

/// The newest observations. Taking one never waits.
pub struct Records {
    gate: Arc<Gate>,
    places: BTreeMap<String, Arc<Place>>,
    refresh: Duration,
    stale_after: Duration,
    clock: Clock,
}

/// What is kept of one environment.
struct Place {
    environment: String,
    newest: ArcSwapOption<Kept>,
    generations: AtomicU64,
    tally: Tally,
    reads: watch::Sender<Reads>,
    extra: ExtraReads,
    /// Wakes the reader before its time.
    wanted: Notify,
}

/// Reads records until it is dropped.
#[must_use = "dropping it stops the reading"]
pub struct Refreshing {
    _tasks: JoinSet<()>,
}

/// What there is to judge by.
pub(in crate::server) enum View {
    /// Records that are new enough.
    Current(Arc<Kept>),
    /// None, or only old ones.
    Unavailable {
        /// The last that were read.
        last: Option<Arc<Kept>>,
        /// Why, as every decision says it.
        faults: Vec<RecordFault>,
    },
}

impl Records {
    /// Records of these environments; nothing is read before [`Self::start`]. Names that the gate does not know are left
    /// out. What was read longer ago than `stale_after` carries no decision.
    #[must_use]
    pub fn new(
        gate: Arc<Gate>,
        environments: Vec<String>,
        refresh: Duration,
        stale_after: Duration,
        clock: Clock,
    ) -> Arc<Self> {
        let known = environments.into_iter().filter(|name| gate.environments.get(name).is_some());
        let places = known.map(|name| (name.clone(), Arc::new(Place::new(name, refresh)))).collect();
        Arc::new(Self { gate, places, refresh, stale_after, clock })
    }

    /// Reads the records of every environment now, and again and again. It has to be called within a runtime.
    pub fn start(self: &Arc<Self>) -> Refreshing {
        let mut tasks = JoinSet::new();
        for place in self.places.values() {
            tasks.spawn(Reader::new(Arc::clone(self), Arc::clone(place)).run());
        }
        Refreshing { _tasks: tasks }
    }

    /// How the records of every environment are, by name.
    #[must_use]
    pub fn statuses(&self) -> Vec<RecordStatus> {
        let now = (self.clock)();
        self.places.values().map(|place| place.status(now, self.stale_after)).collect()
    }

    /// Whether the records of every environment have been read once. A source that fails later does not change it.
    #[must_use]
    pub fn ready(&self) -> bool {
        self.places.values().all(|place| place.newest.load().is_some())
    }

    /// Waits until it is [`Self::ready`].
    pub async fn until_ready(&self) {
        for place in self.places.values() {
            // A read that ends is told after its observation is in place. The sender is as old as the place.
            let mut reads = place.reads.subscribe();
            drop(reads.wait_for(|_reads| place.newest.load().is_some()).await);
        }
    }

    /// Whether a read of every environment has ended, well or not.
    #[must_use]
    pub fn tried(&self) -> bool {
        self.places.values().all(|place| place.tally.has_ended())
    }

    /// What there is to judge a request about this environment by; `None` for one whose records are not kept.
    pub(in crate::server) fn view(&self, environment: &str, now: Timestamp) -> Option<View> {
        let place = self.places.get(environment)?;
        let newest = place.newest.load_full();
        let Some(kept) = newest else {
            let faults = place.tally.failures_and(status::never_read(environment));
            return Some(View::Unavailable { last: None, faults });
        };
        let age = kept.age(now);
        if age <= self.stale_after {
            return Some(View::Current(kept));
        }
        let faults = place.tally.failures_and(status::too_old(environment, age, self.stale_after));
        Some(View::Unavailable { last: Some(kept), faults })
    }

    /// How old the last records of this environment are.
    pub(in crate::server) fn age(&self, environment: &str, now: Timestamp) -> Option<Duration> {
        Some(self.places.get(environment)?.newest.load().as_ref()?.age(now))
    }

    /// Has the records read once more, unless they were read when `asked` or hardly before, and waits for that until
    /// then at most. Returns what there is afterwards if it is newer than `seen`.
    ///
    /// All that wait share one read, and reads that do not bring what was looked for become rare.
    pub(in crate::server) async fn look_again(
        &self,
        seen: &Kept,
        digest: Digest,
        asked: Instant,
        until: Instant,
    ) -> Option<Arc<Kept>> {
        let place = self.places.get(&seen.observation.environment.name)?;
        place.read_since(asked, until).await;
        let newest = place.newest.load_full()?;
        if newest.generation == seen.generation {
            return None;
        }
        if !newest.misses(digest) {
            place.extra.was_worth_it();
        }
        Some(newest)
    }

    /// How long after an undecided answer the records may be better.
    pub(in crate::server) fn retry_after(&self) -> Duration {
        self.refresh.clamp(Duration::from_secs(1), Duration::from_secs(30))
    }
}

/// Records that nobody uses any more, after a new configuration, are taken apart by a thread that may block.
impl Drop for Place {
    fn drop(&mut self) {
        let last = self.newest.swap(None);
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn_blocking(move || drop(last));
        }
    }
}

impl Place {
    fn new(environment: String, refresh: Duration) -> Self {
        Self {
            environment,
            newest: ArcSwapOption::empty(),
            generations: AtomicU64::new(0),
            tally: Tally::default(),
            reads: watch::Sender::new(Reads::default()),
            extra: ExtraReads::new(refresh),
            wanted: Notify::new(),
        }
    }

    /// Puts a good observation in the place of the one before, which it returns.
    fn replace(&self, observation: Observation, read_at: Timestamp, began: Instant) -> Option<Arc<Kept>> {
        let generation = self.generations.fetch_add(1, Ordering::Relaxed);
        self.newest.swap(Some(Arc::new(Kept::new(observation, generation, read_at, began))))
    }

    fn status(&self, now: Timestamp, stale_after: Duration) -> RecordStatus {
        let newest = self.newest.load();
        self.tally.status(&self.environment, newest.as_deref(), now, stale_after)
    }
}
