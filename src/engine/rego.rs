//! Policies in Rego, evaluated by regorus.
//!
//! regorus is fast and small, but trusts its policies. What is done about that here: data never shares a path with a
//! policy (`data`), faults that OPA refuses at load are refused at load (`nesting`, `analysis`), built-in
//! functions that run away or do not repeat are replaced (`builtins`), and evaluation has a time limit, a large stack
//! and a net under it (`worker`). The interpreter is used, since the engine's virtual machine gives other answers.

mod analysis;
mod answer;
mod builtins;
mod chainloop;
mod comments;
mod data;
mod documents;
mod engines;
mod evaluate;
mod explain;
mod fault;
mod files;
mod gather;
mod input;
mod lint;
mod load;
mod metadata;
mod misplaced;
mod nesting;
mod package;
mod parameters;
mod reach;
mod related;
mod schema;
mod testing;
mod version;
mod worker;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use regorus::Value;

use crate::domain::catalogue::LoadedPolicy;
use crate::domain::digest::Digest;
use crate::domain::origin::Origin;
use crate::domain::rule::{Enforcement, Rule};
use crate::domain::snapshot::Snapshot;
use crate::gate::engine::{
    Evaluated, Explained, PreparedRules, Question, RuleDescription, RuleEngine, RuleError, Sight,
};

use super::LoadError;
use explain::Explainer;
use input::Inputs;
use load::Loaded;
use metadata::RecordsNeed;
use package::Package;
use worker::{Job, Pool};

pub use fault::PolicyFault;
pub use gather::PolicyInput;
pub use lint::{lint, lint_codes};
pub use testing::{TestOptions, run_tests};

/// How long evaluation may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// One rule of one policy; the engine stops itself.
    pub rule: Duration,
    /// All rules of one question; the caller stops waiting.
    pub evaluation: Duration,
}

/// Which of the policies are parsed and checked. All of them are read, and count for the digest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Extent {
    /// Every one.
    #[default]
    Everything,
    /// Those that the rules can reach: no other has a part in a decision.
    OfRules,
}

/// Loaded policies.
pub struct RegoEngine {
    loaded: Loaded,
    /// By the rule's id, as policies see them.
    parameters: BTreeMap<String, Value>,
    limits: Limits,
}

impl RegoEngine {
    /// Loads policies from files and folders and checks that every rule names one of them and gives it parameters that
    /// it takes. `environments` are the names that parameters may refer to.
    ///
    /// # Errors
    /// Every fault of the policies; or every rule that names no policy, or one that says nothing, or whose parameters
    /// do not fit.
    pub fn load(
        paths: &[PathBuf],
        rules: &[Rule],
        environments: BTreeSet<String>,
        limits: Limits,
    ) -> Result<Self, LoadError<PolicyFault>> {
        let inputs: Vec<PolicyInput> = paths.iter().cloned().map(PolicyInput::Path).collect();
        Self::load_from(&inputs, rules, environments, Extent::Everything, limits)
    }

    /// Loads policies from these places, like [`Self::load`], as far as this extent goes.
    ///
    /// # Errors
    /// Those of [`Self::load`]; data that shares a path with a policy or lies outside the roots of its bundle.
    pub fn load_from(
        inputs: &[PolicyInput],
        rules: &[Rule],
        environments: BTreeSet<String>,
        extent: Extent,
        limits: Limits,
    ) -> Result<Self, LoadError<PolicyFault>> {
        let used = rules.iter().map(|rule| rule.kind.name()).collect();
        let loaded = load::load(inputs, &used, extent, limits.rule).map_err(LoadError)?;
        let parameters = rules.iter().map(|rule| (rule.id.clone(), loaded.parameters_of(rule))).collect();
        let engine = Self { loaded, parameters, limits };
        let environments = Arc::new(environments);
        let faults: Vec<PolicyFault> = rules.iter().flat_map(|rule| engine.faults_of(rule, &environments)).collect();
        if faults.is_empty() { Ok(engine) } else { Err(LoadError(faults)) }
    }

    /// The first names below `data` of all packages and documents; a name may come again.
    pub fn roots(&self) -> impl Iterator<Item = &str> {
        let packages = self.loaded.packages.keys().filter_map(|package| package.split('.').next());
        packages.chain(self.loaded.data_roots.iter().map(String::as_str))
    }

    fn faults_of(&self, rule: &Rule, environments: &Arc<BTreeSet<String>>) -> Vec<PolicyFault> {
        if let Some(fault) = self.fault_of(rule) {
            return vec![fault];
        }
        let package = self.loaded.packages.get(rule.kind.name());
        package.map(|package| parameters::check(rule, package, environments)).unwrap_or_default()
    }

    fn fault_of(&self, rule: &Rule) -> Option<PolicyFault> {
        let Some(package) = self.loaded.packages.get(rule.kind.name()) else {
            return Some(fault::of_missing_policy(rule, self.speaking()));
        };
        let location = package.description.location.as_ref();
        if rule.kind.name().ends_with("_test") {
            return Some(fault::of_test_policy(location, rule.kind.name()));
        }
        let fits =
            if rule.enforcement == Enforcement::Enforce { package.objects() } else { !package.entries.is_empty() };
        (!fits).then(|| fault::of_silent_policy(location, rule.kind.name()))
    }

    /// Every package that was parsed, by name.
    #[must_use]
    pub fn policies(&self) -> Vec<LoadedPolicy> {
        self.loaded.packages.values().map(|package| package.catalogued()).collect()
    }

