//! The composition root: from a valid configuration to a gate. Only this file names concrete adapters and the clock.

use std::collections::BTreeMap;
use std::env::VarError;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use jiff::Timestamp;
use secrecy::SecretString;

use crate::config::{ChainloopConfig, Config, SourceConfig, TokenSource};
use crate::engine::rego::{Limits, RegoEngine};
use crate::gate::source::{Fetched, RecordFilters, RecordQuery, RecordSource};
use crate::gate::{ConfiguredSource, Gate};
use crate::source::chainloop::{ChainloopOptions, ChainloopSource};
use crate::source::snapshot::{self, SnapshotSource};

/// What the command line changes of a configuration.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// Read all records from this snapshot.
    pub records: Option<PathBuf>,
    /// Load policies from here instead; empty changes nothing.
    pub policies: Vec<PathBuf>,
}

/// The instant it is now.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place where the clock is read")]
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// Builds the gate: loads policies, reads tokens, opens nothing yet.
///
/// # Errors
/// A fault in policies or a rule that names none; a source that cannot work as configured.
pub fn gate(config: &Config, overrides: &Overrides) -> anyhow::Result<Gate> {
    let policies = if overrides.policies.is_empty() { &config.policies } else { &overrides.policies };
    let limits = Limits { rule: config.rule_timeout, evaluation: config.evaluation_timeout };
    let engine = RegoEngine::load(policies, &config.rules, limits)?;
    Ok(Gate {
        environments: config.environments.clone(),
        sources: sources(config, overrides.records.as_deref(), true)?,
        rules: config.rules.clone(),
        engine: Arc::new(engine),
        when_no_rule_applies: config.when_no_rule_applies,
    })
}

/// The configured record sources by name; all are the snapshot when there is one.
///
/// # Errors
/// A source that cannot work as configured, such as one whose token is missing.
pub fn sources(
    config: &Config,
    snapshot: Option<&Path>,
    full_history: bool,
) -> anyhow::Result<BTreeMap<String, ConfiguredSource>> {
    let one = |(name, source): (&String, &SourceConfig)| {
        let configured = match snapshot {
            Some(path) => snapshot_source(path, full_history),
            None => {
                source_of(source, full_history).with_context(|| format!("record source `{name}` cannot be used"))?
            }
        };
        Ok((name.clone(), configured))
    };
    config.sources.iter().map(one).collect()
}

fn source_of(source: &SourceConfig, full_history: bool) -> anyhow::Result<ConfiguredSource> {
    match source {
        SourceConfig::Snapshot { path } => Ok(snapshot_source(path, full_history)),
        SourceConfig::Chainloop(chainloop) => chainloop_source(chainloop, full_history),
    }
}

fn snapshot_source(path: &Path, full_history: bool) -> ConfiguredSource {
    let source: Arc<dyn RecordSource> = Arc::new(SnapshotSource::new(path.to_owned()));
    ConfiguredSource { source, filters: RecordFilters { full_history, ..RecordFilters::default() } }
}

fn chainloop_source(config: &ChainloopConfig, full_history: bool) -> anyhow::Result<ConfiguredSource> {
    let options = ChainloopOptions {
        organization: config.organization.clone(),
        ca_file: config.ca_file.clone(),
        allow_insecure: config.allow_insecure,
        timeout: config.timeout,
        ..ChainloopOptions::new(config.url.clone(), token(&config.token)?)
    };
    let source = ChainloopSource::new(&options, Arc::new(now))
        .map_err(|error| anyhow!("{error}\nhint: {}", error.remediation))?;
    let filters = RecordFilters {
        project_name: config.project.clone(),
        project_version_name: config.project_version.clone(),
        full_history,
        ..RecordFilters::default()
    };
    Ok(ConfiguredSource { source: Arc::new(source), filters })
}

fn token(source: &TokenSource) -> anyhow::Result<SecretString> {
    let text = match source {
        TokenSource::Env(name) => std::env::var(name).map_err(|error| {
            let reason = match error {
                VarError::NotPresent => "is not set",
                VarError::NotUnicode(_) => "is not text",
            };
            anyhow!("environment variable `{name}` {reason}\nhint: set it to an API token, or name another with `token: {{env: NAME}}`")
        })?,
        TokenSource::File(path) => std::fs::read_to_string(path)
            .with_context(|| format!("the token file `{}` cannot be read", path.display()))?,
    };
    Ok(SecretString::from(text.trim().to_owned()))
}

/// The snapshot file of what was read.
///
/// # Errors
/// When two sources give one id to different records.
pub fn snapshot_text(reads: &[(&RecordQuery, &Fetched)]) -> anyhow::Result<Vec<u8>> {
    let mut text = Vec::new();
    snapshot::write(&mut text, reads).context("the records do not fit in one snapshot")?;
    Ok(text)
}
