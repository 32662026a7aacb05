//! A policy: one Rego package, with what it may say.

use crate::domain::catalogue::LoadedPolicy;
use crate::domain::finding::Location;
use crate::gate::engine::RuleDescription;

use super::analysis::EntryKind;
use super::chainloop;
use super::metadata::Annotation;

/// The package below which holdpoint adds one for each policy, with the rule `said`.
pub(super) const ANSWERS: &str = "holdpoint_answers";

/// How records get to the policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Records {
    /// They are the engine's data, which costs a question nothing, and compiling the policies once more before the
    /// first.
    Loaded,
    /// They come with each question, as `{"input": …, "holdpoint": …}`, which costs it some microseconds a rule.
    Asked,
}

/// A loaded policy that can answer.
pub(super) struct Package {
    /// Its name without `data.`.
    pub(super) name: String,
    /// What is known of it from its `# METADATA`.
    pub(super) description: RuleDescription,
    /// The whole of it.
    pub(super) annotation: Annotation,
    /// The rules that holdpoint evaluates.
    pub(super) entries: Vec<Entry>,
}

impl Package {
    /// Whether the policy has a rule that can object. One that only warns would always pass.
    pub(super) fn objects(&self) -> bool {
        self.entries.iter().any(|entry| matches!(entry.kind, EntryKind::Deny | EntryKind::Hold | EntryKind::Result))
    }

    /// What a list of policies shows.
    pub(super) fn catalogued(&self) -> LoadedPolicy {
        let nowhere = Location { path: String::new(), line: 0 };
        LoadedPolicy {
            name: self.name.clone(),
            title: self.description.title.clone(),
            severity: self.annotation.severity.clone(),
            version: self.annotation.version.clone(),
            location: self.description.location.clone().unwrap_or(nowhere),
            usable: !self.entries.is_empty() && !self.name.ends_with("_test"),
            parameters: self.annotation.parameters.clone(),
        }
    }

    /// The rule to evaluate: the only one that says something, or one that collects what all of them say.
    pub(super) fn asked(&self, records: Records) -> String {
        match self.only() {
            Some(only) if records == Records::Loaded => format!("data.{}.{}", self.name, only.name),
            _ => format!("data.{}.said", self.answers()),
        }
    }

    /// Its package of answers. The name is one part of the path, so that no policy's lies below that of another.
    fn answers(&self) -> String {
        format!("{ANSWERS}[\"{}\"]", self.name)
    }

    /// The rule that says all there is, as it stands.
    pub(super) fn only(&self) -> Option<&Entry> {
        match self.entries.as_slice() {
            [only] if !only.is_composed() => Some(only),
            _ => None,
        }
    }

    /// The module that has the rule to evaluate, unless that is one of the policy.
    ///
    /// Packages and entries have plain names: others are refused when they are loaded.
    pub(super) fn answers_module(&self, records: Records) -> Option<String> {
        let package = format!("package {}\n", self.answers());
        match (self.only(), records) {
            (Some(_), Records::Loaded) => None,
            (None, Records::Loaded) => Some(package + &self.collecting("said")),
            (Some(only), Records::Asked) => Some(package + &with_records(&format!("data.{}.{}", self.name, only.name))),
            (None, Records::Asked) => Some(package + &self.collecting("collected") + &with_records("collected")),
        }
    }

    /// The rule that collects what rules say: an object with a list for each, which is empty when it has no value.
    ///
    /// The engine forgets what helper rules came to at the end of each call, so that asking for `deny`, `hold` and
    /// `skip_reason` in turn would evaluate them three times.
    fn collecting(&self, rule: &str) -> String {
        let said = self
            .entries
            .iter()
            .map(|entry| format!("\"{}\": [value | value := {}],\n", entry.name, entry.expression(&self.name)));
        format!("{rule} := {{\n{}}}\n", said.collect::<String>())
    }
}

/// The rule `said`: what this rule comes to with the records that come with the question. Both values are taken from
/// the input as it was before either is replaced; a question without records has no answer.
fn with_records(rule: &str) -> String {
    format!(
        "said := answer if {{\nanswer := {rule} with input as input.input with data.holdpoint as input.holdpoint\n}}\n"
    )
}

/// A rule that says something to holdpoint.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) kind: EntryKind,
    /// What to do about it when a statement does not say.
    pub(super) remediation: String,
    pub(super) location: Location,
}

impl Entry {
    /// What it says, in Rego.
    fn expression(&self, package: &str) -> String {
        if self.is_composed() { chainloop::composed_result(package) } else { format!("data.{package}.{}", self.name) }
    }

    /// Whether it stands for a `result` that the policy leaves out.
    fn is_composed(&self) -> bool {
        is_composed(self.kind, &self.name)
    }
}

/// Whether an entry of this kind and name stands for a `result` that the policy leaves out.
pub(super) fn is_composed(kind: EntryKind, name: &str) -> bool {
    kind == EntryKind::Result && name != "result"
}
