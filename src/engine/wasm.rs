//! Plugins: rules as WebAssembly components, run by wasmtime.
//!
//! A plugin has no authority that it was not given: it meets nothing but what `host` answers, and what `http` carries
//! for one that was granted hosts. Each call gets a fresh
//! instance and nothing of it survives; time, memory, stack and output are limited (`limits`, `clock`), and whatever
//! goes wrong is a failure of the rule with words for it (`fault`). What a component is and asks for is read before it
//! is compiled (`inspect`).

mod allocation;
mod apart;
mod bindings;
mod clock;
mod code;
mod convert;
mod examine;
mod fault;
mod host;
mod http;
mod inspect;
mod limits;
mod metadata;
mod plugin;
mod spec;
mod view;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::domain::digest::Digest;
use crate::domain::environment::EnvironmentGraph;
use crate::domain::explanation::NamedValue;
use crate::domain::plugin::{LoadedPlugin, PluginCall, PluginReport};
use crate::domain::rule::Rule;
use crate::domain::snapshot::Snapshot;
use crate::gate::engine::{
    Evaluated, Explained, PreparedRules, Question, RuleDescription, RuleEngine, RuleError, Sight,
};

use super::LoadError;
use super::parameters::{self, ParameterSchema};
use fault::Failure;
use plugin::{Plugin, Runtime};
use view::View;

pub use allocation::Allocation;
pub use code::{Announce, Announcing, Code, Limits as CompileLimits, compile, confine};
pub use examine::examine;
pub use fault::PluginFault;
pub use host::redact;
pub use http::{Breakage, Exchange, ExpectedBody, Reply, Stage};
pub use inspect::{Inspection, inspect};
pub use spec::{ComponentBytes, Hosts, PluginSpec};

/// Loaded plugins.
#[derive(Default)]
pub struct WasmEngine {
    plugins: BTreeMap<String, Arc<Plugin>>,
    reports: Vec<PluginReport>,
    /// Of the reports.
    digest: Option<Digest>,
    /// By the rule's id, as JSON text: with the defaults of the schema.
    parameters: Arc<BTreeMap<String, String>>,
}

impl WasmEngine {
    /// Loads plugins, and checks the parameters of the rules that name them. `environments` are the names that
    /// parameters may refer to.
    ///
    /// This may compile, for minutes: it is for when a configuration is read, and never for while a request waits.
    ///
    /// # Errors
    /// Every plugin that cannot be used, and every rule whose parameters do not fit.
    pub fn load(
        plugins: &[PluginSpec],
        rules: &[Rule],
        environments: BTreeSet<String>,
        code: &Code,
    ) -> Result<Self, LoadError<PluginFault>> {
        Self::load_into(Allocation::OnDemand, plugins, rules, environments, code)
    }

    /// The same as [`WasmEngine::load`], with another allocation of memory. Without plugins nothing is started.
    ///
    /// # Errors
    /// Those of [`WasmEngine::load`].
    pub fn load_into(
        allocation: Allocation,
        plugins: &[PluginSpec],
        rules: &[Rule],
        environments: BTreeSet<String>,
        code: &Code,
    ) -> Result<Self, LoadError<PluginFault>> {
        let Some(memory) = plugins.iter().map(|spec| spec.memory).max() else { return Ok(Self::default()) };
        let runtime = runtime(allocation, memory)?;
        let (mut loaded, mut faults) = (BTreeMap::new(), Vec::new());
        for spec in plugins {
            match Plugin::load(spec, &runtime, code) {
                Ok(plugin) => drop(loaded.insert(spec.name.clone(), Arc::new(plugin))),
                Err(fault) => faults.push(fault.of(&spec.name)),
            }
        }
        let reports: Vec<PluginReport> = loaded.values().map(|plugin| plugin.report.clone()).collect();
        let digest = Some(digest(&reports));
        let loaded = Self { plugins: loaded, reports, digest, parameters: Arc::default() };
        match loaded.with_rules(rules, environments) {
            Ok(loaded) if faults.is_empty() => Ok(loaded),
            Ok(_) => Err(LoadError(faults)),
            Err(LoadError(of_rules)) => {
                faults.extend(of_rules);
                Err(LoadError(faults))
            }
        }
    }

