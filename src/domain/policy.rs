//! Policies as they are shared: texts with their origin, before any engine reads them.

use std::fmt;

use serde::{Serialize, Serializer};

use super::digest::Digest;

/// How bundles may be signed, by the names of JSON Web Algorithms. `none` is not among them.
pub const SIGNATURE_ALGORITHMS: [&str; 11] =
    ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "HS256", "HS384", "HS512"];

/// How policies are kept.
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

/// Where shared policies came from, as the decision document records it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct PolicyOrigin {
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
    /// Whether its signature was verified with a configured key.
    pub verified: bool,
}

impl fmt::Display for PolicyOrigin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pinned = self.name.ends_with(&self.digest.to_string());
        formatter.write_str(&self.name)?;
        if pinned { Ok(()) } else { write!(formatter, "@{}", self.digest) }
    }
}

/// A version of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegoVersion {
    /// Before OPA 1.0.
    V0,
    /// With `if` and `contains`.
    V1,
}

/// The text of one policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyText {
    /// What messages call it.
    pub path: String,
    /// The text.
    pub text: String,
    /// Its language, where the bundle says so.
    pub version: Option<RegoVersion>,
}

/// The text of one data document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataText {
    /// What messages call it.
    pub path: String,
    /// Where it belongs below `data`; empty for its top.
    pub mount: Vec<String>,
    /// JSON, or YAML when the path does not end in `.json`.
    pub text: String,
}

/// Policies and data that were shared as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicySet {
    /// Where they came from.
    pub origin: PolicyOrigin,
    /// The policies.
    pub policies: Vec<PolicyText>,
    /// Files of tests, which decide nothing; a rule in one that would is a fault.
    pub tests: Vec<PolicyText>,
    /// The data documents.
    pub data: Vec<DataText>,
    /// The paths below `data` that are theirs alone; one that is empty is all of `data`.
    pub roots: Vec<Vec<String>>,
}
