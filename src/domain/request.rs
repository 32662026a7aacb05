//! The question: may this artifact go there?

use serde::{Deserialize, Serialize};

use super::artifact::ArtifactKind;
use super::digest::Digest;
use super::reference::ArtifactReference;

/// Why the artifact is deployed. Policies may treat the three differently.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// An ordinary promotion.
    #[default]
    Deploy,
    /// A return to what ran before.
    Rollback,
    /// An urgent repair.
    Hotfix,
}

impl Intent {
    /// The word used in requests.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deploy => "deploy",
            Self::Rollback => "rollback",
            Self::Hotfix => "hotfix",
        }
    }
}

/// The artifact that a request asks about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RequestedArtifact {
    /// What it is.
    pub kind: ArtifactKind,
    /// Its normalised name; empty when only a digest was given.
    pub name: String,
    /// What is judged.
    pub digest: Digest,
    /// The tag, when there was one; empty otherwise. It decides nothing.
    pub version: String,
    /// The reference as the user wrote it.
    pub reference: String,
}

impl From<ArtifactReference> for RequestedArtifact {
    fn from(reference: ArtifactReference) -> Self {
        Self {
            kind: reference.kind,
            name: reference.name.unwrap_or_default(),
            digest: reference.digest,
            version: reference.tag.unwrap_or_default(),
            reference: reference.text,
        }
    }
}

/// One question to the gate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Request {
    /// What would be deployed.
    pub artifact: RequestedArtifact,
    /// Where.
    pub environment: String,
    /// Under which deployment name, when the caller knows it.
    pub deployment_name: Option<String>,
    /// Why.
    pub intent: Intent,
    /// Who asks, as the caller claims.
    pub actor: Option<String>,
    /// In the caller's words.
    pub reason: Option<String>,
    /// The door the request came through: `check`, `action` or `admission`.
    pub channel: &'static str,
    /// Whatever else the caller knows, as JSON; claimed, not proven.
    pub context: serde_json::Value,
}
