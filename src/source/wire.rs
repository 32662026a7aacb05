//! The JSON of the records API, read into the normal form.
//!
//! Both spellings of every key are read (`environment_name`, `environmentName`), unknown keys are passed over, and
//! `null`, `""` and an absent key mean the same. A key that comes twice is an error: which of the two is the truth
//! cannot be known. Everything is read in one pass, and repeated texts are shared, so that a hundred thousand
//! records need little more than their ids and times.

mod fields;
mod hash;
mod intern;
mod list;
mod record;

use serde::de::DeserializeSeed;
use serde_json::Deserializer;

pub(super) use fields::Instant;
pub use hash::{RecordHash, digest, hash};
pub use intern::Interner;
pub(super) use list::{EnvironmentList, List, RecordList, pagination};
pub use list::{NamedEnvironment, Page, Pagination};

use super::text;
use crate::domain::record::DeploymentRecord;

/// Reads one page of `GET /v1/deployments`.
///
/// # Errors
/// Text that is not JSON or not such a page; the message has line and column.
pub fn deployments(body: &[u8], interner: &mut Interner) -> Result<Page<DeploymentRecord>, serde_json::Error> {
    read(body, list::PageSeed(RecordList(interner)))
}

/// Reads one page of `GET /v1/environments`.
///
/// # Errors
/// As [`deployments`].
pub fn environments(body: &[u8], interner: &mut Interner) -> Result<Page<NamedEnvironment>, serde_json::Error> {
    read(body, list::PageSeed(EnvironmentList(interner)))
}

fn read<'de, S: DeserializeSeed<'de>>(body: &'de [u8], seed: S) -> Result<S::Value, serde_json::Error> {
    let mut deserializer = Deserializer::from_slice(body);
    let value = seed.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// What is wrong with the JSON, fit for a message.
#[must_use]
pub fn describe(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    match message.strip_suffix(&place) {
        Some(message) => format!("{}{place}", text::short(message)),
        None => text::short(&message),
    }
}