    /// The same plugins for other rules.
    ///
    /// # Errors
    /// Every rule whose parameters do not fit.
    pub fn with_rules(&self, rules: &[Rule], environments: BTreeSet<String>) -> Result<Self, LoadError<PluginFault>> {
        let environments = Arc::new(environments);
        let (mut filled, mut faults) = (BTreeMap::new(), Vec::new());
        for rule in rules {
            let Some(plugin) = rule.kind.plugin().and_then(|name| self.plugins.get(name)) else { continue };
            let schema = plugin.metadata.parameters.as_ref();
            let parameters = parameters::filled(&rule.parameters, schema);
            let text = parameters.to_string();
            faults.extend(unfit(rule, plugin, &parameters, &text, &environments));
            filled.insert(rule.id.clone(), text);
        }
        if faults.is_empty() {
            let (plugins, reports) = (self.plugins.clone(), self.reports.clone());
            Ok(Self { plugins, reports, digest: self.digest, parameters: Arc::new(filled) })
        } else {
            Err(LoadError(faults))
        }
    }

    /// Every plugin, by name.
    #[must_use]
    pub fn loaded(&self) -> Vec<LoadedPlugin> {
        self.plugins.values().map(|plugin| plugin.listed()).collect()
    }
}

/// What is wrong with the parameters of a rule: by the plugin's schema, and then by what the plugin says.
fn unfit(
    rule: &Rule,
    plugin: &Plugin,
    parameters: &Value,
    text: &str,
    environments: &Arc<BTreeSet<String>>,
) -> Vec<PluginFault> {
    if let Some(schema) = &plugin.metadata.parameters {
        let checked = match ParameterSchema::new(schema, "plugin", environments) {
            Ok(checked) => checked,
            Err(why) => {
                let message = format!("plugin `{}`: the JSON Schema of its parameters is none: {why}", plugin.name);
                return vec![PluginFault::new(message, "this is a defect of the plugin; report it to its authors")];
            }
        };
        let fault = |(message, hint): (String, String)| PluginFault::new(rule.complaint(&message), hint);
        let faults: Vec<_> = checked.faults(parameters).into_iter().map(fault).collect();
        if !faults.is_empty() {
            return faults;
        }
    }
    match plugin.check_parameters(text) {
        Ok(said) => said
            .into_iter()
            .take(10)
            .map(|said| {
                PluginFault::new(rule.complaint(&fault::cut(&said)), "the plugin says so of the rule's `parameters`")
            })
            .collect(),
        Err(fault) => vec![fault],
    }
}

fn digest(plugins: &[PluginReport]) -> Digest {
    let mut hash = Sha256::new();
    for report in plugins {
        hash.update(format!("{} {}\n", report.name, report.digest));
    }
    Digest::from_bytes(hash.finalize().into())
}

/// What plugins run in. `memory` is the largest limit of one, in bytes.
fn runtime(allocation: Allocation, memory: u64) -> Result<Arc<Runtime>, LoadError<PluginFault>> {
    let unavailable = |error: wasmtime::Error| {
        let hint = "free memory and threads, or run on another machine";
        LoadError(vec![PluginFault::new(format!("plugins cannot be run here: {error:#}"), hint)])
    };
    Runtime::start(allocation, memory).map(Arc::new).map_err(unavailable)
}

impl RuleEngine for WasmEngine {
    fn describe(&self, rule: &Rule) -> RuleDescription {
        let plugin = rule.kind.plugin().and_then(|name| self.plugins.get(name));
        let title = plugin.map(|plugin| plugin.metadata.title.clone()).filter(|title| !title.trim().is_empty());
        RuleDescription { title: title.unwrap_or_else(|| rule.kind.name().to_owned()), ..RuleDescription::default() }
    }

    fn digest(&self) -> Digest {
        self.digest.unwrap_or_else(|| digest(&self.reports))
    }

    fn plugins(&self) -> &[PluginReport] {
        &self.reports
    }

    fn prepare(&self, snapshot: &Arc<Snapshot>) -> Result<Box<dyn PreparedRules>, RuleError> {
        let (plugins, parameters) = (self.plugins.clone(), Arc::clone(&self.parameters));
        let environments = in_promotion_order(snapshot);
        Ok(Box::new(Prepared { plugins, parameters, snapshot: Arc::clone(snapshot), environments }))
    }
}

struct Prepared {
    plugins: BTreeMap<String, Arc<Plugin>>,
    parameters: Arc<BTreeMap<String, String>>,
    snapshot: Arc<Snapshot>,
    /// Those whose records were read, in the order of promotion.
    environments: Vec<String>,
}

