//! Between the ledger and snapshots; the client of its server.

use std::path::Path;
use std::sync::Arc;

use anyhow::anyhow;
use jiff::Timestamp;
use secrecy::SecretString;
use url::Url;

use super::{now, snapshot_source, snapshot_text};
use crate::domain::record::DeploymentRecord;
use crate::gate::source::{
    EnvironmentQuery, Fetched, FetchedEnvironment, NoProgress, RecordFilters, RecordQuery, SourceError,
};
use crate::ledger::filter::{Filter, Page};
use crate::ledger::remote::Remote;
use crate::ledger::store::Reader;
use crate::source::chainloop::{ChainloopOptions, Product};
use crate::source::wire;

/// How many records, or environments, are read at a time.
const PART: u32 = 1000;

/// The client of a ledger's server, with a token from this variable.
///
/// # Errors
/// An address or a token that cannot be used.
pub fn remote(url: Url, token: SecretString, variable: &str) -> Result<Remote, SourceError> {
    let options = ChainloopOptions {
        product: Product::Ledger,
        token_origin: format!("`{variable}`"),
        ..ChainloopOptions::new(url, token)
    };
    Remote::new(&options, Arc::new(now))
}

/// All records of a snapshot file.
///
/// # Errors
/// A file that is none.
pub async fn snapshot_records(path: &Path) -> anyhow::Result<Vec<DeploymentRecord>> {
    let query = everything(Vec::new());
    let fetched = snapshot_source(path).fetch(&query, &NoProgress).await;
    let fetched = fetched.map_err(|error| anyhow!("{error}\nhint: {}", error.remediation))?;
    Ok(fetched.environments.into_iter().flat_map(|environment| environment.records).collect())
}

/// Everything that a ledger holds at one moment: the names of its environments, and its records.
///
/// # Errors
/// A ledger that cannot be read.
pub async fn everything_of(mut reader: Reader) -> anyhow::Result<(Vec<String>, Vec<DeploymentRecord>)> {
    let (mut targets, mut records) = (Vec::new(), Vec::new());
    for number in 1.. {
        let listed = reader.environments(None, Page::new(number, PART)?).await?.environments;
        targets.extend(listed.iter().map(|environment| environment.name.to_string()));
        if listed.is_empty() {
            break;
        }
    }
    let filter = Filter { full_history: true, ..Filter::default() };
    for number in 1.. {
        let listed = reader.list(&filter, Page::new(number, PART)?).await?.records;
        if listed.is_empty() {
            break;
        }
        records.extend(listed);
    }
    reader.finish().await?;
    Ok((targets, records))
}

/// The snapshot file of a whole ledger.
///
/// # Errors
/// Records that cannot be written.
pub fn snapshot_of(targets: Vec<String>, records: Vec<DeploymentRecord>, now: Timestamp) -> anyhow::Result<Vec<u8>> {
    let digest = wire::digest(records.iter().map(wire::hash));
    let environment = FetchedEnvironment { targets: targets.clone(), records, incomplete: None };
    let fetched = Fetched { environments: vec![environment], observed_at: Some(now), digest };
    snapshot_text(&[(&everything(targets), &fetched)])
}

fn everything(targets: Vec<String>) -> RecordQuery {
    let environment = EnvironmentQuery { environment: "ledger".to_owned(), targets, logical_environment: None };
    let filters = RecordFilters { full_history: true, ..RecordFilters::default() };
    RecordQuery { environments: vec![environment], filters }
}
