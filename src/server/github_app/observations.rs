//! Records that are read anew for each look, and shared by those that look at the same moment.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::time::timeout;

use crate::gate::Gate;
use crate::gate::observe::Observation;
use crate::gate::source::NoProgress;

/// Records that were read so shortly before a question are as good as those read for it.
const FRESH: Duration = Duration::from_secs(1);
/// Longer than any source takes by itself.
const PATIENCE: Duration = Duration::from_mins(10);

struct Seen {
    /// Another gate has other environments.
    gate: Arc<Gate>,
    began: Instant,
    observation: Arc<Observation>,
}

type Place = Arc<tokio::sync::Mutex<Option<Seen>>>;

/// What was read last, by environment.
#[derive(Default)]
pub(super) struct Observations(Mutex<BTreeMap<String, Place>>);

impl Observations {
    /// The records of an environment, read a second ago at the most. `None` when a part of holdpoint failed, or there is
    /// no such environment. A source that fails is told in the observation.
    pub(super) async fn fresh(&self, gate: &Arc<Gate>, environment: &str) -> Option<Arc<Observation>> {
        let asked = Instant::now();
        let place = self.place(environment);
        // Who waits here is served by a read that began after the question, or hardly before.
        let mut seen = place.lock().await;
        let is_fresh = |seen: &&Seen| Arc::ptr_eq(&seen.gate, gate) && asked <= seen.began + FRESH;
        if let Some(seen) = seen.as_ref().filter(is_fresh) {
            return Some(Arc::clone(&seen.observation));
        }
        *seen = None;
        let began = Instant::now();
        let (reading, environment) = (Arc::clone(gate), environment.to_owned());
        // In a task of its own, so that what fails there fails alone.
        let read = tokio::spawn(async move { reading.observe(&environment, Arc::new(NoProgress)).await });
        let observation = Arc::new(timeout(PATIENCE, read).await.ok()?.ok()??);
        *seen = Some(Seen { gate: Arc::clone(gate), began, observation: Arc::clone(&observation) });
        Some(observation)
    }

    /// Drops what nobody looks at: records are large.
    pub(super) fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, place| Arc::strong_count(place) > 1);
    }

    fn place(&self, environment: &str) -> Place {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(places.entry(environment.to_owned()).or_default())
    }
}
