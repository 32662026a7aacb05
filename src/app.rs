//! The composition root: from a valid configuration to a gate. Only this file names concrete adapters and the clock.

pub mod github_app;
pub mod ledger;
pub mod pack;
pub mod plugin_tests;
pub mod plugins;
pub mod policies;
pub mod serve;
pub mod tags;

use std::collections::BTreeMap;
use std::env::VarError;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use jiff::Timestamp;
use secrecy::SecretString;

use crate::config::{
    self, ChainloopConfig, Config, OverrideConfig, PluginConfig, PolicySource, SourceConfig, TokenSource,
};
use crate::domain::catalogue::Listed;
use crate::domain::environment::Environment;
use crate::domain::lint::{LintCode, LintReport};
use crate::domain::overrides::Overrides as ReadOverrides;
use crate::domain::policy_test::TestReport;
use crate::domain::rule::Rule;
use crate::engine::rego::{self, Limits, RegoEngine, run_tests};
pub use crate::engine::rego::{Extent, TestOptions};
use crate::engine::routed::RoutedEngine;
use crate::engine::wasm::WasmEngine;
pub use crate::engine::wasm::{Allocation, Announce};
use crate::gate::observe;
use crate::gate::overrides::OverrideSource;
use crate::gate::source::{Fetched, RecordFilters, RecordQuery, RecordSource};
use crate::gate::{ConfiguredSource, Gate};
use crate::ledger::store::Place;
use crate::source::chainloop::{ChainloopOptions, ChainloopSource, Product};
use crate::source::file;
use crate::source::ledger::LedgerSource;
use crate::source::snapshot::{self, SnapshotSource};
pub use plugins::NamedPlugin;

/// The largest token file that is read, in bytes.
const LARGEST_TOKEN_FILE: u64 = 64 << 10;

/// What the command line changes of a configuration.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// Read all records from this snapshot.
    pub records: Option<PathBuf>,
    /// Load policies from here instead; empty changes nothing.
    pub policies: Vec<PolicySource>,
    /// Components in place of plugins of the configuration, or beside them.
    pub plugins: Vec<NamedPlugin>,
    /// Which of the policies are parsed and checked.
    pub extent: Extent,
    /// Fetch no policies and no plugins: artifacts must be in the cache.
    pub offline: bool,
    /// Who is told when a plugin is compiled and that takes a while.
    pub announce: Announce,
    /// Where the memory of plugins comes from.
    pub allocation: Allocation,
    /// The environment that will be asked about first: its records may be read while policies are compiled.
    pub first: Option<String>,
}

/// The instant it is now.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place where the clock is read")]
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// Builds the gate: loads policies, which it fetches when they are neither here nor in the cache, and reads tokens.
/// No record source is opened yet, unless the changes name what will be asked first.
///
/// # Errors
/// A fault in policies or a rule that names none; a source that cannot work as configured.
pub fn gate(config: &Config, changes: &Changes) -> anyhow::Result<Gate> {
    let sources = sources(config, changes.records.as_deref(), true)?;
    if let Some(environment) = &changes.first {
        observe::begin(&config.environments, &sources, environment);
    }
    let policies = if changes.policies.is_empty() { &config.policies } else { &changes.policies };
    let (plugins, rules) = plugins::changed(config, &changes.plugins);
    let engine = RoutedEngine {
        policies: engine(config, policies, changes.extent, changes.offline)?,
        plugins: plugin_engine(config, &plugins, &rules, changes)?,
    };
    Ok(Gate {
        environments: config.environments.clone(),
        sources,
        rules,
        engine: Arc::new(engine),
        when_no_rule_applies: config.when_no_rule_applies,
        overrides: exceptions(&config.overrides),
    })
}

fn engine(config: &Config, policies: &[PolicySource], extent: Extent, offline: bool) -> anyhow::Result<RegoEngine> {
    let limits = Limits { rule: config.rule_timeout, evaluation: config.evaluation_timeout };
    let environments = config.environments.iter().map(|environment| environment.name.clone()).collect();
    let inputs = policies::inputs(policies, offline)?;
    let rules: Vec<Rule> = config.rules.iter().filter(|rule| rule.kind.policy().is_some()).cloned().collect();
    Ok(RegoEngine::load_from(&inputs, &rules, environments, extent, limits)?)
}

