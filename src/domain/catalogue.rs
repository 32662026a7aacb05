//! What a configuration would run.

use serde::Serialize;
use serde_json::{Map, Value};

use super::environment::{Environment, EnvironmentGraph};
use super::finding::Location;
use super::plugin::LoadedPlugin;
use super::rule::{Enforcement, Rule};
use super::verdict::Verdict;

/// A loaded policy.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LoadedPolicy {
    /// The Rego package, without `data.`.
    pub name: String,
    /// A few words; the name when the policy has none.
    pub title: String,
    /// How much it matters when it objects, in the words of the policy.
    pub severity: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// Where its package is defined.
    pub location: Location,
    /// Whether a rule of the configuration can name it: it says something and is no test.
    #[serde(skip)]
    pub usable: bool,
    /// The JSON Schema of its parameters.
    #[serde(skip)]
    pub parameters: Option<Value>,
}

/// A parameter as a policy or a plugin will see it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its value; `None` when the configuration gives none and there is no default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// Whether the value is the default.
    pub default: bool,
}

/// What a rule can name.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Listed {
    /// A policy.
    Policy(LoadedPolicy),
    /// A plugin.
    Plugin(LoadedPlugin),
}

impl Listed {
    /// The policy's package, or the plugin's name in the configuration.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Policy(policy) => &policy.name,
            Self::Plugin(plugin) => &plugin.report.name,
        }
    }

    /// A few words.
    #[must_use]
    pub fn title(&self) -> &str {
        match self {
            Self::Policy(policy) => &policy.title,
            Self::Plugin(plugin) => &plugin.title,
        }
    }

    /// How much it matters when it objects; plugins do not say.
    #[must_use]
    pub fn severity(&self) -> Option<&str> {
        match self {
            Self::Policy(policy) => policy.severity.as_deref(),
            Self::Plugin(_) => None,
        }
    }

    /// Its version.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        match self {
            Self::Policy(policy) => policy.version.as_deref(),
            Self::Plugin(plugin) => {
                Some(&plugin.report.version).filter(|version| !version.is_empty()).map(String::as_str)
            }
        }
    }

    fn names(&self, rule: &Rule) -> bool {
        match self {
            Self::Policy(policy) => rule.kind.policy() == Some(&policy.name),
            Self::Plugin(plugin) => rule.kind.plugin() == Some(&plugin.report.name),
        }
    }

    /// Whether a rule of the configuration can name it.
    const fn is_usable(&self) -> bool {
        match self {
            Self::Policy(policy) => policy.usable,
            Self::Plugin(_) => true,
        }
    }

    /// The parameters of a rule that names it: those of its schema by name, then any other that is given.
    #[must_use]
    pub fn parameters(&self, rule: &Rule) -> Vec<Parameter> {
        let schema = match self {
            Self::Policy(policy) => policy.parameters.as_ref(),
            Self::Plugin(plugin) => plugin.parameters.as_ref(),
        };
        let none = Map::new();
        let given = rule.parameters.as_object().unwrap_or(&none);
        let properties = schema.and_then(|schema| schema.get("properties")?.as_object());
        let known = properties.unwrap_or(&none).iter().map(|(name, schema)| {
            let default = schema.get("default").filter(|_| !given.contains_key(name));
            let value = given.get(name).or(default).cloned();
            Parameter { name: name.clone(), value, default: default.is_some() }
        });
        let others = given.iter().filter(|(name, _)| !properties.unwrap_or(&none).contains_key(*name));
        let others =
            others.map(|(name, value)| Parameter { name: name.clone(), value: Some(value.clone()), default: false });
        known.chain(others).collect()
    }
}

/// A rule as an environment runs it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ListedRule {
    /// Unique within the configuration.
    pub id: String,
    /// Whether it counts.
    pub enforcement: Enforcement,
    /// The policy or the plugin it names.
    #[serde(flatten)]
    pub listed: Listed,
    /// What it is given.
    pub parameters: Vec<Parameter>,
    /// Where the configuration names it.
    pub configured_at: Option<Location>,
}

/// An environment and what guards it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ListedEnvironment {
    /// Its name.
    pub name: String,
    /// The environments directly before it.
    pub after: Vec<String>,
    /// In the order of the configuration.
    pub rules: Vec<ListedRule>,
    /// The verdict of every request when no rule counts; `None` when one does.
    pub verdict_without_rules: Option<Verdict>,
}

/// What a configuration would run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Catalogue {
    /// The order of promotion for people, as [`EnvironmentGraph::promotion_paths`].
    #[serde(skip)]
    pub promotion: Vec<Vec<String>>,
    /// In the order of promotion.
    pub environments: Vec<ListedEnvironment>,
    /// The policies and plugins that no rule names.
    pub unused: Vec<Listed>,
}

impl Catalogue {
    /// The rules of each environment, with what they name. A rule that names nothing that is loaded is left out:
    /// loading refuses it.
    #[must_use]
    pub fn new(
        environments: &EnvironmentGraph,
        rules: &[Rule],
        loaded: &[Listed],
        when_no_rule_applies: Verdict,
    ) -> Self {
        let listed = |rule: &Rule| {
            let listed = loaded.iter().find(|listed| listed.names(rule))?;
            let parameters = listed.parameters(rule);
            Some(ListedRule {
                id: rule.id.clone(),
                enforcement: rule.enforcement,
                listed: listed.clone(),
                parameters,
                configured_at: rule.location.clone(),
            })
        };
        let environment = |environment: &Environment| {
            let applying = || rules.iter().filter(|rule| rule.applies_to(&environment.name));
            let counts = applying().any(|rule| rule.enforcement == Enforcement::Enforce);
            ListedEnvironment {
                name: environment.name.clone(),
                after: environment.after.clone(),
                rules: applying().filter_map(listed).collect(),
                verdict_without_rules: (!counts).then_some(when_no_rule_applies),
            }
        };
        let named = |listed: &Listed| rules.iter().any(|rule| listed.names(rule));
        Self {
            promotion: environments.promotion_paths(),
            environments: environments.promotion_order().into_iter().map(environment).collect(),
            unused: loaded.iter().filter(|listed| listed.is_usable() && !named(listed)).cloned().collect(),
        }
    }
}
