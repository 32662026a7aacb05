//! Noticing that files were replaced.

use std::collections::BTreeSet;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::{CertificateFiles, Certificates};

/// How often files are looked at though nothing told of a change: some file systems never tell.
pub(super) const POLL: Duration = Duration::from_secs(10);
/// After a change others follow at once.
const QUIET: Duration = Duration::from_millis(100);

/// Looks at the files after each change and every `poll`, until `stopped`.
pub(super) async fn watch(certificates: &Certificates, files: &CertificateFiles, poll: Duration, stopped: impl Future) {
    let changed = Arc::new(Notify::new());
    // Kept to the end: changes are told as long as it lives.
    let _watcher = watcher(files, &changed);
    let mut poll = interval(poll);
    poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tokio::pin!(stopped);
    loop {
        tokio::select! {
            _ = &mut stopped => return,
            () = changed.notified() => sleep(QUIET).await,
            _ = poll.tick() => {}
        }
        look(certificates).await;
    }
}

async fn look(certificates: &Certificates) {
    let before = certificates.status();
    let looking = certificates.clone();
    let looked = tokio::task::spawn_blocking(move || looking.reload_if_changed()).await;
    match looked {
        Ok(Ok(true)) => {
            tracing::info!(not_after = %certificates.status().not_after, "the certificate was replaced");
        }
        Ok(Ok(false)) => {}
        Ok(Err(error)) => {
            // Every few seconds the same would hide what else is in the log.
            if before.last_failure != Some(error.to_string()) {
                tracing::warn!(%error, "the certificate was not replaced: the one before is kept");
            }
        }
        Err(error) => tracing::error!(%error, "the certificate could not be looked at"),
    }
}

/// Watches folders and not files: Kubernetes swaps a symbolic link beside them, and never writes the files.
fn watcher(files: &CertificateFiles, changed: &Arc<Notify>) -> Option<RecommendedWatcher> {
    let told = Arc::clone(changed);
    let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        // Reading a file is an event too.
        if !event.is_ok_and(|event| matches!(event.kind, EventKind::Access(_))) {
            told.notify_one();
        }
    });
    let result = watcher.and_then(|mut watcher| {
        folders(files).iter().try_for_each(|folder| watcher.watch(folder, RecursiveMode::NonRecursive))?;
        Ok(watcher)
    });
    let polled = |error| tracing::warn!(%error, "changes of the certificate are not told: it is looked at every 10 s");
    result.map_err(polled).ok()
}

fn folders(files: &CertificateFiles) -> BTreeSet<PathBuf> {
    let paths = [Some(&files.certificate), Some(&files.key), files.client_ca.as_ref()];
    let parent = |path: &PathBuf| path.parent().filter(|parent| !parent.as_os_str().is_empty()).map(Path::to_owned);
    paths.into_iter().flatten().map(|path| parent(path).unwrap_or_else(|| PathBuf::from("."))).collect()
}

#[cfg(test)]
mod tests;