fn plugin_engine(
    config: &Config,
    plugins: &[PluginConfig],
    rules: &[Rule],
    changes: &Changes,
) -> anyhow::Result<WasmEngine> {
    let specs = plugins::specs(plugins, config.path.parent().unwrap_or(Path::new("")), changes.offline)?;
    let environments = config.environments.iter().map(|environment| environment.name.clone()).collect();
    let code = plugins::code(changes.announce.clone())?;
    Ok(WasmEngine::load_into(changes.allocation, &specs, rules, environments, &code)?)
}

/// Overrides from files, read anew each time.
struct OverrideFiles(OverrideConfig);

impl OverrideSource for OverrideFiles {
    fn read(&self) -> ReadOverrides {
        config::overrides::read(&self.0, now())
    }
}

fn exceptions(config: &OverrideConfig) -> Option<Arc<dyn OverrideSource>> {
    let files = (!config.paths.is_empty()).then(|| OverrideFiles(config.clone()))?;
    Some(Arc::new(files))
}

/// Every package of the configured policies, by name, and then the plugins.
///
/// # Errors
/// Policies or plugins that cannot be fetched or read, a fault in them, or a rule that names none.
pub fn loaded(config: &Config, announce: &Announce) -> anyhow::Result<Vec<Listed>> {
    let policies = engine(config, &config.policies, Extent::Everything, false)?.policies();
    let changes = Changes { announce: announce.clone(), ..Changes::default() };
    let plugins = plugin_engine(config, &config.plugins, &config.rules, &changes)?.loaded();
    Ok(policies.into_iter().map(Listed::Policy).chain(plugins.into_iter().map(Listed::Plugin)).collect())
}

/// Looks for mistakes in the policies of these places; artifacts that are not in the cache are fetched.
///
/// # Errors
/// A path, a bundle or an artifact that cannot be read, a folder without policies, too many or too large files.
pub fn lint(places: &[PolicySource]) -> anyhow::Result<LintReport> {
    Ok(rego::lint(&policies::inputs(places, false)?)?)
}

/// Every kind of mistake that [`lint`] finds.
pub fn lint_codes() -> impl Iterator<Item = &'static LintCode> {
    rego::lint_codes()
}

/// The JSON Schema of what policies see as `input`.
#[must_use]
pub fn input_schema() -> String {
    rego::input_schema()
}

/// The JSON Schema of what policies see as `data.holdpoint`.
#[must_use]
pub fn data_schema() -> String {
    rego::data_schema()
}

/// The configured record sources by name; all are the snapshot, one and the same, when there is one.
///
/// # Errors
/// A source that cannot work as configured, such as one whose token is missing; with a snapshot, those of
/// [`fit_in_one_snapshot`].
pub fn sources(
    config: &Config,
    snapshot: Option<&Path>,
    full_history: bool,
) -> anyhow::Result<BTreeMap<String, ConfiguredSource>> {
    let one_for_all = match snapshot {
        Some(path) => {
            fit_in_one_snapshot(config.environments.iter())?;
            Some(snapshot_source(path))
        }
        None => None,
    };
    let folder = config.path.parent().unwrap_or(Path::new(""));
    let one = |(name, source): (&String, &SourceConfig)| {
        let records = match &one_for_all {
            Some(shared) => shared.clone(),
            None => source_of(source, folder).with_context(|| format!("record source `{name}` cannot be used"))?,
        };
        // The snapshot has to be what the source would have been asked for.
        let filters = filters(source, full_history);
        Ok((name.clone(), ConfiguredSource { source: records, filters }))
    };
    config.sources.iter().map(one).collect()
}

/// Checks that one snapshot can hold the records of these environments: of two sources that know a target of the same
/// name, the records would mix.
///
/// # Errors
/// The first target, or logical environment, that two sources share.
pub fn fit_in_one_snapshot<'a>(environments: impl IntoIterator<Item = &'a Environment>) -> anyhow::Result<()> {
    let mut owners: BTreeMap<(&str, &str), &Environment> = BTreeMap::new();
    for environment in environments {
        let targets = environment.targets.iter().map(|target| ("target", target.as_str()));
        let logical = environment.logical_environment.iter().map(|name| ("logical environment", name.as_str()));
        for (kind, name) in targets.chain(logical) {
            let owner = owners.entry((kind, name)).or_insert(environment);
            if owner.source != environment.source {
                let (one, other) = (&owner.source, &environment.source);
                return Err(anyhow!(
                    "{kind} `{name}` is in the record sources `{one}` and `{other}`, whose records would mix in one \
                     snapshot\nhint: keep a snapshot for each source, and configure them as sources of type `snapshot`"
                ));
            }
        }
    }
    Ok(())
}

