//! One deployment record.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::{self, MapAccess, Visitor};

use super::super::text;
use super::fields::{Nullable, Tags, Text, Texts, once, skip, time};
use super::intern::Interner;
use crate::domain::artifact::{ArtifactKind, RecordedArtifact};
use crate::domain::record::{DeploymentRecord, RecordDetails, RecordStatus};

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Key {
    Id,
    #[serde(alias = "environmentId")]
    EnvironmentId,
    #[serde(alias = "environmentName")]
    EnvironmentName,
    #[serde(alias = "deploymentName")]
    DeploymentName,
    #[serde(alias = "artifactId")]
    ArtifactId,
    Artifact,
    Status,
    #[serde(alias = "createdAt")]
    CreatedAt,
    #[serde(alias = "updatedAt")]
    UpdatedAt,
    #[serde(alias = "lastSeenAt")]
    LastSeenAt,
    #[serde(alias = "logicalEnvironmentName")]
    LogicalEnvironmentName,
    Tags,
    #[serde(alias = "runtimeRisks")]
    RuntimeRisks,
    #[serde(other)]
    Other,
}

/// A time, or the text that is none. It is judged when the whole record is read, so that its id can be named.
type ReadTime = Result<Option<Timestamp>, String>;

#[derive(Default)]
struct Parts {
    id: Option<Arc<str>>,
    environment_id: Option<Arc<str>>,
    environment_name: Option<Arc<str>>,
    deployment_name: Option<Arc<str>>,
    artifact_id: Option<Arc<str>>,
    artifact: Option<Arc<RecordedArtifact>>,
    status: Option<RecordStatus>,
    created_at: Option<ReadTime>,
    updated_at: Option<ReadTime>,
    last_seen_at: Option<ReadTime>,
    logical_environment_name: Option<Arc<str>>,
    tags: Option<BTreeMap<String, String>>,
    runtime_risks: Option<Vec<String>>,
}

/// Reads a record.
pub(super) struct RecordVisitor<'a>(pub(super) &'a mut Interner);

impl<'de> Visitor<'de> for RecordVisitor<'_> {
    type Value = DeploymentRecord;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a deployment record")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<DeploymentRecord, A::Error> {
        let mut parts = Parts::default();
        while let Some(key) = map.next_key()? {
            parts.read(&key, &mut map, self.0)?;
        }
        parts.build(self.0)
    }
}

impl Parts {
    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        key: &Key,
        map: &mut A,
        interner: &mut Interner,
    ) -> Result<(), A::Error> {
        let mut shared = |map: &mut A| map.next_value_seed(Text(|text: &str| interner.text(text)));
        match key {
            Key::Id => once(&mut self.id, "id", map.next_value_seed(Text(|text: &str| Arc::from(text)))?),
            Key::EnvironmentId => once(&mut self.environment_id, "environment_id", shared(map)?),
            Key::EnvironmentName => once(&mut self.environment_name, "environment_name", shared(map)?),
            Key::DeploymentName => once(&mut self.deployment_name, "deployment_name", shared(map)?),
            Key::ArtifactId => once(&mut self.artifact_id, "artifact_id", shared(map)?),
            Key::Artifact => {
                let artifact = map.next_value_seed(Nullable(ArtifactVisitor(interner)))?;
                once(&mut self.artifact, "artifact", artifact.unwrap_or_else(|| no_artifact(interner)))
            }
            Key::Status => once(&mut self.status, "status", map.next_value_seed(Text(RecordStatus::from_text))?),
            Key::CreatedAt => once(&mut self.created_at, "created_at", read_time(map)?),
            Key::UpdatedAt => once(&mut self.updated_at, "updated_at", read_time(map)?),
            Key::LastSeenAt => once(&mut self.last_seen_at, "last_seen_at", read_time(map)?),
            Key::LogicalEnvironmentName => {
                once(&mut self.logical_environment_name, "logical_environment_name", shared(map)?)
            }
            Key::Tags => given(&mut self.tags, "tags", map.next_value_seed(Tags)?),
            Key::RuntimeRisks => given(&mut self.runtime_risks, "runtime_risks", map.next_value_seed(Texts)?),
            Key::Other => skip(map),
        }
    }

    fn build<E: de::Error>(self, interner: &mut Interner) -> Result<DeploymentRecord, E> {
        let id = self.id.filter(|id| !id.is_empty()).ok_or_else(|| E::custom("a record without an `id`"))?;
        let named = |what: String| E::custom(format!("record `{}` {what}", text::name(&id)));
        let time = |key: &str, read: Option<ReadTime>| {
            read.unwrap_or(Ok(None))
                .map_err(|text| named(format!("has `{text}` as `{key}`, which is no RFC 3339 time")))
        };
        let created_at = time("created_at", self.created_at)?;
        let updated_at = time("updated_at", self.updated_at)?;
        let last_seen_at = time("last_seen_at", self.last_seen_at)?;
        let environment_name = self.environment_name.filter(|name| !name.is_empty());
        let environment_name = environment_name.ok_or_else(|| named("has no `environment_name`".to_owned()))?;
        let details = RecordDetails {
            logical_environment_name: self.logical_environment_name.filter(|name| !name.is_empty()),
            tags: self.tags,
            runtime_risks: self.runtime_risks,
        };
        let mut text = |text: Option<Arc<str>>| text.unwrap_or_else(|| interner.text(""));
        Ok(DeploymentRecord {
            environment_id: text(self.environment_id),
            environment_name,
            deployment_name: text(self.deployment_name),
            artifact_id: text(self.artifact_id),
            artifact: self.artifact.unwrap_or_else(|| no_artifact(interner)),
            status: self.status.unwrap_or_else(|| RecordStatus::from_text("")),
            created_at,
            updated_at,
            last_seen_at,
            details: (details != RecordDetails::default()).then(|| Box::new(details)),
            id,
        })
    }
}