    /// The policies that say something.
    fn speaking(&self) -> impl Iterator<Item = &str> {
        let speaking = self.loaded.packages.values().filter(|package| !package.entries.is_empty());
        speaking.map(|package| package.name.as_str())
    }
}

impl RuleEngine for RegoEngine {
    fn describe(&self, rule: &Rule) -> RuleDescription {
        let package = self.loaded.packages.get(rule.kind.name());
        package.map(|package| package.description.clone()).unwrap_or_default()
    }

    fn digest(&self) -> Digest {
        self.loaded.digest
    }

    fn needs_all_records(&self, rule: &Rule) -> bool {
        let package = self.loaded.packages.get(rule.kind.name());
        package.is_none_or(|package| package.annotation.records != Some(RecordsNeed::Related))
    }

    fn origins(&self) -> &[Origin] {
        self.loaded.origins()
    }

    fn prepare(&self, snapshot: &Arc<Snapshot>) -> Result<Box<dyn PreparedRules>, RuleError> {
        let data = data::document(snapshot);
        let mut engines = self.loaded.engines.clone();
        engines.load(&data).map_err(|error| {
            defect(&format!("the records could not be given to the policies: {}", fault::one_line(&error)))
        })?;
        let (packages, parameters) = (self.loaded.packages.clone(), self.parameters.clone());
        let pool = Pool::new(engines, data[data::ROOT].clone(), self.limits);
        let explainer = Explainer::new(Arc::clone(&self.loaded.gathered), data.clone(), self.limits);
        let documents = self.loaded.documents.clone();
        Ok(Box::new(Prepared { packages, parameters, documents, records: data, pool, explainer }))
    }
}

struct Prepared {
    packages: BTreeMap<String, Arc<Package>>,
    parameters: BTreeMap<String, Value>,
    /// The data documents, without the records.
    documents: Value,
    /// `{"holdpoint": …}`.
    records: Value,
    pool: Pool,
    explainer: Explainer,
}

impl Prepared {
    fn parameters(&self, rule: &Rule) -> Value {
        self.parameters.get(&rule.id).cloned().unwrap_or(Value::Undefined)
    }

    /// Puts what can be asked of the question's rules to `ask`: one result for each rule, in their order.
    fn put<T>(
        &self,
        question: &Question<'_>,
        ask: impl FnOnce(Job) -> Vec<Result<T, RuleError>>,
    ) -> Vec<Result<T, RuleError>> {
        let Ok(as_of_ns) = i64::try_from(question.as_of.as_nanosecond()) else {
            return question.rules.iter().map(|_rule| Err(instant_out_of_range(question.as_of))).collect();
        };
        let inputs = Inputs::new(question);
        let package = |rule: &&Rule| self.packages.get(rule.kind.name()).cloned();
        let packages: Vec<Option<Arc<Package>>> = question.rules.iter().map(package).collect();
        let known = question.rules.iter().zip(&packages).filter_map(|(rule, package)| Some((rule, package.clone()?)));
        let rules = known.map(|(rule, package)| (package, inputs.with_parameters(self.parameters(rule)))).collect();
        let mut answers = ask(Job { as_of_ns, rules }).into_iter();
        let result = |package: Option<Arc<Package>>| {
            package.and_then(|_loaded| answers.next()).unwrap_or_else(|| Err(missing()))
        };
        packages.into_iter().map(result).collect()
    }
}

fn json(value: &Value) -> Result<String, RuleError> {
    let written = serde_json::to_string_pretty(value).map(|text| text + "\n");
    written.map_err(|error| defect(&format!("what the policies see cannot be written as JSON: {error}")))
}

fn defect(message: &str) -> RuleError {
    RuleError {
        code: "rule_error",
        message: message.to_owned(),
        remediation: "this is a defect of holdpoint; please report it".to_owned(),
    }
}

impl PreparedRules for Prepared {
    fn evaluate(&self, question: &Question<'_>) -> Vec<Evaluated> {
        self.put(question, |job| self.pool.evaluate(job)).into_iter().map(Evaluated::from).collect()
    }

    fn explain(&self, question: &Question<'_>) -> Vec<Result<Explained, RuleError>> {
        let mut results = self.put(question, |job| self.explainer.explain(job));
        for (rule, result) in question.rules.iter().zip(&mut results) {
            if let (Ok(explained), Some(package)) = (result, self.packages.get(rule.kind.name())) {
                explained.defaults =
                    crate::engine::parameters::defaults(&rule.parameters, package.annotation.parameters.as_ref());
            }
        }
        results
    }

    fn see(&self, question: &Question<'_>) -> Result<Sight, RuleError> {
        let inputs = Inputs::new(question);
        let input = |rule: &&Rule| json(&inputs.with_parameters(self.parameters(rule)));
        let mut data = self.documents.clone();
        let below = data.as_object_mut().map_err(|error| defect(&fault::one_line(&error)))?;
        below.insert(data::text(data::ROOT), self.records[data::ROOT].clone());
        Ok(Sight { data: json(&data)?, inputs: question.rules.iter().map(input).collect::<Result<_, _>>()? })
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

/// The JSON Schema of `input`, as pretty-printed JSON that ends in a line feed.
#[must_use]
pub fn input_schema() -> String {
    format!("{:#}\n", schema::input())
}

/// The JSON Schema of `data.holdpoint`, as [`input_schema`].
#[must_use]
pub fn data_schema() -> String {
    format!("{:#}\n", schema::data())
}

#[cfg(test)]
mod tests;
