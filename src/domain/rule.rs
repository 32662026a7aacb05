//! Rules: one line of configuration each.

use serde::{Deserialize, Serialize};

use super::finding::Location;

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

/// What a rule names, and what is evaluated for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleKind {
    /// A Rego package, without `data.`, such as `promotion.soak_time`.
    Policy(String),
    /// A plugin, by its name in the configuration, such as `change-ticket`.
    Plugin(String),
}

impl RuleKind {
    /// The name of the policy or plugin.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Policy(name) | Self::Plugin(name) => name,
        }
    }

    /// The policy's name, if it is one.
    #[must_use]
    pub fn policy(&self) -> Option<&str> {
        match self {
            Self::Policy(name) => Some(name),
            Self::Plugin(_) => None,
        }
    }

    /// The plugin's name, if it is one.
    #[must_use]
    pub fn plugin(&self) -> Option<&str> {
        match self {
            Self::Policy(_) => None,
            Self::Plugin(name) => Some(name),
        }
    }
}

impl Rule {
    /// What is wrong with this rule, with where it stands.
    #[must_use]
    pub fn complaint(&self, what: &str) -> String {
        let place = self.location.as_ref().map(|location| format!("{location}: ")).unwrap_or_default();
        format!("{place}rule `{}`: {what}", self.id)
    }
}

/// One line of configuration: a policy or a plugin, its parameters, its environments, its enforcement.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Unique within the configuration: the name of the policy or plugin, with `#2` and so on when it is used again.
    pub id: String,
    /// The policy or the plugin.
    pub kind: RuleKind,
    /// The environments it applies to; empty means all.
    pub environments: Vec<String>,
    /// Given to the policy as `input.parameters`, to the plugin as text; always an object.
    pub parameters: serde_json::Value,
    /// Whether it counts.
    pub enforcement: Enforcement,
    /// Where the configuration names the policy or the plugin; `None` when something else does.
    pub location: Option<Location>,
}

impl Rule {
    /// Whether the rule applies to this environment.
    #[must_use]
    pub fn applies_to(&self, environment: &str) -> bool {
        self.environments.is_empty() || self.environments.iter().any(|name| name == environment)
    }
}
