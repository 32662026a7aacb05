//! Policies as they are shared: texts with their origin, before any engine reads them.

use super::origin::Origin;

/// How bundles may be signed, by the names of JSON Web Algorithms. `none` is not among them.
pub const SIGNATURE_ALGORITHMS: [&str; 11] =
    ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "HS256", "HS384", "HS512"];

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
    pub origin: Origin,
    /// The policies.
    pub policies: Vec<PolicyText>,
    /// Files of tests, which decide nothing; a rule in one that would is a fault.
    pub tests: Vec<PolicyText>,
    /// The data documents.
    pub data: Vec<DataText>,
    /// The paths below `data` that are theirs alone; one that is empty is all of `data`.
    pub roots: Vec<Vec<String>>,
}
