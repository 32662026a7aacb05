//! Records of the records API.

use super::super::entry::{Artifact, PastRecord, Recording, Slot};
use crate::domain::record::DeploymentRecord;

/// The records that can be taken over, and how many cannot, since they have no digest. They do not say their project.
#[must_use]
pub fn past(records: Vec<DeploymentRecord>) -> (Vec<PastRecord>, usize) {
    let all = records.len();
    let past: Vec<PastRecord> = records.into_iter().filter_map(one).collect();
    let without = all.saturating_sub(past.len());
    (past, without)
}

fn one(record: DeploymentRecord) -> Option<PastRecord> {
    let slot = Slot {
        environment_name: record.environment_name.to_string(),
        deployment_name: record.deployment_name.to_string(),
    };
    let artifact = Artifact {
        kind: record.artifact.kind.clone(),
        name: record.artifact.name.to_string(),
        digest: record.artifact.digest?,
        version: record.artifact.version.to_string(),
    };
    Some(PastRecord {
        recording: Recording { slot, artifact, project: None },
        status: record.status,
        created_at: record.created_at,
        last_seen_at: record.last_seen_at,
        runs_now: false,
    })
}
