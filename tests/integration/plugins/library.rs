//! Plugins through the library: loaded once, and asked about one world.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use holdpoint::domain::environment::Environment;
use holdpoint::domain::record::DeploymentRecord;
use holdpoint::domain::rule::{Enforcement, Rule, RuleKind};
use holdpoint::domain::snapshot::{EnvironmentRecords, Snapshot};
use holdpoint::engine::LoadError;
use holdpoint::engine::wasm::{Allocation, Code, ComponentBytes, Hosts, PluginFault, PluginSpec, WasmEngine};
use holdpoint::gate::engine::{Answer, Question, RuleEngine, RuleError};

pub(super) use crate::support::world::record;
use crate::support::world::{environment, request};

pub(super) const DIGEST: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// For plugins that are to be stopped.
pub(super) const SHORT: Duration = Duration::from_millis(250);
/// For plugins that are to answer, however busy the machine is.
pub(super) const LONG: Duration = Duration::from_mins(1);

pub(super) fn spec(name: &str, component: Vec<u8>, timeout: Duration) -> PluginSpec {
    PluginSpec {
        name: name.to_owned(),
        component: ComponentBytes::new(component),
        origin: None,
        http: Hosts::default(),
        secrets: Arc::new(BTreeMap::new()),
        timeout,
        memory: 64 << 20,
    }
}

pub(super) fn rule(kind: RuleKind) -> Rule {
    Rule {
        id: kind.name().to_owned(),
        kind,
        environments: Vec::new(),
        parameters: serde_json::json!({}),
        enforcement: Enforcement::Enforce,
        location: None,
    }
}

/// Loads plugins, with a rule for each.
pub(super) fn load(plugins: &[PluginSpec], allocation: Allocation) -> Result<WasmEngine, LoadError<PluginFault>> {
    let rules: Vec<_> = plugins.iter().map(|plugin| rule(RuleKind::Plugin(plugin.name.clone()))).collect();
    // Code is kept from run to run: compiling is what these tests would spend their time on.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("plugins");
    let code = Code::new(PathBuf::from(env!("CARGO_BIN_EXE_holdpoint")), Some(folder));
    WasmEngine::load_into(allocation, plugins, &rules, BTreeSet::new(), &code)
}

/// What loading one plugin complains of; nothing when it loads.
pub(super) fn complaint(component: Vec<u8>, timeout: Duration) -> String {
    load(&[spec("custom", component, timeout)], Allocation::OnDemand)
        .err()
        .map(|error| error.to_string())
        .unwrap_or_default()
}

/// Asks about production, when staging and production were read.
pub(super) fn ask(engine: &dyn RuleEngine, snapshot: &Arc<Snapshot>, kind: RuleKind) -> Result<Answer, RuleError> {
    let (request, environment, rule) = (request(DIGEST), environment("production", &["staging"]), rule(kind));
    let as_of = "2026-11-20T12:00:00Z".parse().unwrap();
    let question = Question { request: &request, environment: &environment, as_of, rules: &[&rule] };
    engine.prepare(snapshot).unwrap().evaluate(&question).remove(0).result
}

pub(super) fn ask_plugin(engine: &WasmEngine, snapshot: &Arc<Snapshot>, name: &str) -> Result<Answer, RuleError> {
    ask(engine, snapshot, RuleKind::Plugin(name.to_owned()))
}

/// Staging with these records, and production without any.
pub(super) fn world(staging: Vec<DeploymentRecord>) -> Arc<Snapshot> {
    let of = |environment: Environment, records| {
        (environment.name.clone(), EnvironmentRecords::new(environment, records, None, None))
    };
    let environments =
        [of(environment("staging", &[]), staging), of(environment("production", &["staging"]), Vec::new())];
    Arc::new(Snapshot { environments: environments.into(), sources: Vec::new() })
}
