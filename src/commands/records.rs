//! `holdpoint records`: what the sources know, as a list or as a snapshot.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, bail};

use crate::app;
use crate::cli::RecordsArgs;
use crate::config::Config;
use crate::domain::environment::Environment;
use crate::domain::record::DeploymentRecord;
use crate::exit::Exit;
use crate::gate::source::{EnvironmentQuery, Fetched, RecordFilters, RecordQuery};
use crate::output::{self, Style};

use super::check::unknown_environment;
use super::{block_on, standard_error, watcher, write};

/// Lists the records, or writes them as a snapshot.
///
/// # Errors
/// Wrong usage or configuration, or output that cannot be written.
pub fn execute(args: &RecordsArgs, style: Style) -> anyhow::Result<Exit> {
    let config = Config::load(&args.config.config)?;
    let environments = environments(args, &config)?;
    // Before the records are read, which may take long.
    args.output.as_deref().map(write::Destination::find).transpose()?;
    // A snapshot must let any rule decide as the source would: it needs the history.
    let full_history = args.full_history || args.output.is_some();
    if args.output.is_some() {
        app::fit_in_one_snapshot(environments.iter().copied())?;
    }
    let sources = app::sources(&config, args.config.records.as_deref(), full_history)?;
    let mut by_source: BTreeMap<&str, Vec<&Environment>> = BTreeMap::new();
    for environment in environments {
        by_source.entry(&environment.source).or_default().push(environment);
    }
    let mut reads = Vec::new();
    for (name, environments) in by_source {
        let configured = sources.get(name).with_context(|| format!("there is no record source `{name}`"))?;
        let query = RecordQuery {
            environments: environments.iter().copied().map(EnvironmentQuery::from).collect(),
            filters: filters(args, &configured.filters),
        };
        let watcher = watcher();
        match block_on(configured.source.fetch(&query, &*watcher))? {
            Ok(fetched) => reads.push((query, fetched)),
            Err(error) => return Ok(report(&format!("record source `{name}`: {error}\nhint: {}", error.remediation))),
        }
    }
    finish(args, style, &reads)
}

fn environments<'a>(args: &RecordsArgs, config: &'a Config) -> anyhow::Result<Vec<&'a Environment>> {
    if args.environment.is_empty() {
        return Ok(config.environments.iter().collect());
    }
    let find = |name: &String| match config.environments.get(name) {
        Some(environment) => Ok(environment),
        None => bail!("{}", unknown_environment(name, config)),
    };
    // Each once, in the order given.
    let mut seen = BTreeSet::new();
    args.environment.iter().filter(|name| seen.insert(*name)).map(find).collect()
}

fn filters(args: &RecordsArgs, configured: &RecordFilters) -> RecordFilters {
    RecordFilters {
        project_name: args.project.clone().or_else(|| configured.project_name.clone()),
        project_version_name: args.project_version.clone().or_else(|| configured.project_version_name.clone()),
        status: args.status.map(|status| status.as_str().to_owned()),
        artifact_kind: args.artifact_kind.map(|kind| kind.as_str().to_owned()),
        deployment_name: args.deployment.clone(),
        full_history: configured.full_history,
    }
}

fn finish(args: &RecordsArgs, style: Style, reads: &[(RecordQuery, Fetched)]) -> anyhow::Result<Exit> {
    let environments = || reads.iter().flat_map(|(_query, fetched)| &fetched.environments);
    let incomplete: Vec<&str> = environments().filter_map(|environment| environment.incomplete.as_deref()).collect();
    let incomplete = incomplete.join("; ");
    if let Some(path) = &args.output {
        if !incomplete.is_empty() {
            return Ok(report(&format!("no snapshot was written, since the records are incomplete: {incomplete}")));
        }
        let reads: Vec<(&RecordQuery, &Fetched)> = reads.iter().map(|(query, fetched)| (query, fetched)).collect();
        write::to_file(path, &app::snapshot_text(&reads)?)?;
        return Ok(Exit::Allow);
    }
    let mut records: Vec<DeploymentRecord> =
        environments().flat_map(|environment| environment.records.clone()).collect();
    records.sort_by(DeploymentRecord::newest_first);
    write::to_stdout(&output::records::render(&records, args.format, style))?;
    if incomplete.is_empty() {
        Ok(Exit::Allow)
    } else {
        Ok(report(&format!("the records are incomplete: {incomplete}")))
    }
}

/// Says on standard error why the list cannot be trusted.
fn report(text: &str) -> Exit {
    standard_error::error(text);
    Exit::Undecided
}
