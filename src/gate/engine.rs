//! What the gate asks of a rule engine.

use std::sync::Arc;

use jiff::Timestamp;
use thiserror::Error;

use crate::domain::digest::Digest;
use crate::domain::environment::Environment;
use crate::domain::explanation::{Clause, NamedValue};
use crate::domain::finding::Location;
use crate::domain::origin::Origin;
use crate::domain::plugin::{PluginCall, PluginReport};
use crate::domain::request::Request;
use crate::domain::rule::Rule;
use crate::domain::snapshot::Snapshot;

/// One question to all rules that apply to it.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// What is asked.
    pub request: &'a Request,
    /// The environment asked about.
    pub environment: &'a Environment,
    /// The only clock that rules see.
    pub as_of: Timestamp,
    /// The rules to evaluate.
    pub rules: &'a [&'a Rule],
}

/// One thing that a rule says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// What was found.
    pub message: String,
    /// A stable word for machines; empty when the rule gives none.
    pub code: String,
    /// What to do about it; empty when the rule gives nothing.
    pub remediation: String,
    /// The ids of the records it rests on.
    pub records: Vec<String>,
    /// When it will pass by itself.
    pub opens_at: Option<Timestamp>,
    /// Where in the policy it was said.
    pub location: Option<Location>,
}

/// What a rule says about a question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Why not.
    pub denials: Vec<Statement>,
    /// Why not yet.
    pub holds: Vec<Statement>,
    /// What to look at; it changes nothing.
    pub warnings: Vec<Statement>,
    /// Why the rule does not apply.
    pub skip_reason: Option<String>,
}

/// What came of evaluating a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluated {
    /// What it says, or why it could not be evaluated.
    pub result: Result<Answer, RuleError>,
    /// What was asked of others on the way, by plugins that may.
    pub calls: Vec<PluginCall>,
}

impl From<Result<Answer, RuleError>> for Evaluated {
    fn from(result: Result<Answer, RuleError>) -> Self {
        Self { result, calls: Vec::new() }
    }
}

/// What rules see of a question, as JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sight {
    /// What all of them see.
    pub data: String,
    /// What each sees on its own, in the order of the question's rules.
    pub inputs: Vec<String>,
}

impl Statement {
    /// Whether the other says the same, wherever it does.
    #[must_use]
    pub fn says_what(&self, other: &Self) -> bool {
        let said = |statement: &Self| Self { location: None, ..statement.clone() };
        said(self) == said(other)
    }
}

/// What a rule rested on when it was evaluated for its explanation.
#[derive(Clone, Debug, PartialEq)]
pub struct Explained {
    /// What it says; the caller compares it with what the decision rests on.
    pub answer: Result<Answer, RuleError>,
    /// Each clause that says something, with what it says alone.
    pub clauses: Vec<(Clause, Answer)>,
    /// What the policy's other rules came to.
    pub values: Vec<NamedValue>,
    /// How many more of them there are.
    pub values_left_out: usize,
    /// The ids of the records in the values.
    pub records: Vec<String>,
    /// What the rule wrote to its log.
    pub log: Vec<String>,
    /// The defaults of parameters that are not given.
    pub defaults: serde_json::Map<String, serde_json::Value>,
}

/// Why a rule could not be evaluated.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct RuleError {
    /// A stable word for machines, such as `rule_timeout`.
    pub code: &'static str,
    /// What happened.
    pub message: String,
    /// What to do about it.
    pub remediation: String,
}

/// What is known of a rule before it is evaluated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleDescription {
    /// A few words.
    pub title: String,
    /// What to do when the rule objects.
    pub remediation: String,
    /// Where the rule is defined.
    pub location: Option<Location>,
}

/// Rules, loaded and checked.
pub trait RuleEngine: Send + Sync {
    /// What is known of this rule.
    fn describe(&self, rule: &Rule) -> RuleDescription;

    /// A digest of everything that decides but for the configuration: the policies' text, the data beside it, and the
    /// plugins.
    fn digest(&self) -> Digest;

    /// Whether a rule may look at records beyond those that are related to its question (see
    /// [`super::source::Related`]).
    fn needs_all_records(&self, _rule: &Rule) -> bool {
        true
    }

    /// Where policies came from that were shared as bundles or artifacts.
    fn origins(&self) -> &[Origin] {
        &[]
    }

    /// The plugins among the rules.
    fn plugins(&self) -> &[PluginReport] {
        &[]
    }

    /// Hands the records to the rules, once for all questions about them.
    ///
    /// # Errors
    /// When the engine cannot take the records.
    fn prepare(&self, snapshot: &Arc<Snapshot>) -> Result<Box<dyn PreparedRules>, RuleError>;
}

/// Rules that have seen their records.
pub trait PreparedRules: Send + Sync {
    /// One result for each of the question's rules, in their order.
    fn evaluate(&self, question: &Question<'_>) -> Vec<Evaluated>;

    /// What the question's rules see when they are evaluated.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    fn see(&self, question: &Question<'_>) -> Result<Sight, RuleError>;

    /// What each of the question's rules rests on, in their order, by an evaluation of its own. It takes longer, and
    /// decides nothing.
    fn explain(&self, question: &Question<'_>) -> Vec<Result<Explained, RuleError>>;
}
