//! Artifacts as records name them.

use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::digest::Digest;

/// What an artifact is. Kinds that holdpoint does not know are kept as they came.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ArtifactKind {
    /// An OCI container image.
    ContainerImage,
    /// A Helm chart.
    HelmChart,
    /// Any other text, empty when the source gave none.
    Other(Arc<str>),
}

impl ArtifactKind {
    /// The kind that this text names in the records API.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        match text {
            "CONTAINER_IMAGE" => Self::ContainerImage,
            "HELM_CHART" => Self::HelmChart,
            other => Self::Other(Arc::from(other)),
        }
    }

    /// The text of the records API.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::ContainerImage => "CONTAINER_IMAGE",
            Self::HelmChart => "HELM_CHART",
            Self::Other(text) => text,
        }
    }
}

impl fmt::Display for ArtifactKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl Serialize for ArtifactKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// The artifact of a deployment record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RecordedArtifact {
    /// What it is.
    pub kind: ArtifactKind,
    /// Its name, usually a repository such as `ghcr.io/acme/storefront`.
    pub name: Arc<str>,
    /// The digest as the source wrote it.
    pub digest_text: Arc<str>,
    /// The digest, when the text is one. A record without it is kept and never matched.
    pub digest: Option<Digest>,
    /// Its version, empty when the source gave none.
    pub version: Arc<str>,
}

impl Serialize for RecordedArtifact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct as _;
        let mut object = serializer.serialize_struct("artifact", 4)?;
        object.serialize_field("kind", &self.kind)?;
        object.serialize_field("name", &self.name)?;
        object.serialize_field("digest", &self.digest_text)?;
        object.serialize_field("version", &self.version)?;
        object.end()
    }
}