fn source_of(source: &SourceConfig, folder: &Path) -> anyhow::Result<Arc<dyn RecordSource>> {
    match source {
        SourceConfig::Snapshot { path } => Ok(snapshot_source(path)),
        SourceConfig::Chainloop(chainloop) => chainloop_source(chainloop, folder, Product::Chainloop),
        SourceConfig::LedgerServer(server) => chainloop_source(server, folder, Product::Ledger),
        SourceConfig::Ledger { path, .. } => Ok(Arc::new(LedgerSource::new(Place::File(path.clone()), Arc::new(now)))),
    }
}

fn filters(source: &SourceConfig, full_history: bool) -> RecordFilters {
    let (project_name, project_version_name) = match source {
        SourceConfig::Snapshot { .. } => (None, None),
        SourceConfig::Chainloop(server) | SourceConfig::LedgerServer(server) => {
            (server.project.clone(), server.project_version.clone())
        }
        SourceConfig::Ledger { project, project_version, .. } => (project.clone(), project_version.clone()),
    };
    RecordFilters { project_name, project_version_name, full_history, ..RecordFilters::default() }
}

fn snapshot_source(path: &Path) -> Arc<dyn RecordSource> {
    Arc::new(SnapshotSource::new(path.to_owned()))
}

fn chainloop_source(
    config: &ChainloopConfig,
    folder: &Path,
    product: Product,
) -> anyhow::Result<Arc<dyn RecordSource>> {
    let options = ChainloopOptions {
        product,
        organization: config.organization.clone(),
        ca_file: config.ca_file.clone(),
        allow_insecure: config.allow_insecure,
        timeout: config.timeout,
        token_origin: match &config.token {
            TokenSource::Env(name) => format!("`{name}`"),
            TokenSource::File(path) => format!("`{}`", path.display()),
        },
        ..ChainloopOptions::new(config.url.clone(), secret(&config.token, folder, "token")?)
    };
    let source = ChainloopSource::new(&options, Arc::new(now))
        .map_err(|error| anyhow!("{error}\nhint: {}", error.remediation))?;
    Ok(Arc::new(source))
}

/// A secret from where it is kept. `key` is where the configuration says so.
fn secret(source: &TokenSource, folder: &Path, key: &str) -> anyhow::Result<SecretString> {
    let text = match source {
        TokenSource::Env(name) => std::env::var(name).map_err(|error| {
            let reason = match error {
                VarError::NotPresent => "is not set",
                VarError::NotUnicode(_) => "is not text",
            };
            anyhow!("environment variable `{name}` {reason}\nhint: set it, or name another with `{key}: {{env: NAME}}`")
        })?,
        TokenSource::File(path) => {
            let bytes = file::read(path, LARGEST_TOKEN_FILE);
            let text = bytes.and_then(|bytes| String::from_utf8(bytes).map_err(io::Error::other));
            text.map_err(|error| unreadable_secret(path, folder, key, &error))?
        }
    };
    Ok(SecretString::from(text.trim().to_owned()))
}

/// Where a secret was pasted instead of the path of its file, the path is the secret.
fn unreadable_secret(path: &Path, folder: &Path, key: &str, error: &io::Error) -> anyhow::Error {
    let written = path.strip_prefix(folder).unwrap_or(path);
    let has_separator = written.components().nth(1).is_some();
    let is_like_token = written.to_string_lossy().contains("eyJ");
    if is_like_token || (!has_separator && !path.exists()) {
        return anyhow!(
            "the {key} file cannot be read: {error}\nhint: its path is not shown, since it may be the secret itself; \
             `{key}: {{file: PATH}}` takes the path of a file that holds it"
        );
    }
    anyhow!("the {key} file `{}` cannot be read: {error}", path.display())
}

/// The snapshot file of what was read.
///
/// # Errors
/// When two sources give one id to different records, share a target, or are filtered differently.
pub fn snapshot_text(reads: &[(&RecordQuery, &Fetched)]) -> anyhow::Result<Vec<u8>> {
    let mut text = Vec::new();
    snapshot::write(&mut text, reads).context("the records do not fit in one snapshot")?;
    Ok(text)
}

/// Runs the tests of the policies in these files and folders.
///
/// # Errors
/// Every fault of the policies, or that there is nothing to test.
pub fn test_policies(paths: &[PathBuf], options: &TestOptions) -> anyhow::Result<TestReport> {
    Ok(run_tests(paths, options)?)
}
