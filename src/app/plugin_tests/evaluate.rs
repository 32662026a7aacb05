//! From a case to what the plugin says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{anyhow, bail};

use super::super::{plugins, policies};
use super::case::{Case, SOURCE};
use crate::config::{PluginConfig, PluginSource};
use crate::domain::finding::{Finding, Outcome};
use crate::domain::plugin_test::{CaseFinding, Difference, Objection, Said};
use crate::domain::rule::{Enforcement, Rule, RuleKind};
use crate::domain::verdict::Verdict;
use crate::engine::LoadError;
use crate::engine::wasm::{Announce, ComponentBytes, Hosts, PluginFault, PluginSpec, Stage, WasmEngine, redact};
use crate::gate::source::{NoProgress, RecordFilters};
use crate::gate::{ConfiguredSource, Gate};
use crate::source::snapshot::SnapshotSource;

/// The plugin's name in every case.
const NAME: &str = "plugin";
/// How long one call may take, as in a configuration that says nothing of it.
const TIMEOUT: Duration = Duration::from_secs(1);

/// A component, and the names and values of the secrets that it is granted.
type Key = (PathBuf, Vec<(String, String)>);

/// Loaded plugins: by component, and by the secrets that the plugin is granted.
#[derive(Default)]
pub(super) struct Plugins {
    loaded: BTreeMap<Key, Result<Loaded, String>>,
}

/// A plugin, and who answers its requests.
#[derive(Clone)]
struct Loaded {
    engine: Arc<WasmEngine>,
    stage: Arc<Stage>,
}

/// What came of a case.
pub(super) struct Evaluated {
    pub(super) said: Said,
    /// How its requests differ from those that are expected.
    pub(super) requests: Vec<Difference>,
    pub(super) log: Vec<String>,
    pub(super) duration: Duration,
}

impl Plugins {
    /// Puts the case to the component.
    ///
    /// # Errors
    /// A component that cannot be loaded; a case that asks nothing that can be answered.
    pub(super) fn evaluate(
        &mut self,
        component: &Path,
        case: &Case,
        path: &Path,
        logs: bool,
    ) -> anyhow::Result<Evaluated> {
        let Loaded { engine, stage } = self.loaded(component, case)?;
        stage.set(case.exchanges()?);
        let environments = case.environments()?;
        let rule = Rule {
            id: NAME.to_owned(),
            kind: RuleKind::Plugin(NAME.to_owned()),
            environments: Vec::new(),
            parameters: case.parameters()?,
            enforcement: Enforcement::Enforce,
            location: None,
        };
        let names: BTreeSet<String> = environments.names().map(str::to_owned).collect();
        let engine = match engine.with_rules(std::slice::from_ref(&rule), names) {
            Ok(engine) => engine,
            Err(refused) => return Ok(Evaluated { requests: requests(&stage, case), ..of_refusal(&refused)? }),
        };
        let records = SnapshotSource::of_text(path.to_owned(), case.snapshot(&environments)?);
        let filters = RecordFilters { full_history: true, ..RecordFilters::default() };
        let source = ConfiguredSource { source: Arc::new(records), filters };
        let gate = Gate {
            environments,
            sources: BTreeMap::from([(SOURCE.to_owned(), source)]),
            rules: vec![rule],
            engine: Arc::new(engine),
            when_no_rule_applies: Verdict::Undecided,
            overrides: None,
        };
        decide(&gate, case, &stage, logs)
    }

    fn loaded(&mut self, component: &Path, case: &Case) -> anyhow::Result<Loaded> {
        let secrets = case.secrets.iter().map(|(name, secret)| (name.clone(), secret.key().to_owned())).collect();
        let key = (component.to_owned(), secrets);
        let loaded =
            self.loaded.entry(key).or_insert_with(|| load(component, case).map_err(|error| format!("{error:#}")));
        loaded.clone().map_err(|why| anyhow!(why))
    }
}

