//! Where policies and plugins that are shared came from.

use std::fmt;

use serde::{Serialize, Serializer};

use super::digest::Digest;

/// How something is shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OriginKind {
    /// A bundle in a file.
    Bundle,
    /// An artifact in an OCI registry.
    Oci,
}

impl OriginKind {
    /// The word of the decision document.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bundle => "bundle",
            Self::Oci => "oci",
        }
    }
}

impl Serialize for OriginKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Where shared policies or a shared plugin came from, as the decision document records it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Origin {
    /// How they are kept.
    #[serde(rename = "type")]
    pub kind: OriginKind,
    /// The path or the reference, as it was configured.
    pub name: String,
    /// What was read: the digest of the bundle, or of the artifact's manifest. It is what a tag resolved to.
    pub digest: Digest,
    /// The revision that the bundle states.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// Whether it was verified with what the configuration names: a bundle's signature with a key, a plugin's component
    /// with its digest.
    pub verified: bool,
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pinned = self.name.ends_with(&self.digest.to_string());
        formatter.write_str(&self.name)?;
        if pinned { Ok(()) } else { write!(formatter, "@{}", self.digest) }
    }
}
