//! What a rule rested on when it was evaluated: parameters, values, records, and the lines that objected.

use serde::Serialize;
use serde_json::{Map, Value};

use super::finding::{Location, Outcome};
use super::record::DeploymentRecord;
use super::rule::Enforcement;

/// A value that a policy came to, by the name of its rule.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NamedValue {
    /// The name of the rule below its package.
    pub name: String,
    /// What it came to, shortened; absent when it is undefined. Untrusted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// Why it came to nothing. Untrusted text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// One definition of a rule that says something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Clause {
    /// Where it begins.
    #[serde(flatten)]
    pub location: Location,
    /// Its first line. Untrusted text.
    pub source: String,
}

/// One thing that a rule said, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExplainedStatement {
    /// What came of it.
    pub outcome: Outcome,
    /// A stable word for machines; empty when the rule gives none. Untrusted text.
    pub code: String,
    /// What was said. Untrusted text.
    pub message: String,
    /// Each clause that says so; several may say the same.
    pub clauses: Vec<Clause>,
}

/// What one rule of a decision rested on. It is no part of what was decided.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Explanation {
    /// The rule's id.
    pub rule: String,
    /// The Rego package, when the rule is a policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// The plugin's name in the configuration, when the rule is a plugin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plugin: Option<String>,
    /// The rule's title. Untrusted text.
    pub title: String,
    /// Whether it counts.
    pub enforcement: Enforcement,
    /// The parameters that the configuration gives.
    pub parameters: Value,
    /// The defaults of those that it leaves out, as the policy describes them.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub defaults: Map<String, Value>,
    /// What was said, and where.
    pub statements: Vec<ExplainedStatement>,
    /// What the rules of the policy came to, those left out that say something.
    pub values: Vec<NamedValue>,
    /// How many more values there are.
    #[serde(skip_serializing_if = "is_zero")]
    pub values_left_out: usize,
    /// The records that statements and values name.
    pub records: Vec<DeploymentRecord>,
    /// What a plugin wrote to its log. Untrusted text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<String>,
    /// How many more records there are.
    #[serde(skip_serializing_if = "is_zero")]
    pub records_left_out: usize,
    /// Why there is no explanation. Untrusted text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes what it asks about by reference")]
const fn is_zero(count: &usize) -> bool {
    *count == 0
}
