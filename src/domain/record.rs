//! Deployment records: one line of "this artifact is, or was, in this slot".

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use super::artifact::RecordedArtifact;
use super::digest::Digest;

/// The state of a record. Only [`RecordStatus::Deployed`] means that the artifact runs there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RecordStatus {
    /// It holds the slot.
    Deployed,
    /// Another artifact took the slot.
    Superseded,
    /// It was removed from the slot on purpose.
    Decommissioned,
    /// A status that holdpoint does not know, kept as text; it counts as not deployed.
    Other(Arc<str>),
}

impl RecordStatus {
    /// The status that this text names in the records API.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        match text {
            "DEPLOYED" => Self::Deployed,
            "SUPERSEDED" => Self::Superseded,
            "DECOMMISSIONED" => Self::Decommissioned,
            other => Self::Other(Arc::from(other)),
        }
    }

    /// The text of the records API.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Deployed => "DEPLOYED",
            Self::Superseded => "SUPERSEDED",
            Self::Decommissioned => "DECOMMISSIONED",
            Self::Other(text) => text,
        }
    }
}

impl fmt::Display for RecordStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// What only some sources know of a record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordDetails {
    /// The logical environment (stage) of the record's environment.
    pub logical_environment_name: Option<Arc<str>>,
    /// Labels of the deployment.
    pub tags: Option<BTreeMap<String, String>>,
    /// Risks that the source has marked.
    pub runtime_risks: Option<Vec<String>>,
}

/// One deployment record in holdpoint's normal form.
///
/// Texts are shared (`Arc<str>`), since records repeat the same few names many times over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeploymentRecord {
    /// The source's id, unique within it.
    pub id: Arc<str>,
    /// The source's id of the environment.
    pub environment_id: Arc<str>,
    /// The target: the concrete place, such as a cluster.
    pub environment_name: Arc<str>,
    /// The deployment's name within the target.
    pub deployment_name: Arc<str>,
    /// The source's id of the artifact.
    pub artifact_id: Arc<str>,
    /// What was deployed.
    pub artifact: Arc<RecordedArtifact>,
    /// Whether it still is.
    pub status: RecordStatus,
    /// When the artifact entered the slot.
    pub created_at: Option<Timestamp>,
    /// When the record last changed.
    pub updated_at: Option<Timestamp>,
    /// When the deployment was last reported.
    pub last_seen_at: Option<Timestamp>,
    /// What only some sources know.
    pub details: Option<Box<RecordDetails>>,
}

impl DeploymentRecord {
    /// Orders records newest first, the same way whatever order they came in.
    ///
    /// The time that counts is `created_at`, when the artifact entered the slot. A record without one may be newer
    /// than any other, so it comes first: a reader that takes the first record of a slot meets the doubt instead
    /// of passing over it. Of records with the same times, one that is not deployed comes first for the same reason.
    #[must_use]
    pub fn newest_first(&self, other: &Self) -> Ordering {
        self.newest_first_key().cmp(&other.newest_first_key())
    }

    fn newest_first_key(&self) -> impl Ord + '_ {
        let newest = |time: Option<Timestamp>| (time.is_some(), Reverse(time));
        (
            newest(self.created_at),
            newest(self.updated_at),
            newest(self.last_seen_at),
            self.status == RecordStatus::Deployed,
            Reverse(&self.id),
            (&self.environment_name, &self.deployment_name, &self.artifact.digest_text),
        )
    }
}

/// The digests that are the newest of their kind in a slot's history, which comes newest first.
pub fn newest_of_each_kind<'a>(history: impl IntoIterator<Item = &'a DeploymentRecord>) -> Vec<Digest> {
    let mut kinds = BTreeSet::new();
    let newest = history.into_iter().filter(|record| kinds.insert(record.artifact.kind.as_str()));
    newest.filter_map(|record| record.artifact.digest).collect()
}

impl Serialize for DeploymentRecord {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("id", &self.id)?;
        object.serialize_entry("environment_id", &self.environment_id)?;
        object.serialize_entry("environment_name", &self.environment_name)?;
        object.serialize_entry("deployment_name", &self.deployment_name)?;
        object.serialize_entry("artifact_id", &self.artifact_id)?;
        object.serialize_entry("artifact", &self.artifact)?;
        object.serialize_entry("status", self.status.as_str())?;
        object.serialize_entry("created_at", &self.created_at)?;
        object.serialize_entry("updated_at", &self.updated_at)?;
        object.serialize_entry("last_seen_at", &self.last_seen_at)?;
        if let Some(details) = &self.details {
            if let Some(name) = &details.logical_environment_name {
                object.serialize_entry("logical_environment_name", name)?;
            }
            if let Some(tags) = &details.tags {
                object.serialize_entry("tags", tags)?;
            }
            if let Some(risks) = &details.runtime_risks {
                object.serialize_entry("runtime_risks", risks)?;
            }
        }
        object.end()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::cmp::Ordering;
    use std::sync::Arc;

    use super::{DeploymentRecord, RecordStatus};
    use crate::domain::artifact::{ArtifactKind, RecordedArtifact};

    /// A deployed record of `digest_text` in `target`, for tests to change.
    pub(crate) fn record(id: &str, target: &str, digest_text: &str, created_at: &str) -> DeploymentRecord {
        let time = created_at.parse().ok();
        DeploymentRecord {
            id: id.into(),
            environment_id: format!("env-{target}").into(),
            environment_name: target.into(),
            deployment_name: "storefront".into(),
            artifact_id: "artifact-1".into(),
            artifact: Arc::new(RecordedArtifact {
                kind: ArtifactKind::ContainerImage,
                name: "ghcr.io/acme/storefront".into(),
                digest_text: digest_text.into(),
                digest: digest_text.parse().ok(),
                version: "1.0.0".into(),
            }),
            status: RecordStatus::Deployed,
            created_at: time,
            updated_at: time,
            last_seen_at: time,
            details: None,
        }
    }

    #[test]
    fn newest_comes_first_and_doubt_before_it() {
        let older = record("a", "staging", "", "2026-01-01T00:00:00Z");
        let newer = record("b", "staging", "", "2026-01-02T00:00:00Z");
        let timeless = record("c", "staging", "", "");
        let mut withdrawn = record("d", "staging", "", "2026-01-02T00:00:00Z");
        withdrawn.status = RecordStatus::Other("ROLLING_BACK".into());
        let mut records = vec![older, newer, timeless, withdrawn];
        for _ in 0..records.len() {
            records.rotate_left(1);
            let mut sorted = records.clone();
            sorted.sort_by(DeploymentRecord::newest_first);
            let ids: Vec<&str> = sorted.iter().map(|record| &*record.id).collect();
            assert_eq!(ids, ["c", "d", "b", "a"]);
        }
    }

    #[test]
    fn equal_records_are_equal_in_order() {
        let one = record("a", "staging", "", "2026-01-01T00:00:00Z");
        assert_eq!(one.newest_first(&one.clone()), Ordering::Equal);
    }
}
