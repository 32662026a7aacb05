//! What a configuration would run.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use super::environment::{Environment, EnvironmentGraph};
use super::finding::Location;
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

/// A parameter as a policy will see it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its value; `None` when the configuration gives none and the policy has no default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// Whether the value is the policy's default.
    pub default: bool,
}

impl LoadedPolicy {
    /// The parameters of a rule that names the policy: those of its schema by name, then any other that is given.
    #[must_use]
    pub fn parameters(&self, rule: &Rule) -> Vec<Parameter> {
        let none = Map::new();
        let given = rule.parameters.as_object().unwrap_or(&none);
        let properties = self.parameters.as_ref().and_then(|schema| schema.get("properties")?.as_object());
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
    /// The policy it names.
    pub policy: LoadedPolicy,
    /// What the policy is given.
    pub parameters: Vec<Parameter>,
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
    /// The policies that no rule names.
    pub unused: Vec<LoadedPolicy>,
}

impl Catalogue {
    /// The rules of each environment, with the policies they name. A rule whose policy is not loaded is left out:
    /// loading refuses it.
    #[must_use]
    pub fn new(
        environments: &EnvironmentGraph,
        rules: &[Rule],
        policies: &[LoadedPolicy],
        when_no_rule_applies: Verdict,
    ) -> Self {
        let by_name: BTreeMap<&str, &LoadedPolicy> =
            policies.iter().map(|policy| (policy.name.as_str(), policy)).collect();
        let listed = |rule: &Rule| {
            let policy = *by_name.get(rule.kind.policy()?)?;
            let parameters = policy.parameters(rule);
            Some(ListedRule { id: rule.id.clone(), enforcement: rule.enforcement, policy: policy.clone(), parameters })
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
        let named = |policy: &LoadedPolicy| rules.iter().any(|rule| rule.kind.policy() == Some(&policy.name));
        Self {
            promotion: environments.promotion_paths(),
            environments: environments.promotion_order().into_iter().map(environment).collect(),
            unused: policies.iter().filter(|policy| policy.usable && !named(policy)).cloned().collect(),
        }
    }
}
