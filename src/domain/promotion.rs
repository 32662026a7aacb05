//! The promotion map: what runs where, environment by environment, beside a decision. It is for readers; no verdict
//! rests on it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::artifact::RecordedArtifact;
use super::record::{DeploymentRecord, RecordStatus};
use super::request::Request;
use super::snapshot::{EnvironmentRecords, Snapshot};

/// One environment of the map.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stage {
    /// Its name.
    pub environment: String,
    /// The environments that come directly before it.
    pub after: Vec<String>,
    /// Why what is listed may not be what runs there; none when the records are whole and fresh enough.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Where the artifact runs, or another of its name or its deployment; by target and deployment.
    pub slots: Vec<Slot>,
    /// How many more slots hold something: of other artifacts, or beyond the most that are listed. None when others
    /// were not read.
    pub not_listed: Option<usize>,
}

/// One slot, or a target without any.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Slot {
    /// The target.
    pub target: Arc<str>,
    /// The deployment; none for a target without any.
    pub deployment_name: Option<Arc<str>>,
    /// What is known of it.
    pub state: SlotState,
    /// What runs there.
    pub artifact: Option<Arc<RecordedArtifact>>,
    /// Since when, if that is known.
    pub since: Option<Timestamp>,
    /// Whether that is the artifact asked about.
    pub requested: bool,
}

/// What is known of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SlotState {
    /// Something runs there.
    Deployed,
    /// Nothing of the artifact's name runs there, as far as records were read.
    Empty,
    /// The records do not tell.
    Unknown,
}

/// What a map is about: the artifact, and what goes by its name.
pub struct Subject<'a> {
    request: &'a Request,
    names: BTreeSet<&'a str>,
}

impl<'a> Subject<'a> {
    /// The subject of a request. An artifact that was named by its digest alone has the names that records give it.
    #[must_use]
    pub fn new(request: &'a Request, snapshot: &'a Snapshot) -> Self {
        let mut names: BTreeSet<&str> = BTreeSet::new();
        names.insert(&request.artifact.name);
        for records in snapshot.environments.values() {
            let index = records.index();
            let of_digest = index.of_digest(request.artifact.digest).iter();
            names.extend(of_digest.filter_map(|position| index.at(*position)).map(|record| &*record.artifact.name));
        }
        names.remove("");
        Self { request, names }
    }

    fn is_requested(&self, record: &DeploymentRecord) -> bool {
        record.artifact.digest == Some(self.request.artifact.digest)
    }

    /// Whether a slot is worth a line. Without any name to go by, all are.
    fn concerns(&self, record: &DeploymentRecord) -> bool {
        let deployment = self.request.deployment_name.as_deref();
        self.is_requested(record)
            || self.names.contains(&*record.artifact.name)
            || deployment == Some(&*record.deployment_name)
            || (self.names.is_empty() && deployment.is_none())
    }
}

impl Stage {
    /// The stage of an environment whose records are here, with at most this many slots.
    #[must_use]
    pub fn new(records: &EnvironmentRecords, problem: Option<String>, subject: &Subject<'_>, limit: usize) -> Self {
        let mut slots = Vec::new();
        let mut not_listed = 0_usize;
        for (target, deployments) in records.index().by_slot() {
            for positions in deployments.values() {
                for (slot, concerns) in held(target, records, positions, subject) {
                    if concerns { slots.push(slot) } else { not_listed += 1 }
                }
            }
        }
        let state = if problem.is_some() { SlotState::Unknown } else { SlotState::Empty };
        let listed: BTreeSet<Arc<str>> = slots.iter().map(|slot| Arc::clone(&slot.target)).collect();
        let without = records.environment.targets.iter().filter(|target| !listed.contains(target.as_str()));
        slots.extend(without.map(|target| Slot::without_deployment(target, state)));
        // When not all have a place, those that tell most have one.
        slots.sort_by_key(|slot| (!slot.requested, slot.state != SlotState::Unknown, slot.state == SlotState::Empty));
        not_listed += slots.iter().skip(limit).filter(|slot| slot.deployment_name.is_some()).count();
        slots.truncate(limit);
        slots.sort_by(|one, other| (&one.target, &one.deployment_name).cmp(&(&other.target, &other.deployment_name)));
        let environment = &records.environment;
        let not_listed = (!records.is_related_only).then_some(not_listed);
        Self { environment: environment.name.clone(), after: environment.after.clone(), problem, slots, not_listed }
    }

    /// The stage of an environment of which nothing was read.
    #[must_use]
    pub const fn unread(environment: String, after: Vec<String>, problem: String) -> Self {
        Self { environment, after, problem: Some(problem), slots: Vec::new(), not_listed: Some(0) }
    }
}

impl Slot {
    fn without_deployment(target: &str, state: SlotState) -> Self {
        Self { target: target.into(), deployment_name: None, state, artifact: None, since: None, requested: false }
    }
}

/// What holds a slot now, and whether it is worth a line. A chart and an image may share a deployment's name: each kind
/// has a holder of its own.
fn held(
    target: &Arc<str>,
    records: &EnvironmentRecords,
    positions: &[u32],
    subject: &Subject<'_>,
) -> Vec<(Slot, bool)> {
    let mut kinds: BTreeMap<&str, Vec<&DeploymentRecord>> = BTreeMap::new();
    for record in positions.iter().filter_map(|position| records.index().at(*position)) {
        kinds.entry(record.artifact.kind.as_str()).or_default().push(record);
    }
    kinds.values().filter_map(|newest_first| holder(target, newest_first, subject)).collect()
}

/// What holds the slot for one kind of artifact; none when nothing does.
fn holder(target: &Arc<str>, newest_first: &[&DeploymentRecord], subject: &Subject<'_>) -> Option<(Slot, bool)> {
    let (newest, others) = newest_first.split_first()?;
    let unknown = Slot {
        target: Arc::clone(target),
        deployment_name: Some(Arc::clone(&newest.deployment_name)),
        state: SlotState::Unknown,
        artifact: None,
        since: None,
        requested: false,
    };
    if newest.created_at.is_none() && !others.is_empty() {
        // It may be older than the others: nobody knows which of them holds the slot.
        return Some((unknown, newest_first.iter().any(|record| subject.concerns(record))));
    }
    if newest.status != RecordStatus::Deployed {
        return None;
    }
    let deployed = Slot {
        state: SlotState::Deployed,
        artifact: Some(Arc::clone(&newest.artifact)),
        since: newest.created_at,
        requested: subject.is_requested(newest),
        ..unknown
    };
    Some((deployed, subject.concerns(newest)))
}