/// The environments of a snapshot. They are an environment and all before it, so they make a graph of their own.
fn in_promotion_order(snapshot: &Snapshot) -> Vec<String> {
    let environments = snapshot.environments.values().map(|records| records.environment.clone()).collect();
    match EnvironmentGraph::new(environments) {
        Ok(graph) => graph.promotion_order().into_iter().map(|environment| environment.name.clone()).collect(),
        Err(_) => snapshot.environments.keys().cloned().collect(),
    }
}

impl Prepared {
    /// The records as all rules of a question see them: of the environments that were read, the request's own last.
    fn view(&self, question: &Question<'_>) -> Arc<View> {
        let own = &question.environment.name;
        let others = self.environments.iter().filter(|name| *name != own);
        Arc::new(View::new(Arc::clone(&self.snapshot), others.chain([own]).cloned().collect()))
    }

    fn input(
        &self,
        question: &Question<'_>,
        view: &View,
        rule: &Rule,
    ) -> Result<bindings::types::EvaluationInput, RuleError> {
        let parameters = self.parameters.get(&rule.id).map_or("{}", String::as_str);
        convert::input(question, view.environments(), parameters).map_err(|why| {
            Failure::new("plugin_error", format!("cannot be asked: {why}"), "ask about another instant")
                .into_rule_error(rule.kind.name())
        })
    }

    fn plugin(&self, rule: &Rule) -> Result<&Plugin, RuleError> {
        rule.kind.plugin().and_then(|name| self.plugins.get(name)).map(AsRef::as_ref).ok_or_else(|| {
            Failure::new("plugin_error", "is not loaded", "name a plugin of the configuration")
                .into_rule_error(rule.kind.name())
        })
    }

    fn ask(&self, question: &Question<'_>, view: &Arc<View>, rule: &Rule) -> Result<Asked, RuleError> {
        let plugin = self.plugin(rule)?;
        let input = self.input(question, view, rule)?;
        let called = plugin.evaluate(input, view);
        let redact = |text: &str| called.state.redacted(text);
        let answer = called.result.and_then(|said| match said {
            Ok(verdict) => convert::answer(verdict, redact).map_err(|why| Failure::of_answer(&why)),
            Err(why) => Err(Failure::new(
                "plugin_error",
                format!("could not decide: {}", redact(&why)),
                "mend what it names, or ask its authors",
            )),
        });
        let answer = answer.map_err(|failure| failure.into_rule_error(&plugin.name));
        let calls = called.state.calls(&rule.id);
        let explained = Explained {
            answer,
            clauses: Vec::new(),
            values: Vec::<NamedValue>::new(),
            values_left_out: 0,
            records: called.state.shown,
            log: called.state.log.into_lines(),
            defaults: parameters::defaults(&rule.parameters, plugin.metadata.parameters.as_ref()),
        };
        Ok(Asked { explained, calls })
    }

    /// Explains a rule by asking it once more, unless that would ask others once more.
    fn explain_one(&self, question: &Question<'_>, view: &Arc<View>, rule: &Rule) -> Result<Explained, RuleError> {
        if self.plugin(rule)?.report.replayable {
            return self.ask(question, view, rule).map(|asked| asked.explained);
        }
        Err(RuleError {
            code: "rule_unexplained",
            message:
                "the plugin may send requests, so it is not evaluated a second time to be explained; what it asked \
                      is in the decision's `plugin_calls`"
                    .to_owned(),
            remediation: String::new(),
        })
    }
}

/// What came of asking a rule, and what it asked of others.
struct Asked {
    explained: Explained,
    calls: Vec<PluginCall>,
}

impl PreparedRules for Prepared {
    fn evaluate(&self, question: &Question<'_>) -> Vec<Evaluated> {
        let view = self.view(question);
        let one = |rule: &&Rule| match self.ask(question, &view, rule) {
            Ok(asked) => Evaluated { result: asked.explained.answer, calls: asked.calls },
            Err(error) => Evaluated::from(Err(error)),
        };
        question.rules.iter().map(one).collect()
    }

    fn see(&self, question: &Question<'_>) -> Result<Sight, RuleError> {
        let view = self.view(question);
        let inputs =
            question.rules.iter().map(|rule| self.input(question, &view, rule).map(|input| format!("{input:#?}\n")));
        Ok(Sight { data: "{}\n".to_owned(), inputs: inputs.collect::<Result<_, _>>()? })
    }

    fn explain(&self, question: &Question<'_>) -> Vec<Result<Explained, RuleError>> {
        let view = self.view(question);
        question.rules.iter().map(|rule| self.explain_one(question, &view, rule)).collect()
    }
}
