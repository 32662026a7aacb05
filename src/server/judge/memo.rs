//! Decisions that equal requests share for a second.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use jiff::Timestamp;
use tokio::sync::SetOnce;
use tokio::time::timeout_at;

use crate::domain::decision::Decision;
use crate::domain::digest::Digest;

/// Decisions that are kept at a time. Beyond them, requests are decided for themselves.
const MOST: usize = 1_024;

/// What came of an evaluation.
#[derive(Clone)]
pub(super) enum Evaluated {
    Decided(Arc<Decision>),
    /// No core was free in time.
    Overloaded,
    /// It was not done in time.
    Late,
    /// It panicked.
    Crashed,
}

/// An evaluation under way, or done.
#[derive(Default)]
pub(super) struct Flight {
    begun: AtomicBool,
    landed: SetOnce<Evaluated>,
}

impl Flight {
    /// It has found a core.
    pub(super) fn begin(&self) {
        self.begun.store(true, Ordering::Relaxed);
    }

    pub(super) fn land(&self, result: Evaluated) {
        // It lands once; were it to land again, the first result counts.
        drop(self.landed.set(result));
    }

    pub(super) fn has_landed(&self) -> bool {
        self.landed.get().is_some()
    }

    /// Waits for the result until then.
    pub(super) async fn result(&self, deadline: Instant) -> Evaluated {
        if let Some(result) = self.landed.get() {
            return result.clone();
        }
        match timeout_at(deadline.into(), self.landed.wait()).await {
            Ok(result) => result.clone(),
            Err(_elapsed) if self.begun.load(Ordering::Relaxed) => Evaluated::Late,
            Err(_elapsed) => Evaluated::Overloaded,
        }
    }
}

/// How a request comes to its evaluation.
pub(super) enum Boarding {
    /// An equal one has begun it.
    Joined(Arc<Flight>),
    /// It has to begin it.
    First(Arc<Flight>),
}

/// The evaluations of one second.
pub(super) struct Memo(Mutex<Second>);

struct Second {
    at: Timestamp,
    flights: HashMap<Digest, Arc<Flight>>,
}

impl Memo {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Second { at: Timestamp::MIN, flights: HashMap::new() }))
    }

    /// The evaluation of what `key` is a digest of, at this second.
    pub(super) fn board(&self, key: Digest, at: Timestamp) -> Boarding {
        let mut second = self.second();
        // A second that is over is not begun again by a request that comes late.
        if at < second.at {
            return Boarding::First(Arc::default());
        }
        let mut over = HashMap::new();
        if at > second.at {
            over = std::mem::take(&mut second.flights);
            second.at = at;
        }
        let boarding = second.board(key);
        drop(second);
        discard(over);
        boarding
    }

    /// Forgets an evaluation that came to nothing, so that the next request tries again.
    pub(super) fn forget(&self, key: Digest, flight: &Arc<Flight>) {
        let mut second = self.second();
        if second.flights.get(&key).is_some_and(|known| Arc::ptr_eq(known, flight)) {
            second.flights.remove(&key);
        }
    }

    fn second(&self) -> MutexGuard<'_, Second> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Second {
    fn board(&mut self, key: Digest) -> Boarding {
        if let Some(flight) = self.flights.get(&key) {
            return Boarding::Joined(Arc::clone(flight));
        }
        let flight = Arc::<Flight>::default();
        if self.flights.len() < MOST {
            self.flights.insert(key, Arc::clone(&flight));
        }
        Boarding::First(flight)
    }
}

/// Many decisions take a while to take apart: that is for a thread that may block.
fn discard(over: HashMap<Digest, Arc<Flight>>) {
    if !over.is_empty() {
        tokio::task::spawn_blocking(move || drop(over));
    }
}

#[cfg(test)]
mod tests;