fn load(component: &Path, case: &Case) -> anyhow::Result<Loaded> {
    let usual = PluginConfig::new(NAME.to_owned(), PluginSource::File(component.to_owned()), TIMEOUT);
    let stage = Arc::new(Stage::default());
    let spec = PluginSpec {
        component: ComponentBytes::new(plugins::read(component)?),
        name: usual.name,
        origin: None,
        http: Hosts::Staged(Arc::clone(&stage)),
        secrets: Arc::new(case.granted()),
        timeout: usual.timeout,
        memory: usual.memory,
    };
    let engine = WasmEngine::load(&[spec], &[], BTreeSet::new(), &plugins::code(Announce::default())?)?;
    Ok(Loaded { engine: Arc::new(engine), stage })
}

/// How what was asked differs from what the case expects. Its secrets are shown no more than real ones.
fn requests(stage: &Stage, case: &Case) -> Vec<Difference> {
    let secrets = case.granted();
    stage.differences(|text| redact(&secrets, text))
}

fn decide(gate: &Gate, case: &Case, stage: &Stage, logs: bool) -> anyhow::Result<Evaluated> {
    let request = case.request()?;
    let observed = policies::wait_for(gate.observe(&request.environment, Arc::new(NoProgress)))?;
    let Some(observation) = observed else { bail!("the environment `{}` is not there", request.environment) };
    if let Some(fault) = observation.faults(case.as_of).first() {
        bail!("its records cannot be used: {}\nhint: {}", fault.message, fault.remediation);
    }
    let started = Instant::now();
    let decision = gate.decide(&observation, request, case.as_of);
    let duration = started.elapsed();
    let requests = requests(stage, case);
    // An explanation asks once more.
    stage.set(case.exchanges()?);
    let explained = if logs { gate.explain(&observation, &decision) } else { Vec::new() };
    let log = explained.into_iter().flat_map(|explanation| explanation.log).collect();
    Ok(Evaluated { said: of_findings(decision.verdict, &decision.findings), requests, log, duration })
}

/// What the plugin has against the parameters.
///
/// # Errors
/// When it could not be asked, or what it gives as their schema is none: that is its own failure, and no refusal.
fn of_refusal(refused: &LoadError<PluginFault>) -> anyhow::Result<Evaluated> {
    let prefix = format!("rule `{NAME}`: ");
    let mut words = Vec::new();
    for fault in &refused.0 {
        match fault.message.strip_prefix(&prefix) {
            Some(why) => words.push(why.to_owned()),
            None => bail!("{fault}\nhint: {}", fault.hint),
        }
    }
    let said = Said { parameters_refused: Some(words), ..Said::default() };
    Ok(Evaluated { said, requests: Vec::new(), log: Vec::new(), duration: Duration::ZERO })
}

fn of_findings(verdict: Verdict, findings: &[Finding]) -> Said {
    let of_plugin = || findings.iter().filter(|finding| finding.plugin.is_some());
    let with = |outcome| of_plugin().find(move |finding| finding.outcome == outcome);
    Said {
        verdict: Some(verdict),
        findings: Some(of_plugin().filter_map(said).collect()),
        skipped: with(Outcome::Skipped).map(|finding| finding.message.clone()),
        code: with(Outcome::Failed).map(|finding| finding.code.clone()),
        parameters_refused: None,
    }
}

fn said(finding: &Finding) -> Option<CaseFinding> {
    let outcome = match finding.outcome {
        Outcome::Denied => Objection::Denied,
        Outcome::Held => Objection::Held,
        Outcome::Warned => Objection::Warned,
        Outcome::Passed | Outcome::Skipped | Outcome::Failed => return None,
    };
    Some(CaseFinding {
        outcome: Some(outcome),
        code: finding.code.clone(),
        message: Some(finding.message.clone()),
        opens_at: finding.opens_at,
    })
}
