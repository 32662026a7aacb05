//! A policy: one Rego package, with what it may say.

use crate::domain::finding::Location;
use crate::gate::engine::RuleDescription;

use super::analysis::EntryKind;

/// A loaded policy that can answer.
pub(super) struct Package {
    /// Its name without `data.`.
    pub(super) name: String,
    /// What is known of it from its `# METADATA`.
    pub(super) description: RuleDescription,
    /// The rules that holdpoint evaluates.
    pub(super) entries: Vec<Entry>,
}

/// A rule that says something to holdpoint.
pub(super) struct Entry {
    pub(super) name: String,
    /// `data.package.name`, as the engine wants it.
    pub(super) path: String,
    pub(super) kind: EntryKind,
    /// What to do about it when a statement does not say.
    pub(super) remediation: String,
    pub(super) location: Location,
}
