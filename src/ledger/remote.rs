//! A ledger behind a URL: what the commands do with the file, over its API. Chainloop's own API answers as well.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::entry::{Imported, PastRecord, Recording, Slot};
use super::filter::Filter;
use crate::domain::digest::Digest;
use crate::domain::record::{DeploymentRecord, RecordStatus};
use crate::gate::source::{SourceError, SourceErrorKind};
use crate::source::chainloop::{ChainloopOptions, ChainloopSource, Clock};

/// The API of a ledger.
#[derive(Debug)]
pub struct Remote(ChainloopSource);

impl Remote {
    /// Prepares a client; nothing is sent yet.
    ///
    /// # Errors
    /// Those of [`ChainloopSource::new`].
    pub fn new(options: &ChainloopOptions, clock: Clock) -> Result<Self, SourceError> {
        ChainloopSource::new(options, clock).map(Self)
    }

    /// Records that an artifact is in a slot, and answers the slot's record.
    ///
    /// # Errors
    /// Those of the API.
    pub async fn record(&self, recording: &Recording) -> Result<DeploymentRecord, SourceError> {
        self.0.record(&body(recording)).await
    }

    /// Ends what is in a slot, and answers its last record. Without a digest, that is whatever is there now.
    ///
    /// # Errors
    /// Nothing, or another artifact, is in the slot; those of the API.
    pub async fn decommission(&self, slot: &Slot, digest: Option<&Digest>) -> Result<DeploymentRecord, SourceError> {
        let there = self.deployed(slot).await?;
        let artifact = &there.artifact;
        let digest = digest.map_or_else(|| artifact.digest_text.to_string(), ToString::to_string);
        let body = json!({
            "environment_name": slot.environment_name,
            "deployment_name": slot.deployment_name,
            "artifact_digest": digest,
            "kind": artifact.kind.as_str(),
            "artifact_name": artifact.name,
            "artifact_version": artifact.version,
            "status": RecordStatus::Decommissioned.as_str(),
        });
        self.0.record(&body).await
    }

    /// All records that a filter wants.
    ///
    /// # Errors
    /// Those of the API; a list that changes all the time.
    pub async fn list(&self, filter: &Filter) -> Result<Vec<DeploymentRecord>, SourceError> {
        let mut records = self.0.list(parameters(filter)).await?;
        // A server that is no ledger passes over what only a ledger knows, and answers more.
        records.retain(|record| {
            let is_it = filter.digest.is_none_or(|digest| record.artifact.digest == Some(digest));
            is_it && filter.updated_since.is_none_or(|since| record.updated_at.is_none_or(|updated| updated >= since))
        });
        Ok(records)
    }

    /// Takes over what is deployed. The API has no other time than now, and so the history cannot come along. What a slot
    /// has already stays, and so does what was recorded there later.
    ///
    /// # Errors
    /// Those of the API; then a part may be recorded, and importing again adds the rest.
    pub async fn import(&self, mut records: Vec<PastRecord>) -> Result<Imported, SourceError> {
        let there = self.list(&Filter::default()).await?;
        let slot =
            |record: &DeploymentRecord| (Arc::clone(&record.environment_name), Arc::clone(&record.deployment_name));
        let there: HashMap<_, _> = there.iter().map(|record| (slot(record), record)).collect();
        records.sort_by_key(|record| record.created_at);
        let mut imported = Imported::default();
        for record in records {
            let Slot { environment_name, deployment_name } = &record.recording.slot;
            let latest = there.get(&(environment_name.as_str().into(), deployment_name.as_str().into()));
            if latest.is_none_or(|latest| is_next(latest, &record)) && record.status == RecordStatus::Deployed {
                self.record(&record.recording).await?;
                imported.added = imported.added.saturating_add(1);
            } else {
                imported.left_out = imported.left_out.saturating_add(1);
            }
        }
        Ok(imported)
    }

    async fn deployed(&self, slot: &Slot) -> Result<DeploymentRecord, SourceError> {
        let filter = Filter {
            environment_name: Some(slot.environment_name.clone()),
            deployment_name: Some(slot.deployment_name.clone()),
            ..Filter::default()
        };
        let latest = self.list(&filter).await?.into_iter().next();
        latest.filter(|record| record.status == RecordStatus::Deployed).ok_or_else(|| {
            SourceError::new(
                SourceErrorKind::Refused,
                format!("nothing is deployed as `{}` in `{}`", slot.deployment_name, slot.environment_name),
                "see what is there with `holdpoint ledger list`",
            )
        })
    }
}

/// Whether a record comes behind the last one of its slot.
fn is_next(latest: &DeploymentRecord, record: &PastRecord) -> bool {
    let artifact = &record.recording.artifact;
    let is_same = latest.artifact.digest == Some(artifact.digest) && latest.artifact.kind == artifact.kind;
    let is_there = is_same && latest.status == RecordStatus::Deployed;
    !is_there && (record.runs_now || record.created_at.is_none_or(|created| latest.created_at < Some(created)))
}

/// The body of `POST /v1/deployments`. What is empty is left out: another server may not know it.
fn body(recording: &Recording) -> Value {
    let Recording { slot, artifact, project } = recording;
    let mut body = json!({
        "environment_name": slot.environment_name,
        "deployment_name": slot.deployment_name,
        "artifact_digest": artifact.digest.to_string(),
        "kind": artifact.kind.as_str(),
        "artifact_name": artifact.name,
        "artifact_version": artifact.version,
        "status": RecordStatus::Deployed.as_str(),
    });
    if let (Some(body), Some(project)) = (body.as_object_mut(), project) {
        body.insert("project_name".to_owned(), json!(project.name));
        if let Some(version) = &project.version {
            body.insert("project_version_name".to_owned(), json!(version));
        }
    }
    body
}

fn parameters(filter: &Filter) -> Vec<(&'static str, String)> {
    let given = [
        ("environment_name", filter.environment_name.clone()),
        ("project_name", filter.project_name.clone()),
        ("project_version_name", filter.project_version_name.clone()),
        ("status", filter.status.as_ref().map(|status| status.as_str().to_owned())),
        ("artifact_kind", filter.artifact_kind.as_ref().map(|kind| kind.as_str().to_owned())),
        ("deployment_name", filter.deployment_name.clone()),
        ("full_history", filter.full_history.then(|| "true".to_owned())),
        ("digest", filter.digest.as_ref().map(ToString::to_string)),
        ("updated_since", filter.updated_since.as_ref().map(ToString::to_string)),
    ];
    given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}
