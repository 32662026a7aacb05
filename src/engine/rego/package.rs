//! A policy: one Rego package, with what it may say.

use crate::domain::finding::Location;
use crate::gate::engine::RuleDescription;

use super::analysis::EntryKind;

/// The package that holdpoint adds to a policy's engine, with the rule `said`.
pub(super) const ANSWERS: &str = "holdpoint_answers";

/// A loaded policy that can answer.
pub(super) struct Package {
    /// Its name without `data.`.
    pub(super) name: String,
    /// What is known of it from its `# METADATA`.
    pub(super) description: RuleDescription,
    /// The JSON Schema of its parameters, from its `# METADATA`.
    pub(super) parameters: Option<serde_json::Value>,
    /// The rules that holdpoint evaluates.
    pub(super) entries: Vec<Entry>,
}

impl Package {
    /// Whether the policy has a rule that can object. One that only warns would always pass.
    pub(super) fn objects(&self) -> bool {
        self.entries.iter().any(|entry| matches!(entry.kind, EntryKind::Deny | EntryKind::Hold | EntryKind::Result))
    }

    /// The rule to evaluate: the only one that says something, or one that collects what all of them say.
    pub(super) fn asked(&self) -> String {
        match self.entries.as_slice() {
            [only] => format!("data.{}.{}", self.name, only.name),
            _ => format!("data.{ANSWERS}.said"),
        }
    }

    /// The module that collects what several rules say: a set of `[name, value]`, one for each that has a value.
    ///
    /// Packages and entries have plain names: others are refused when they are loaded.
    ///
    /// The engine forgets what helper rules came to at the end of each call, so that asking for `deny`, `hold` and
    /// `skip_reason` in turn would evaluate them three times.
    pub(super) fn answers_module(&self) -> Option<String> {
        if self.entries.len() < 2 {
            return None;
        }
        let said = self
            .entries
            .iter()
            .map(|entry| format!("said contains [\"{0}\", value] if value := data.{1}.{0}\n", entry.name, self.name));
        Some(format!("package {ANSWERS}\n{}", said.collect::<String>()))
    }
}

/// A rule that says something to holdpoint.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) kind: EntryKind,
    /// What to do about it when a statement does not say.
    pub(super) remediation: String,
    pub(super) location: Location,
}
