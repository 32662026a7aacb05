//! How a server is told to stop: first to finish what it has begun, then at once.

use tokio::sync::watch;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Running,
    Draining,
    AtOnce,
}

/// Tells every [`Shutdown`] of it to stop. When it is dropped, none of them is told anything any more.
#[derive(Debug)]
pub struct Trigger(watch::Sender<Phase>);

impl Trigger {
    /// Finish what was begun, and begin nothing that takes long.
    pub fn drain(&self) {
        self.advance(Phase::Draining);
    }

    /// Stop now, whatever is open.
    pub fn at_once(&self) {
        self.advance(Phase::AtOnce);
    }

    fn advance(&self, next: Phase) {
        self.0.send_if_modified(|phase| {
            let is_later = next > *phase;
            *phase = next.max(*phase);
            is_later
        });
    }
}

/// Knows whether the server has to stop. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Shutdown(watch::Receiver<Phase>);

impl Shutdown {
    /// What tells, and what is told.
    #[must_use]
    pub fn new() -> (Trigger, Self) {
        let (sender, receiver) = watch::channel(Phase::Running);
        (Trigger(sender), Self(receiver))
    }

    /// Whether the server finishes what it has begun, or has to stop at once.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        *self.0.borrow() >= Phase::Draining
    }

    /// Waits until [`Self::is_draining`].
    pub async fn draining(&mut self) {
        self.reached(Phase::Draining).await;
    }

    /// Waits until the server has to stop at once.
    pub async fn at_once(&mut self) {
        self.reached(Phase::AtOnce).await;
    }

    async fn reached(&mut self, wanted: Phase) {
        if self.0.wait_for(|phase| *phase >= wanted).await.is_err() {
            // Nobody is left who could tell.
            std::future::pending::<()>().await;
        }
    }
}
