//! Policies in Rego, evaluated by regorus.
//!
//! regorus is fast and small, but trusts its policies. What is done about that here: data never shares a path with a
//! policy (`data`), faults that OPA refuses at load are refused at load (`nesting`, `analysis`), built-in
//! functions that run away or do not repeat are replaced (`builtins`), and evaluation has a time limit, a large stack
//! and a net under it (`worker`). The interpreter is used, since the engine's virtual machine gives other answers.

mod analysis;
mod answer;
mod builtins;
mod data;
mod documents;
mod evaluate;
mod fault;
mod files;
mod gather;
mod input;
mod load;
mod metadata;
mod nesting;
mod package;
mod version;
mod worker;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::domain::digest::Digest;
use crate::domain::policy::PolicyOrigin;
use crate::domain::rule::{Enforcement, Rule};
use crate::domain::snapshot::Snapshot;
use crate::gate::engine::{PreparedRules, Question, RuleDescription, RuleEngine, RuleError};

use input::Inputs;
use load::Loaded;
use package::Package;
use worker::{Job, Pool, RuleResult};

pub use fault::PolicyFault;
pub use gather::PolicyInput;

/// How long evaluation may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// One rule of one policy; the engine stops itself.
    pub rule: Duration,
    /// All rules of one question; the caller stops waiting.
    pub evaluation: Duration,
}

/// Loaded policies.
pub struct RegoEngine {
    loaded: Loaded,
    limits: Limits,
}

/// Everything that is wrong with the policies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadError(pub Vec<PolicyFault>);

impl fmt::Display for LoadError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, fault) in self.0.iter().enumerate() {
            let separator = if position == 0 { "" } else { "\n" };
            write!(formatter, "{separator}{fault}\nhint: {}", fault.hint)?;
        }
        Ok(())
    }
}

impl std::error::Error for LoadError {}

impl RegoEngine {
    /// Loads policies from files and folders and checks that every rule names one of them.
    ///
    /// # Errors
    /// Every fault of the policies; or every rule that names no policy, or one that says nothing.
    pub fn load(paths: &[PathBuf], rules: &[Rule], limits: Limits) -> Result<Self, LoadError> {
        let inputs: Vec<PolicyInput> = paths.iter().cloned().map(PolicyInput::Path).collect();
        Self::load_from(&inputs, rules, limits)
    }

    /// Loads policies from these places, like [`Self::load`].
    ///
    /// # Errors
    /// Those of [`Self::load`]; data that shares a path with a policy or lies outside the roots of its bundle.
    pub fn load_from(inputs: &[PolicyInput], rules: &[Rule], limits: Limits) -> Result<Self, LoadError> {
        let loaded = load::load(inputs, limits.rule).map_err(LoadError)?;
        let engine = Self { loaded, limits };
        let faults: Vec<PolicyFault> = rules.iter().filter_map(|rule| engine.fault_of(rule)).collect();
        if faults.is_empty() { Ok(engine) } else { Err(LoadError(faults)) }
    }

    /// The first names below `data` of all packages and documents; a name may come again.
    pub fn roots(&self) -> impl Iterator<Item = &str> {
        let packages = self.loaded.packages.keys().filter_map(|package| package.split('.').next());
        packages.chain(self.loaded.data_roots.iter().map(String::as_str))
    }

    fn fault_of(&self, rule: &Rule) -> Option<PolicyFault> {
        let Some(package) = self.loaded.packages.get(&rule.policy) else {
            return Some(fault::of_missing_policy(&rule.policy, self.speaking()));
        };
        let location = package.description.location.as_ref();
        if rule.policy.ends_with("_test") {
            return Some(fault::of_test_policy(location, &rule.policy));
        }
        let fits =
            if rule.enforcement == Enforcement::Enforce { package.objects() } else { !package.entries.is_empty() };
        (!fits).then(|| fault::of_silent_policy(location, &rule.policy))
    }

    /// The policies that say something.
    fn speaking(&self) -> impl Iterator<Item = &str> {
        let speaking = self.loaded.packages.values().filter(|package| !package.entries.is_empty());
        speaking.map(|package| package.name.as_str())
    }
}

impl RuleEngine for RegoEngine {
    fn describe(&self, rule: &Rule) -> RuleDescription {
        let package = self.loaded.packages.get(&rule.policy);
        package.map(|package| package.description.clone()).unwrap_or_default()
    }

    fn digest(&self) -> Digest {
        self.loaded.digest
    }

    fn origins(&self) -> &[PolicyOrigin] {
        &self.loaded.origins
    }

    fn prepare(&self, snapshot: &Arc<Snapshot>) -> Result<Box<dyn PreparedRules>, RuleError> {
        let mut engine = self.loaded.engine.clone();
        engine.add_data(data::document(snapshot)).map_err(|error| RuleError {
            code: "rule_error",
            message: format!("the records could not be given to the policies: {}", fault::one_line(&error)),
            remediation: "this is a defect of holdpoint; please report it".to_owned(),
        })?;
        let packages = self.loaded.packages.clone();
        Ok(Box::new(Prepared { packages, pool: Pool::new(engine, self.limits) }))
    }
}

struct Prepared {
    packages: std::collections::BTreeMap<String, Arc<Package>>,
    pool: Pool,
}

impl PreparedRules for Prepared {
    fn evaluate(&self, question: &Question<'_>) -> Vec<RuleResult> {
        let Ok(as_of_ns) = i64::try_from(question.as_of.as_nanosecond()) else {
            return question.rules.iter().map(|_rule| Err(instant_out_of_range(question.as_of))).collect();
        };
        let inputs = Inputs::new(question);
        let package = |rule: &&Rule| self.packages.get(&rule.policy).cloned();
        let packages: Vec<Option<Arc<Package>>> = question.rules.iter().map(package).collect();
        let known = question.rules.iter().zip(&packages).filter_map(|(rule, package)| Some((rule, package.clone()?)));
        let rules = known.map(|(rule, package)| (package, inputs.with_parameters(&rule.parameters))).collect();
        let mut answers = self.pool.evaluate(Job { as_of_ns, rules }).into_iter();
        let result = |package: Option<Arc<Package>>| {
            package.and_then(|_loaded| answers.next()).unwrap_or_else(|| Err(missing()))
        };
        packages.into_iter().map(result).collect()
    }
}

/// Rego counts nanoseconds in 64 bits, which end in the years 1677 and 2262.
fn instant_out_of_range(as_of: Timestamp) -> RuleError {
    RuleError {
        code: "rule_error",
        message: format!("the instant {as_of} cannot be given to policies"),
        remediation: "ask about an instant between the years 1678 and 2262".to_owned(),
    }
}

fn missing() -> RuleError {
    RuleError {
        code: "rule_error",
        message: "the policy is not loaded".to_owned(),
        remediation: "name a loaded policy, or load the one this rule names".to_owned(),
    }
}

#[cfg(test)]
mod tests;
