//! Records from a file: a saved answer of the API, a bare list of records, or what [`write()`] wrote.
//!
//! A file can be older or shorter than the truth, and it vouches only for what it names: a target without a record
//! counts as empty when the file lists it under `environments`, otherwise as not known.

mod ahead;
mod answer;
mod read;
mod write;

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::watch;

use crate::gate::source::{BoxFuture, Fetched, Progress, RecordQuery, RecordSource, SourceError, SourceErrorKind};

use ahead::Begun;
pub use write::write;

/// The largest file that is read, in bytes: room for about eight million records.
const LARGEST_FILE: u64 = 4 << 30;

/// A record source that reads one JSON file, anew for each fetch.
#[derive(Clone, Debug)]
pub struct SnapshotSource {
    path: Arc<PathBuf>,
    /// What the file holds, for one that is not there.
    text: Option<Arc<[u8]>>,
    largest: u64,
    begun: Begun,
}

impl SnapshotSource {
    /// The source of this file, which is first read when records are asked for.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self { path: Arc::new(path), text: None, largest: LARGEST_FILE, begun: Begun::default() }
    }

    /// The source of this text, as though it were in a file of this name.
    #[must_use]
    pub fn of_text(name: PathBuf, text: impl Into<Arc<[u8]>>) -> Self {
        Self { text: Some(text.into()), ..Self::new(name) }
    }

    /// The same source, which refuses a file of more than this many bytes.
    #[must_use]
    pub fn with_largest_file(self, bytes: u64) -> Self {
        Self { largest: bytes, ..self }
    }

    async fn read(&self, query: &RecordQuery, progress: &dyn Progress) -> Result<Fetched, SourceError> {
        if let Some(read) = self.begun.take(query).await {
            return read;
        }
        let (sender, mut receiver) = watch::channel(0_usize);
        let (source, asked) = (self.clone(), query.clone());
        let mut reading = tokio::task::spawn_blocking(move || source.read_now(&asked, &sender));
        loop {
            tokio::select! {
                result = &mut reading => return result.unwrap_or_else(|failure| Err(self.broken(&failure))),
                Ok(()) = receiver.changed() => progress.records(*receiver.borrow_and_update(), None),
            }
        }
    }

    /// Reads on this thread, and tells how far it is.
    fn read_now(&self, query: &RecordQuery, progress: &watch::Sender<usize>) -> Result<Fetched, SourceError> {
        let contents = match &self.text {
            Some(text) => read::read_text(text, &self.path, self.largest, query, progress)?,
            None => read::read(&self.path, self.largest, query, progress)?,
        };
        Ok(answer::answer(contents, query, &self.path))
    }

    fn broken(&self, failure: &tokio::task::JoinError) -> SourceError {
        SourceError::new(
            SourceErrorKind::File,
            format!("reading snapshot `{}` broke off: {failure}", self.path.display()),
            "run it again; if it stays, report it as a fault of holdpoint",
        )
    }
}

impl RecordSource for SnapshotSource {
    fn kind(&self) -> &'static str {
        "snapshot"
    }

    fn begin(&self, query: &RecordQuery) {
        let is_small = std::fs::metadata(&*self.path).is_ok_and(|file| file.len() <= ahead::LARGEST);
        if self.text.is_none() && is_small {
            let (source, asked) = (self.clone(), query.clone());
            self.begun.begin(query, move || source.read_now(&asked, &watch::channel(0).0));
        }
    }

    fn fetch<'a>(
        &'a self,
        query: &'a RecordQuery,
        progress: &'a dyn Progress,
    ) -> BoxFuture<'a, Result<Fetched, SourceError>> {
        Box::pin(self.read(query, progress))
    }
}
