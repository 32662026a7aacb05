//! How the server is told to stop: to drain first, and at once when it is told again.

use tokio::sync::watch;

/// What the server was told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Nothing yet.
    #[default]
    Running,
    /// To answer what is there, and end.
    Draining,
    /// To end.
    AtOnce,
}

/// Tells the server to stop.
#[derive(Debug)]
pub struct Trigger(watch::Sender<Phase>);

impl Trigger {
    /// The first time, to drain; after that, to end. Returns which.
    pub fn stop(&self) -> Phase {
        let next = if *self.0.borrow() == Phase::Running { Phase::Draining } else { Phase::AtOnce };
        self.0.send_replace(next);
        next
    }
}

/// Hears it.
#[derive(Clone, Debug)]
pub struct Shutdown(watch::Receiver<Phase>);

impl Shutdown {
    /// Both ends.
    #[must_use]
    pub fn new() -> (Trigger, Self) {
        let (sender, receiver) = watch::channel(Phase::Running);
        (Trigger(sender), Self(receiver))
    }

    /// Whether the server was told to stop.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        *self.0.borrow() >= Phase::Draining
    }

    /// Waits until the server is told to stop; for ever when nobody can tell any more.
    pub async fn draining(&mut self) {
        self.reached(Phase::Draining).await;
    }

    /// Waits until it is told to end.
    pub async fn at_once(&mut self) {
        self.reached(Phase::AtOnce).await;
    }

    async fn reached(&mut self, phase: Phase) {
        if self.0.wait_for(|now| *now >= phase).await.is_err() {
            std::future::pending().await
        }
    }
}
