//! A digest of records that does not depend on their order, on paging or on the spelling of the JSON.

use std::fmt;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::domain::digest::Digest;
use crate::domain::record::{DeploymentRecord, RecordDetails};

/// The SHA-256 of one record in normal form.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordHash([u8; 32]);

impl fmt::Debug for RecordHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&Digest::from_bytes(self.0), formatter)
    }
}

/// The hash of one record: every field, each with its length before it, so that no two records look alike.
#[must_use]
pub fn hash(record: &DeploymentRecord) -> RecordHash {
    let mut encoding = Encoding(Vec::with_capacity(512));
    encoding.text("holdpoint.record/v1");
    encoding.text(&record.id);
    encoding.text(&record.environment_id);
    encoding.text(&record.environment_name);
    encoding.text(&record.deployment_name);
    encoding.text(&record.artifact_id);
    encoding.text(record.artifact.kind.as_str());
    encoding.text(&record.artifact.name);
    encoding.text(&record.artifact.digest_text);
    encoding.text(&record.artifact.version);
    encoding.text(record.status.as_str());
    encoding.time(record.created_at);
    encoding.time(record.updated_at);
    encoding.time(record.last_seen_at);
    encoding.details(record.details.as_deref().unwrap_or(&RecordDetails::default()));
    RecordHash(Sha256::digest(&encoding.0).into())
}

/// The digest of a set of records, from their hashes in any order.
#[must_use]
pub fn digest(hashes: impl IntoIterator<Item = RecordHash>) -> Digest {
    let mut hashes: Vec<RecordHash> = hashes.into_iter().collect();
    hashes.sort_unstable();
    hashes.dedup();
    let mut sum = Sha256::new();
    sum.update(b"holdpoint.records/v1");
    for hash in hashes {
        sum.update(hash.0);
    }
    Digest::from_bytes(sum.finalize().into())
}

struct Encoding(Vec<u8>);

impl Encoding {
    fn length(&mut self, length: usize) {
        self.0.extend_from_slice(&u64::try_from(length).unwrap_or(u64::MAX).to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.length(text.len());
        self.0.extend_from_slice(text.as_bytes());
    }

    /// One byte that says whether there is a value.
    fn present(&mut self, present: bool) {
        self.0.push(u8::from(present));
    }

    fn time(&mut self, time: Option<Timestamp>) {
        self.present(time.is_some());
        if let Some(time) = time {
            self.0.extend_from_slice(&time.as_nanosecond().to_le_bytes());
        }
    }

    fn details(&mut self, details: &RecordDetails) {
        self.present(details.logical_environment_name.is_some());
        if let Some(name) = &details.logical_environment_name {
            self.text(name);
        }
        self.present(details.tags.is_some());
        if let Some(tags) = &details.tags {
            self.length(tags.len());
            for (key, value) in tags {
                self.text(key);
                self.text(value);
            }
        }
        self.present(details.runtime_risks.is_some());
        if let Some(risks) = &details.runtime_risks {
            self.length(risks.len());
            for risk in risks {
                self.text(risk);
            }
        }
    }
}
