//! Another configuration while the server runs.
//!
//! The new judge is built beside the old one, and takes its place when it has records to answer by. Whatever is wrong
//! with it, the old one goes on.
//!
//! Changes are found by looking, every few seconds: a watch on files ends when kubelet swaps the folder they are in, and
//! what it misses would go unnoticed.

mod fingerprint;

use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use super::judge::Judge;
use super::records::Records;
use super::{Door, Running};
use crate::output::escape;

pub use fingerprint::fingerprint;

/// Between two looks at the files.
const LOOK: Duration = Duration::from_secs(5);
/// How long the records of a new configuration may take before that is told.
const PATIENCE: Duration = Duration::from_secs(30);
/// Characters of a failure that the log repeats.
const LONGEST: usize = 4_000;

/// A judge of the configuration as it is now, and the files that it was made of.
pub struct Built {
    /// The judge.
    pub judge: Judge,
    /// Files and folders whose change makes another.
    pub files: Vec<PathBuf>,
}

/// Builds a judge from the configuration on disk.
pub type Build = Arc<dyn Fn() -> anyhow::Result<Built> + Send + Sync>;

/// Takes over configurations as they change.
pub struct Reloader {
    door: Arc<Door>,
    build: Build,
    /// Wakes it before its time, as SIGHUP does.
    asked: Arc<Notify>,
    files: Vec<PathBuf>,
    /// What the files were when they were last read, be it with success or not.
    seen: Option<u64>,
}

impl Reloader {
    /// `files` are those that the door's judge was made of, and `seen` what they were then.
    #[must_use]
    pub fn new(door: Arc<Door>, build: Build, asked: Arc<Notify>, files: Vec<PathBuf>, seen: Option<u64>) -> Self {
        Self { door, build, asked, files, seen }
    }

    /// Looks for changes until it is dropped.
    pub async fn run(mut self) {
        loop {
            let asked = timeout(LOOK, self.asked.notified()).await.is_ok();
            let now = self.fingerprint().await;
            if asked || now != self.seen {
                // Files that are being written are read again at the next look, since they differ then.
                self.seen = now;
                self.take_over().await;
            }
        }
    }

    async fn fingerprint(&self) -> Option<u64> {
        let files = self.files.clone();
        tokio::task::spawn_blocking(move || fingerprint(&files)).await.unwrap_or_default()
    }

    async fn take_over(&mut self) {
        let build = Arc::clone(&self.build);
        match tokio::task::spawn_blocking(move || build()).await {
            Ok(Ok(new)) => self.replace(new).await,
            Ok(Err(error)) => self.failed(&format!("{error:#}")),
            Err(_panicked) => self.failed("a part of holdpoint failed"),
        }
    }

    /// Puts the new judge in the place of the old one as soon as it has its records. Until then the old one is better:
    /// its records are there, when they grow too old it says so, and what they say against a remembered allow is known.
    /// So a new one that could only re-admit has to wait, although it would be called ready at a start.
    async fn replace(&mut self, built: Built) {
        let running = Running::start(Arc::new(built.judge));
        // Where the old one has no records either, nothing is lost by waiting less.
        if self.door.judge().records().ready() && !self.have_come(running.judge.records()).await {
            return;
        }
        self.files = built.files;
        self.door.replace(running);
        let metrics = &self.door.metrics;
        metrics.reloads.inc();
        metrics.reload_failed.set(0);
        metrics.reloaded_at.set((self.door.parts.clock)().as_second());
        tracing::warn!("another configuration is used");
    }

    /// Waits for these records; false when the configuration has changed again before they came.
    async fn have_come(&self, records: &Records) -> bool {
        let mut ready = pin!(records.until_ready());
        let (began, mut told) = (Instant::now(), false);
        while timeout(LOOK, ready.as_mut()).await.is_err() {
            if !told && began.elapsed() >= PATIENCE {
                told = true;
                self.failed("its records could not be read yet; the old one is used until they are");
            }
            // What changed again meanwhile is built instead.
            if self.fingerprint().await != self.seen {
                return false;
            }
        }
        true
    }

    fn failed(&self, why: &str) {
        let metrics = &self.door.metrics;
        metrics.reload_failures.inc();
        metrics.reload_failed.set(1);
        let why = escape::line(why, LONGEST);
        tracing::error!(%why, "the configuration on disk cannot be used; the last good one goes on");
    }
}
