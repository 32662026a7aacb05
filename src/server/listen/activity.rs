//! What a connection is doing, and since when.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::Limits;

/// While the server drains, how long a connection may be unused. A client that uses it all the time gets its
/// `Connection: close` before that, and never sends into a connection that closes.
const UNUSED_WHILE_DRAINING: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// TLS, which has a limit of its own.
    Handshake,
    /// Nothing was sent yet.
    Fresh,
    /// A request has begun.
    Head,
    /// A request is being answered, which has limits of its own.
    Busy,
    /// An answer is being sent.
    Sending,
    /// An answer was given.
    Idle,
    /// It was told to close.
    Closing,
}

/// What one connection is doing. Shared by what reads it, what answers on it, and who looks for connections to close.
pub(super) struct Activity {
    limits: Arc<Limits>,
    now: Mutex<(Phase, Instant)>,
    close: Notify,
}

impl Activity {
    /// A connection that begins now.
    pub(super) fn new(limits: Arc<Limits>) -> Self {
        Self { limits, now: Mutex::new((Phase::Handshake, Instant::now())), close: Notify::new() }
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The handshake is over, or there is none.
    pub(super) fn opened(&self) {
        self.enter(Phase::Fresh);
    }

    pub(super) fn bytes_arrived(&self) {
        let mut now = self.lock();
        if matches!(now.0, Phase::Fresh | Phase::Idle) {
            *now = (Phase::Head, Instant::now());
        }
    }

    /// A request is there, and is answered as long as what this gives lives.
    pub(super) fn answering(self: &Arc<Self>) -> Answering {
        self.enter(Phase::Busy);
        Answering(Arc::clone(self))
    }

    pub(super) fn closing(&self) {
        self.enter(Phase::Closing);
    }

    /// Whether no request has begun.
    pub(super) fn is_unused(&self) -> bool {
        matches!(self.lock().0, Phase::Fresh | Phase::Idle)
    }

    /// Whether a request has begun whose head is not there yet.
    pub(super) fn is_reading(&self) -> bool {
        self.lock().0 == Phase::Head
    }

    /// Since when no request has begun; `None` when one has.
    pub(super) fn unused(&self) -> Option<Duration> {
        let (phase, since) = *self.lock();
        matches!(phase, Phase::Fresh | Phase::Idle).then(|| since.elapsed())
    }

    /// When the connection has to end, unless it does something else by then.
    pub(super) fn end(&self, draining: bool) -> Option<Instant> {
        let (phase, since) = *self.lock();
        let unused = |limit: Duration| if draining { limit.min(UNUSED_WHILE_DRAINING) } else { limit };
        let limit = match phase {
            Phase::Handshake => self.limits.handshake_timeout,
            Phase::Fresh => unused(self.limits.header_timeout),
            Phase::Head => self.limits.header_timeout,
            Phase::Idle => unused(self.limits.idle_timeout),
            Phase::Sending => self.limits.idle_timeout,
            Phase::Closing => UNUSED_WHILE_DRAINING,
            Phase::Busy => return None,
        };
        since.checked_add(limit)
    }

    /// Asks the connection to close if it is still unused when it hears of it.
    pub(super) fn ask_to_close(&self) {
        self.close.notify_one();
    }

    pub(super) async fn asked_to_close(&self) {
        self.close.notified().await;
    }

    fn enter(&self, phase: Phase) {
        let mut now = self.lock();
        if now.0 != Phase::Closing {
            *now = (phase, Instant::now());
        }
    }

    fn lock(&self) -> MutexGuard<'_, (Phase, Instant)> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request is being answered until this is dropped.
pub(super) struct Answering(Arc<Activity>);

impl Answering {
    /// The answer is there, and only has to be sent.
    pub(super) fn sending(&self) {
        self.0.enter(Phase::Sending);
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.enter(Phase::Idle);
    }
}
