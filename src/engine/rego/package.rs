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
    /// The module that defines [`Package::said`]: a set of `[name, value]`, one for each rule that has a value.
    ///
    /// The engine forgets what helper rules came to at the end of each call, so that asking for `deny`, `hold` and
    /// `skip_reason` in turn would evaluate them three times.
    pub(super) fn answers_module(&self, number: usize) -> String {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let package: String = self.name.split('.').map(|part| format!("[{}]", quoted(part))).collect();
        let rules = self.entries.iter().map(|entry| {
            let name = quoted(&entry.name);
            format!("said contains [{name}, value] if value := data{package}[{name}]\n")
        });
        format!("package {ANSWERS}.p{number}\n{}", rules.collect::<String>())
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
