//! Which connections are open, and which of them are quiet.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// The connections of a listener.
#[derive(Default)]
pub struct Connections {
    slots: Mutex<Slots>,
    refused: AtomicU64,
    handshake_failures: AtomicU64,
}

#[derive(Default)]
struct Slots {
    accepted: u64,
    open: BTreeMap<u64, Arc<Slot>>,
}

/// One connection.
pub(super) struct Slot {
    /// Whether a request is being answered.
    busy: AtomicBool,
    /// Whether there was any.
    used: AtomicBool,
    since: Mutex<Instant>,
    close: Notify,
}

/// A connection's place, which is free again when this is dropped.
pub(super) struct Place {
    connections: Arc<Connections>,
    number: u64,
    pub(super) slot: Arc<Slot>,
}

impl Connections {
    /// How many are open.
    #[must_use]
    pub fn open(&self) -> usize {
        self.slots().open.len()
    }

    /// How many were accepted.
    #[must_use]
    pub fn accepted(&self) -> u64 {
        self.slots().accepted
    }

    /// How many were closed at once, since there were too many and none was quiet.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// How many TLS handshakes failed.
    #[must_use]
    pub fn handshake_failures(&self) -> u64 {
        self.handshake_failures.load(Ordering::Relaxed)
    }

    pub(super) fn refuse(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn enter(self: &Arc<Self>) -> Place {
        let slot = Arc::new(Slot {
            busy: AtomicBool::new(false),
            used: AtomicBool::new(false),
            since: Mutex::new(Instant::now()),
            close: Notify::new(),
        });
        let mut slots = self.slots();
        slots.accepted += 1;
        let number = slots.accepted;
        slots.open.insert(number, Arc::clone(&slot));
        Place { connections: Arc::clone(self), number, slot }
    }

    /// Closes the connection on which nothing has happened for longest, if that is at least this long. A handshake or a
    /// head of which a byte comes now and then is nothing: no place can be held with that.
    pub(super) fn close_quiet(&self, least: Duration) -> bool {
        let mut slots = self.slots();
        let quiet = slots.open.iter().filter_map(|(number, slot)| Some((slot.quiet()?, *number)));
        let Some((quiet, number)) = quiet.max() else { return false };
        if quiet < least {
            return false;
        }
        // Its place is free from now on, not only when its task has ended.
        if let Some(slot) = slots.open.remove(&number) {
            slot.close.notify_one();
        }
        true
    }

    fn slots(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    pub(super) fn handshake_failed(&self) {
        self.connections.handshake_failures.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.slots().open.remove(&self.number);
    }
}

impl Slot {
    /// A request came.
    pub(super) fn begin(&self) {
        self.used.store(true, Ordering::Relaxed);
        self.busy.store(true, Ordering::Relaxed);
    }

    /// It is answered.
    pub(super) fn end(&self) {
        *self.since() = Instant::now();
        self.busy.store(false, Ordering::Relaxed);
    }

    pub(super) fn was_used(&self) -> bool {
        self.used.load(Ordering::Relaxed)
    }

    /// Waits until the connection has to make room.
    pub(super) async fn has_to_close(&self) {
        self.close.notified().await;
    }

    /// For how long nothing has happened; `None` while a request is answered.
    fn quiet(&self) -> Option<Duration> {
        (!self.busy.load(Ordering::Relaxed)).then(|| self.since().elapsed())
    }

    fn since(&self) -> MutexGuard<'_, Instant> {
        self.since.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
