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
pub(super) fn watch(trigger: Trigger, asked: Arc<Notify>) -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let mut hang_up = signal(SignalKind::hangup())?;
    Ok(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => stop(&trigger),
                _ = interrupt.recv() => stop(&trigger),
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
pub(super) fn watch(trigger: Trigger, _asked: Arc<Notify>) -> std::io::Result<impl Future<Output = ()>> {
    Ok(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            stop(&trigger);
        }
    })
}

fn stop(trigger: &Trigger) {
    let next = trigger.stop();
    tracing::warn!(?next, "told to stop");
}