/// As [`once`], where `null` is as good as absent.
fn given<T, E: de::Error>(slot: &mut Option<T>, key: &'static str, value: Option<T>) -> Result<(), E> {
    value.map_or(Ok(()), |value| once(slot, key, value))
}

fn read_time<'de, A: MapAccess<'de>>(map: &mut A) -> Result<ReadTime, A::Error> {
    map.next_value_seed(Text(|read: &str| time(read).map_err(|_| text::name(read))))
}

fn no_artifact(interner: &mut Interner) -> Arc<RecordedArtifact> {
    ArtifactParts::default().build(interner)
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum ArtifactKey {
    Kind,
    Name,
    Digest,
    Version,
    #[serde(other)]
    Other,
}

#[derive(Default)]
struct ArtifactParts {
    kind: Option<ArtifactKind>,
    name: Option<Arc<str>>,
    digest: Option<Arc<str>>,
    version: Option<Arc<str>>,
}

impl ArtifactParts {
    fn build(self, interner: &mut Interner) -> Arc<RecordedArtifact> {
        let digest_text = self.digest.unwrap_or_else(|| interner.text(""));
        let artifact = RecordedArtifact {
            kind: self.kind.unwrap_or_else(|| ArtifactKind::from_text("")),
            name: self.name.unwrap_or_else(|| interner.text("")),
            digest: digest_text.parse().ok(),
            digest_text,
            version: self.version.unwrap_or_else(|| interner.text("")),
        };
        interner.artifact(artifact)
    }
}

struct ArtifactVisitor<'a>(&'a mut Interner);

impl<'de> Visitor<'de> for ArtifactVisitor<'_> {
    type Value = Arc<RecordedArtifact>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an artifact")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut parts = ArtifactParts::default();
        while let Some(key) = map.next_key()? {
            let mut shared = |map: &mut A| map.next_value_seed(Text(|text: &str| self.0.text(text)));
            match key {
                ArtifactKey::Kind => {
                    once(&mut parts.kind, "kind", map.next_value_seed(Text(ArtifactKind::from_text))?)?;
                }
                ArtifactKey::Name => once(&mut parts.name, "name", shared(&mut map)?)?,
                ArtifactKey::Digest => once(&mut parts.digest, "digest", shared(&mut map)?)?,
                ArtifactKey::Version => once(&mut parts.version, "version", shared(&mut map)?)?,
                ArtifactKey::Other => skip(&mut map)?,
            }
        }
        Ok(parts.build(self.0))
    }
}
