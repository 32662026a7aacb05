//! The ledger that a command works on: here, or behind a URL.

use std::collections::BTreeSet;

use anyhow::{Context as _, anyhow, bail};
use secrecy::SecretString;

use super::now;
use crate::app;
use crate::cli::ledger::{LedgerPlaceArgs, RemoteArgs};
use crate::domain::digest::Digest;
use crate::domain::record::DeploymentRecord;
use crate::gate::source::SourceError;
use crate::ledger::entry::{Imported, Outcome, PastRecord, Recorded, Recording, Slot};
use crate::ledger::filter::{Filter, Listed, Page};
use crate::ledger::remote::Remote;
use crate::ledger::store::{Access, Place, Store};

/// The variable with the token of a server.
const TOKEN: &str = "HOLDPOINT_LEDGER_TOKEN";

/// A ledger that is open.
pub(super) enum Ledger {
    /// Its file or its database.
    Here(Box<Store>),
    /// Its server.
    There(Remote),
}

/// What came of a recording. A server does not say what was there before.
pub(super) struct Done {
    pub(super) record: DeploymentRecord,
    pub(super) outcome: Option<Outcome>,
}

impl From<Recorded> for Done {
    fn from(Recorded { record, outcome }: Recorded) -> Self {
        Self { record, outcome: Some(outcome) }
    }
}

impl Ledger {
    pub(super) async fn open(place: &LedgerPlaceArgs, remote: &RemoteArgs, access: Access) -> anyhow::Result<Self> {
        let Some(url) = &remote.url else { return Ok(Self::Here(Box::new(open(place, access).await?))) };
        let Some(token) = std::env::var(TOKEN).ok().filter(|token| !token.trim().is_empty()) else {
            bail!(
                "`{TOKEN}` is not set\nhint: it holds the token for {url}; `holdpoint ledger token create` makes one"
            );
        };
        let remote = app::ledger::remote(url.clone(), SecretString::from(token), TOKEN);
        Ok(Self::There(remote.map_err(|error| told(&error))?))
    }

    pub(super) async fn record(&self, recording: Recording) -> anyhow::Result<Done> {
        match self {
            Self::Here(store) => {
                let recorded = store.record(recording, now()).await.context("nothing was recorded")?;
                Ok(recorded.into())
            }
            Self::There(remote) => {
                let record = remote.record(&recording).await.map_err(|error| told(&error));
                Ok(Done { record: record.context("nothing was recorded")?, outcome: None })
            }
        }
    }

    /// Records one after the other: all of it or nothing in a ledger here, and on a server as far as it comes. What was
    /// recorded is told in any case.
    pub(super) async fn record_all(&self, recordings: Vec<Recording>) -> (Vec<Done>, anyhow::Result<()>) {
        let mut done = Vec::with_capacity(recordings.len());
        match self {
            Self::Here(store) => match store.record_all(recordings, now()).await.context("nothing was recorded") {
                Ok(recorded) => done.extend(recorded.into_iter().map(Done::from)),
                Err(error) => return (done, Err(error)),
            },
            Self::There(_) => {
                for recording in recordings {
                    match self.record(recording).await {
                        Ok(recorded) => done.push(recorded),
                        Err(error) => return (done, Err(error)),
                    }
                }
            }
        }
        (done, Ok(()))
    }

    pub(super) async fn decommission(&self, slot: &Slot, digest: Option<&Digest>) -> anyhow::Result<DeploymentRecord> {
        match self {
            Self::Here(store) => Ok(store.decommission(slot, digest, now()).await?),
            Self::There(remote) => remote.decommission(slot, digest).await.map_err(|error| told(&error)),
        }
    }

    /// The first so many records, and how many there are.
    pub(super) async fn list(&self, filter: &Filter, limit: u32) -> anyhow::Result<Listed> {
        match self {
            Self::Here(store) => Ok(store.list(filter, Page::new(1, limit)?).await?),
            Self::There(remote) => {
                let mut records = remote.list(filter).await.map_err(|error| told(&error))?;
                let total_count = u64::try_from(records.len()).unwrap_or(u64::MAX);
                records.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
                Ok(Listed { records, total_count })
            }
        }
    }

    /// Everything that it holds: the names of its environments, and its records.
    pub(super) async fn everything(&self) -> anyhow::Result<(Vec<String>, Vec<DeploymentRecord>)> {
        match self {
            Self::Here(store) => app::ledger::everything_of(store.read().await?).await,
            Self::There(remote) => {
                let all = Filter { full_history: true, ..Filter::default() };
                let records = remote.list(&all).await.map_err(|error| told(&error))?;
                // No environment is without records.
                let names: BTreeSet<_> = records.iter().map(|record| &record.environment_name).collect();
                Ok((names.into_iter().map(ToString::to_string).collect(), records))
            }
        }
    }

    pub(super) async fn import(&self, records: Vec<PastRecord>) -> anyhow::Result<Imported> {
        match self {
            Self::Here(store) => Ok(store.import(records, now()).await?),
            Self::There(remote) => remote.import(records).await.map_err(|error| told(&error)),
        }
    }

    pub(super) async fn close(self) {
        if let Self::Here(store) = self {
            store.close().await;
        }
    }
}

/// The ledger's file or database.
pub(super) async fn open(place: &LedgerPlaceArgs, access: Access) -> anyhow::Result<Store> {
    Store::open(&Place::from(place.ledger.as_str()), access).await.context("the ledger cannot be used")
}

fn told(error: &SourceError) -> anyhow::Error {
    anyhow!("{error}\nhint: {}", error.remediation)
}
