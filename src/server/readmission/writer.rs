//! Writing the file behind the answers.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::{Mutex, Notify};
use tokio::time::sleep;

use super::Readmissions;
use crate::private;

/// Between an allow and the file that has it, at most.
const USUAL_DELAY: Duration = Duration::from_secs(5);
/// Between two writes, at least: a refusal does not wait longer than this.
const SHORTEST_DELAY: Duration = Duration::from_secs(1);

/// Knows what of the memory is not in the file yet.
pub(super) struct Writer {
    path: PathBuf,
    dirty: AtomicBool,
    changed: Notify,
    urgent: Notify,
    /// One write at a time, so that an older state never replaces a newer one. Answers do not take it.
    turn: Mutex<()>,
}

impl Writer {
    pub(super) fn new(path: PathBuf) -> Self {
        let dirty = AtomicBool::new(false);
        Self { path, dirty, changed: Notify::new(), urgent: Notify::new(), turn: Mutex::new(()) }
    }

    /// Something was added.
    pub(super) fn changed(&self) {
        if !self.dirty.swap(true, Ordering::SeqCst) {
            self.changed.notify_one();
        }
    }

    /// Something was taken away: a process that is killed now must not find it in the file.
    pub(super) fn hurry(&self) {
        self.changed();
        self.urgent.notify_one();
    }

    pub(super) async fn run(&self, readmissions: &Arc<Readmissions>) {
        loop {
            self.changed.notified().await;
            tokio::select! {
                () = sleep(USUAL_DELAY) => {}
                () = self.urgent.notified() => {}
            }
            self.write(readmissions).await;
            sleep(SHORTEST_DELAY).await;
        }
    }

    /// Writes what changed. What cannot be written is tried again.
    pub(super) async fn write(&self, readmissions: &Arc<Readmissions>) {
        let _turn = self.turn.lock().await;
        // Before the memory is looked at: what changes from now on is written the next time.
        if !self.dirty.swap(false, Ordering::SeqCst) {
            return;
        }
        let (path, readmissions) = (self.path.clone(), Arc::clone(readmissions));
        let written = tokio::task::spawn_blocking(move || write(&path, &readmissions)).await;
        if !written.unwrap_or(false) {
            self.changed();
        }
    }
}

fn write(path: &Path, readmissions: &Readmissions) -> bool {
    match private::write_durably(path, &[&readmissions.to_file()]) {
        Ok(()) => true,
        Err(error) => {
            let path = path.display();
            tracing::warn!(%path, %error, "what was allowed cannot be written; a restart would not know it");
            false
        }
    }
}
