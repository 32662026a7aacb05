//! Rules: one line of configuration each.

use serde::{Deserialize, Serialize};

/// What a rule's finding does to the verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Enforcement {
    /// It counts.
    #[default]
    Enforce,
    /// It is reported as a warning and does not count.
    Warn,
    /// It is reported for information and does not count.
    DryRun,
}

impl Enforcement {
    /// The word used in the configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Warn => "warn",
            Self::DryRun => "dry_run",
        }
    }
}

/// One line of configuration: a policy, its parameters, its environments, its enforcement.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Unique within the configuration: the policy's name, with `#2` and so on when a policy is used again.
    pub id: String,
    /// The Rego package, without `data.`, such as `promotion.soak_time`.
    pub policy: String,
    /// The environments it applies to; empty means all.
    pub environments: Vec<String>,
    /// Given to the policy as `input.parameters`; always an object.
    pub parameters: serde_json::Value,
    /// Whether it counts.
    pub enforcement: Enforcement,
}

impl Rule {
    /// Whether the rule applies to this environment.
    #[must_use]
    pub fn applies_to(&self, environment: &str) -> bool {
        self.environments.is_empty() || self.environments.iter().any(|name| name == environment)
    }
}
