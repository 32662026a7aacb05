//! The whole set of records that one decision saw, indexed as rules ask for them.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::artifact::RecordedArtifact;
use super::digest::Digest;
use super::environment::Environment;
use super::record::DeploymentRecord;

/// Where the records came from, as the decision document shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceReport {
    /// The source's name in the configuration.
    pub name: String,
    /// Its type: `chainloop` or `snapshot`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// When the source saw the records; `None` when it cannot tell.
    pub observed_at: Option<Timestamp>,
    /// Whether every record was read.
    pub complete: bool,
    /// How many were read.
    pub records: usize,
    /// Whether only those were read that the question's rules look at.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub related_only: bool,
    /// A digest of the records, the same for any order and page size; `None` when nothing was read.
    pub digest: Option<Digest>,
}

/// The records of one environment.
#[derive(Clone, Debug)]
pub struct EnvironmentRecords {
    /// The environment, with its targets as the source resolved them.
    pub environment: Environment,
    /// When its source saw them.
    pub observed_at: Option<Timestamp>,
    /// Why the records may be short of the truth; `None` when they are complete.
    pub incomplete: Option<String>,
    /// Whether only those are here that the question's rules look at.
    pub is_related_only: bool,
    index: RecordIndex,
}

impl EnvironmentRecords {
    /// Orders and indexes the records.
    #[must_use]
    pub fn new(
        environment: Environment,
        records: Vec<DeploymentRecord>,
        observed_at: Option<Timestamp>,
        incomplete: Option<String>,
    ) -> Self {
        let index = RecordIndex::new(records);
        Self { environment, observed_at, incomplete, is_related_only: false, index }
    }

    /// The same, of which it is known that others were not read.
    #[must_use]
    pub fn related_only(self) -> Self {
        Self { is_related_only: true, ..self }
    }

    /// The records and the ways to find them.
    #[must_use]
    pub const fn index(&self) -> &RecordIndex {
        &self.index
    }
}

/// The records of one environment with one digest.
#[derive(Clone, Copy, Debug)]
pub struct DigestRecords<'a> {
    /// The artifact of the newest of them; it has the digest.
    pub artifact: &'a RecordedArtifact,
    /// Their positions, newest first.
    pub positions: &'a [u32],
}

/// Records, newest first, with their positions by digest and by slot.
#[derive(Clone, Debug, Default)]
pub struct RecordIndex {
    records: Vec<DeploymentRecord>,
    /// The positions of the records with a usable digest, ordered by it. A list of numbers takes a tenth of the room
    /// of a map with a list for each digest.
    by_digest: Vec<u32>,
    by_slot: BTreeMap<Arc<str>, BTreeMap<Arc<str>, Vec<u32>>>,
}

impl RecordIndex {
    fn new(mut records: Vec<DeploymentRecord>) -> Self {
        // In place: ids differ, so no two records are equal in this order.
        records.sort_unstable_by(DeploymentRecord::newest_first);
        records.shrink_to_fit();
        let mut index = Self { records, ..Self::default() };
        for (position, record) in (0_u32..).zip(&index.records) {
            if record.artifact.digest.is_some() {
                index.by_digest.push(position);
            }
            let slots = index.by_slot.entry(record.environment_name.clone()).or_default();
            slots.entry(record.deployment_name.clone()).or_default().push(position);
        }
        // This sort is stable: of one digest, the newest stay first.
        let mut by_digest = std::mem::take(&mut index.by_digest);
        by_digest.sort_by_key(|position| index.digest_at(*position));
        index.by_digest = by_digest;
        index
    }

    /// All records, newest first.
    #[must_use]
    pub fn records(&self) -> &[DeploymentRecord] {
        &self.records
    }

    /// The records of each digest; digests in ascending order.
    pub fn by_digest(&self) -> impl Iterator<Item = DigestRecords<'_>> {
        let groups = self.by_digest.chunk_by(|one, other| self.digest_at(*one) == self.digest_at(*other));
        groups
            .filter_map(|positions| Some(DigestRecords { artifact: self.artifact_at(*positions.first()?)?, positions }))
    }

    /// The positions of the records with this digest, newest first.
    #[must_use]
    pub fn of_digest(&self, digest: Digest) -> &[u32] {
        let begin = self.by_digest.partition_point(|position| self.digest_at(*position) < Some(digest));
        let rest = self.by_digest.get(begin..).unwrap_or_default();
        let count = rest.partition_point(|position| self.digest_at(*position) == Some(digest));
        rest.get(..count).unwrap_or_default()
    }

    /// The positions of the records by target and deployment name; newest first.
    #[must_use]
    pub const fn by_slot(&self) -> &BTreeMap<Arc<str>, BTreeMap<Arc<str>, Vec<u32>>> {
        &self.by_slot
    }

    /// The record at this position.
    #[must_use]
    pub fn at(&self, position: u32) -> Option<&DeploymentRecord> {
        self.records.get(usize::try_from(position).ok()?)
    }

    fn digest_at(&self, position: u32) -> Option<Digest> {
        self.artifact_at(position)?.digest
    }

    fn artifact_at(&self, position: u32) -> Option<&RecordedArtifact> {
        self.at(position).map(|record| &*record.artifact)
    }
}

/// The records of the environments that one decision needs.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// By environment name.
    pub environments: BTreeMap<String, EnvironmentRecords>,
    /// Each source that was asked.
    pub sources: Vec<SourceReport>,
}

impl Snapshot {
    /// The record with this id in the first environment, by name, that has it.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<&DeploymentRecord> {
        let mut records = self.environments.values().flat_map(|environment| environment.index().records());
        records.find(|record| &*record.id == id)
    }
}
