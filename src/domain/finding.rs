//! Findings: what each rule says.

use std::fmt;

use jiff::Timestamp;
use serde::Serialize;

use super::record::DeploymentRecord;
use super::rule::Enforcement;
use super::verdict::Verdict;

/// What came of evaluating a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Evaluated, nothing to object.
    Passed,
    /// It denies.
    Denied,
    /// It holds.
    Held,
    /// It warns; the verdict does not change.
    Warned,
    /// It says that it does not apply, or was not evaluated because the records could not be read.
    Skipped,
    /// It could not be evaluated.
    Failed,
}

impl Outcome {
    /// The word used in every output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Denied => "denied",
            Self::Held => "held",
            Self::Warned => "warned",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
        }
    }
}

/// A line of a policy's source, or of the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Location {
    /// The file as it was loaded.
    pub path: String,
    /// The line, from 1.
    pub line: u32,
}

impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.path, self.line)
    }
}

/// One statement of a rule, or of the gate itself about the records.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// The rule's id; `records` and `rules` are the gate's own.
    pub rule: String,
    /// The Rego package, when the rule is a policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// The plugin's name in the configuration, when the rule is a plugin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plugin: Option<String>,
    /// Whether it counts.
    pub enforcement: Enforcement,
    /// What came of it.
    pub outcome: Outcome,
    /// A stable word for machines, such as `soak_time`.
    pub code: String,
    /// The rule's title.
    pub title: String,
    /// What was found. Untrusted text: escape it for the output at hand.
    pub message: String,
    /// What to do about it; empty when there is nothing. Untrusted text.
    pub remediation: String,
    /// The records it rests on.
    pub records: Vec<DeploymentRecord>,
    /// When it will pass by itself, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opens_at: Option<Timestamp>,
    /// Where in the policy it was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// The id of the override that lets it pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overridden_by: Option<String>,
}

impl Finding {
    /// The verdict this finding asks for; `None` when it does not count.
    ///
    /// A rule that skips itself says nothing about the verdict: it did not apply. Nor does a warning: a rule that
    /// warns without objecting has a [`Outcome::Passed`] finding as well. A rule that objects and is overridden was
    /// evaluated, and somebody has answered for its objection by name.
    #[must_use]
    pub fn verdict(&self) -> Option<Verdict> {
        if self.enforcement != Enforcement::Enforce {
            return None;
        }
        match self.outcome {
            Outcome::Passed => Some(Verdict::Allow),
            Outcome::Denied | Outcome::Held if self.overridden_by.is_some() => Some(Verdict::Allow),
            Outcome::Denied => Some(Verdict::Deny),
            Outcome::Held => Some(Verdict::Hold),
            Outcome::Failed => Some(Verdict::Undecided),
            Outcome::Warned | Outcome::Skipped => None,
        }
    }

    /// Whether a rule says it; the gate's own findings are about records and rules.
    #[must_use]
    pub const fn is_of_rule(&self) -> bool {
        self.policy.is_some() || self.plugin.is_some()
    }

    /// Whether the finding is in the way.
    #[must_use]
    pub fn blocks(&self) -> bool {
        self.verdict().is_some_and(|verdict| verdict != Verdict::Allow)
    }

    /// Whether it asks for attention without being in the way.
    #[must_use]
    pub fn warns(&self) -> bool {
        match self.outcome {
            Outcome::Passed | Outcome::Skipped => false,
            Outcome::Warned => self.enforcement != Enforcement::DryRun,
            Outcome::Denied | Outcome::Held | Outcome::Failed => self.enforcement == Enforcement::Warn,
        }
    }
}
