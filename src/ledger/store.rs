//! The store: records in `SQLite` or `PostgreSQL`, with the same SQL.

mod backend;
mod backup;
mod import;
mod list;
mod reader;
mod select;
mod session;
mod stored;
#[cfg(test)]
mod tests;
mod tokens;
mod writer;
mod writing;

use std::sync::Arc;

use jiff::Timestamp;

use super::entry::{Recorded, Recording, Slot};
use super::error::LedgerError;
use super::filter::{Filter, LedgerEnvironment, Listed, ListedEnvironments, Page};
use crate::domain::digest::Digest;
use crate::domain::record::DeploymentRecord;
use backend::Backend;
use writer::Writer;

pub use crate::sqlite::Access;
pub use backend::Place;
pub use reader::Reader;

/// A ledger that is open. Copies share it.
///
/// It belongs to the runtime in which it was opened. No clock is read: each time is an argument.
#[derive(Clone)]
pub struct Store {
    backend: Arc<Backend>,
    writer: Writer,
}

impl Store {
    /// Opens a ledger, creates it or brings it up to date as `access` says.
    ///
    /// # Errors
    /// A file that is missing, locked, damaged, of another program or of a newer holdpoint; a server that cannot be
    /// reached or refuses.
    pub async fn open(place: &Place, access: Access) -> Result<Self, LedgerError> {
        let backend = Arc::new(Backend::open(place, access).await?);
        let writer = Writer::start(Arc::clone(&backend));
        Ok(Self { backend, writer })
    }

    /// Records that an artifact is in a slot; what was recorded is on the disk when this returns.
    ///
    /// # Errors
    /// A text that is too long or has hidden characters; a store that cannot be written, and then nothing was recorded.
    pub async fn record(&self, recording: Recording, at: Timestamp) -> Result<Recorded, LedgerError> {
        recording.check()?;
        self.writer.write(move |writing| Box::pin(async move { writing.record(&recording, at).await })).await
    }

    /// Records several artifacts, one after the other: all of it is on the disk when this returns.
    ///
    /// # Errors
    /// Those of [`Self::record`]; then nothing of it was recorded.
    pub async fn record_all(&self, recordings: Vec<Recording>, at: Timestamp) -> Result<Vec<Recorded>, LedgerError> {
        recordings.iter().try_for_each(Recording::check)?;
        self.writer
            .write(move |writing| {
                Box::pin(async move {
                    let mut recorded = Vec::with_capacity(recordings.len());
                    for recording in &recordings {
                        recorded.push(writing.record(recording, at).await?);
                    }
                    Ok(recorded)
                })
            })
            .await
    }

    /// Records that nothing is in a slot any more, and returns its last record. If a digest is given, it has to be the
    /// one that is there. A slot that was decommissioned already stays as it is.
    ///
    /// # Errors
    /// A slot without records, or with another digest; a store that cannot be written.
    pub async fn decommission(
        &self,
        slot: &Slot,
        digest: Option<&Digest>,
        at: Timestamp,
    ) -> Result<DeploymentRecord, LedgerError> {
        slot.check()?;
        let (slot, digest) = (slot.clone(), digest.copied());
        self.writer
            .write(move |writing| Box::pin(async move { writing.decommission(&slot, digest.as_ref(), at).await }))
            .await
    }

    /// A page of records.
    ///
    /// # Errors
    /// A filter that makes no sense; a store that cannot be read or is damaged.
    pub async fn list(&self, filter: &Filter, page: Page) -> Result<Listed, LedgerError> {
        let mut reader = self.read().await?;
        let listed = reader.list(filter, page).await?;
        reader.finish().await.map(|()| listed)
    }

    /// A page of the environments whose names contain a text, in upper or lower case.
    ///
    /// # Errors
    /// A store that cannot be read or is damaged.
    pub async fn environments(&self, query: Option<&str>, page: Page) -> Result<ListedEnvironments, LedgerError> {
        let mut reader = self.read().await?;
        let listed = reader.environments(query, page).await?;
        reader.finish().await.map(|()| listed)
    }

    /// The environment with this id.
    ///
    /// # Errors
    /// A store that cannot be read or is damaged.
    pub async fn environment(&self, id: &str) -> Result<Option<LedgerEnvironment>, LedgerError> {
        let mut reader = self.read().await?;
        let environment = reader.environment(id).await?;
        reader.finish().await.map(|()| environment)
    }

    /// Lets go of the database. A file is then one file, without a log beside it, unless others have it open.
    pub async fn close(self) {
        self.backend.close().await;
    }
}
