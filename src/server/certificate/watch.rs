//! Looking for another certificate.
//!
//! kubelet swaps the link `..data` beside the files, and nothing happens to the files themselves. So the folders are
//! watched; and looked at every few seconds, since a watch may fail or miss something.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::Certificates;

/// Between two looks without an event.
const LOOK: Duration = Duration::from_secs(10);
/// Certificate and key are two files: what comes within this time is one change.
const QUIET: Duration = Duration::from_millis(100);

impl Certificates {
    /// Serves what the files hold as they change, until it is dropped.
    pub async fn watch(self) {
        let Some(folders) = self.folders() else { return std::future::pending().await };
        let (sender, mut changes) = mpsc::channel(1);
        let _watcher = watcher(&folders, sender.clone());
        loop {
            // Either an event, or time.
            if timeout(LOOK, changes.recv()).await.is_ok() {
                tokio::time::sleep(QUIET).await;
                while changes.try_recv().is_ok() {}
            }
            let certificates = self.clone();
            let reloaded = tokio::task::spawn_blocking(move || certificates.reload_if_changed()).await;
            if let Ok(Ok(true)) = reloaded {
                tracing::warn!(not_after = %self.status().not_after, "another certificate is served");
            }
        }
    }

    fn folders(&self) -> Option<BTreeSet<PathBuf>> {
        let files = self.0.files.as_ref()?;
        let paths = [Some(&files.certificate), Some(&files.key), files.client_ca.as_ref()];
        let folder = |path: &PathBuf| match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => Path::new(".").to_owned(),
        };
        Some(paths.into_iter().flatten().map(folder).collect())
    }
}

/// Without one, the looks are enough.
fn watcher(folders: &BTreeSet<PathBuf>, changed: mpsc::Sender<()>) -> Option<RecommendedWatcher> {
    let tell = move |_event| {
        // A full channel says the same already.
        let _full = changed.try_send(());
    };
    let mut watcher = notify::recommended_watcher(tell).ok()?;
    for folder in folders {
        if let Err(error) = watcher.watch(folder, RecursiveMode::NonRecursive) {
            tracing::warn!(folder = %folder.display(), %error, "a certificate's folder cannot be watched");
        }
    }
    Some(watcher)
}
