//! What metrics show of connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counters of one listener, or of several.
#[derive(Debug, Default)]
pub struct Connections {
    open: AtomicU64,
    accepted: AtomicU64,
    refused: AtomicU64,
    handshake_failures: AtomicU64,
    made_room: AtomicU64,
}

impl Connections {
    /// How many are open now.
    #[must_use]
    pub fn open(&self) -> u64 {
        self.open.load(Ordering::Relaxed)
    }

    /// How many were begun.
    #[must_use]
    pub fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    /// How many were closed without an answer: the head of a request took too long, or the server stopped before there
    /// was a place.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// How many never spoke TLS with the server: the handshake failed or took too long, or the client was not let in.
    #[must_use]
    pub fn handshake_failures(&self) -> u64 {
        self.handshake_failures.load(Ordering::Relaxed)
    }

    /// How many were closed because nobody used them and others waited.
    #[must_use]
    pub fn made_room(&self) -> u64 {
        self.made_room.load(Ordering::Relaxed)
    }

    pub(super) fn begin(self: &Arc<Self>) -> Open {
        self.accepted.fetch_add(1, Ordering::Relaxed);
        self.open.fetch_add(1, Ordering::Relaxed);
        Open(Arc::clone(self))
    }

    pub(super) fn refuse(&self, how_many: u64) {
        self.refused.fetch_add(how_many, Ordering::Relaxed);
    }
}

/// A connection that counts as open as long as this lives.
pub(super) struct Open(Arc<Connections>);

impl Open {
    pub(super) fn handshake_failed(&self) {
        self.0.handshake_failures.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn made_room(&self) {
        self.0.made_room.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn refused(&self) {
        self.0.refuse(1);
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}
