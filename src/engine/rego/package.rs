//! A policy: one Rego package, with what it may say.

use crate::domain::finding::Location;
use crate::gate::engine::RuleDescription;

use super::analysis::EntryKind;

/// The root of the packages that holdpoint adds: one for each policy, with the rule `said`.
pub(super) const ANSWERS: &str = "holdpoint_answers";

/// A loaded policy that can answer.
pub(super) struct Package {
    /// Its name without `data.`.
    pub(super) name: String,
    /// What is known of it from its `# METADATA`.
    pub(super) description: RuleDescription,
    /// The rules that holdpoint evaluates.
    pub(super) entries: Vec<Entry>,
    /// The rule that collects what all of them say, as the engine wants it.
    pub(super) said: String,
}

impl Package {
    /// Whether the policy has a rule that can object. One that only warns would always pass.
    pub(super) fn objects(&self) -> bool {
        self.entries.iter().any(|entry| matches!(entry.kind, EntryKind::Deny | EntryKind::Hold | EntryKind::Result))
    }

    /// Its first file.
    pub(super) fn path(&self) -> &str {
        self.description.location.as_ref().map_or("", |location| location.path.as_str())
    }

    /// The module that defines [`Package::said`]: a set of `[name, value]`, one for each rule that has a value.
    ///
    /// Packages and entries have plain names: others are refused when they are loaded.
    ///
    /// The engine forgets what helper rules came to at the end of each call, so that asking for `deny`, `hold` and
    /// `skip_reason` in turn would evaluate them three times.
    pub(super) fn answers_module(&self, number: usize) -> String {
        let mut module = format!("package {ANSWERS}.p{number}\n");
        for entry in &self.entries {
            let rule = format!("said contains [\"{0}\", value] if value := data.{1}.{0}\n", entry.name, self.name);
            module.push_str(&rule);
        }
        module
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
