//! From the body of a request to what is recorded.

use super::refusal::Refusal;
use super::wire::{KindFilter, NewStatus, RecordRequest};
use crate::domain::artifact::ArtifactKind;
use crate::domain::digest::Digest;
use crate::ledger::entry::{Artifact, Project, Recording, Slot};

/// What a request to record asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// The artifact is in the slot.
    Record(Recording),
    /// It is there no longer.
    Decommission(Slot, Digest),
}

impl TryFrom<RecordRequest> for Asked {
    type Error = Refusal;

    fn try_from(request: RecordRequest) -> Result<Self, Refusal> {
        let digest: Digest = request
            .artifact_digest
            .parse()
            .map_err(|error| Refusal::invalid(&format!("`artifact_digest` is no digest: {error}")))?;
        let slot = Slot { environment_name: request.environment_name, deployment_name: request.deployment_name };
        if request.status == Some(NewStatus::Decommissioned) {
            return Ok(Self::Decommission(slot, digest));
        }
        let given = |text: String| Some(text).filter(|text| !text.is_empty());
        let project = match (given(request.project_name), given(request.project_version_name)) {
            (Some(name), version) => Some(Project { name, version }),
            (None, None) => None,
            (None, Some(_)) => return Err(Refusal::invalid("`project_version_name` needs `project_name`")),
        };
        let kind = match request.kind {
            Some(KindFilter::HelmChart) => ArtifactKind::HelmChart,
            Some(KindFilter::ContainerImage | KindFilter::ArtifactKindUnspecified) | None => {
                ArtifactKind::ContainerImage
            }
        };
        let artifact = Artifact { kind, name: request.artifact_name, digest, version: request.artifact_version };
        Ok(Self::Record(Recording { slot, artifact, project }))
    }
}
