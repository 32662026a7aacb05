//! What the operating system tells the server.

use std::sync::Arc;

use tokio::sync::Notify;

use crate::server::shutdown::Trigger;

/// Waits for signals: SIGTERM and Ctrl-C drain the server, and again end it at once; SIGHUP asks for the configuration
/// to be read.
///
/// # Errors
/// When signals cannot be received.
#[cfg(unix)]
pub(in crate::commands) fn watch(trigger: Trigger, asked: Arc<Notify>) -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let mut hang_up = signal(SignalKind::hangup())?;
    Ok(async move {
        let mut told = Told::default();
        loop {
            tokio::select! {
                _ = terminate.recv() => told.stop(&trigger),
                _ = interrupt.recv() => told.stop(&trigger),
                _ = hang_up.recv() => asked.notify_one(),
            }
        }
    })
}

/// Waits for Ctrl-C, which drains the server, and again ends it at once.
///
/// # Errors
/// Never, on this system.
#[cfg(not(unix))]
pub(in crate::commands) fn watch(trigger: Trigger, _asked: Arc<Notify>) -> std::io::Result<impl Future<Output = ()>> {
    Ok(async move {
        let mut told = Told::default();
        while tokio::signal::ctrl_c().await.is_ok() {
            told.stop(&trigger);
        }
    })
}

/// Whether the server was told to stop.
#[derive(Default)]
struct Told(bool);

impl Told {
    fn stop(&mut self, trigger: &Trigger) {
        if std::mem::replace(&mut self.0, true) {
            tracing::warn!("told to stop again: ending at once");
            trigger.at_once();
        } else {
            tracing::warn!("told to stop: answering what is there");
            trigger.drain();
        }
    }
}
