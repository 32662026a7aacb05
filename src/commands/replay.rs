//! `holdpoint replay`: asks the question of a decision document again, as of its instant.

use std::collections::BTreeMap;

use anyhow::{Context as _, anyhow, bail};

use crate::app;
use crate::cli::replay::ReplayArgs;
use crate::config::Config;
use crate::domain::replay::{self, Recorded, Replay};
use crate::exit::Exit;
use crate::gate::Gate;
use crate::gate::observe::Observation;
use crate::output::{self, Style};

use super::check::unknown_environment;
use super::context::read_bounded;
use super::{block_on, request, standard_error, watcher, write};

/// Bytes of a decision document.
const LARGEST_DOCUMENT: u64 = 64 << 20;

/// Decides again, and says what differs.
///
/// # Errors
/// Wrong usage or configuration: a file that is no decision document, an environment that is not configured.
pub fn execute(args: &ReplayArgs, style: Style) -> anyhow::Result<Exit> {
    let shown = args.decision.display();
    let text = read_bounded(&args.decision, LARGEST_DOCUMENT).with_context(|| format!("`{shown}` cannot be read"))?;
    let recorded = replay::read(&text).map_err(|why| {
        anyhow!("`{shown}`: {why}\nhint: give the document that `holdpoint check --format json` wrote")
    })?;
    if let Some(obstacle) = recorded.iter().find_map(Recorded::obstacle) {
        standard_error::error(&format!("`{shown}` cannot be replayed: {obstacle}"));
        return Ok(Exit::Undecided);
    }
    let config = Config::load(&args.config.config)?;
    let environments = recorded.iter().map(|recorded| recorded.request.environment.as_str());
    if let Some(unknown) = environments.into_iter().find(|name| config.environments.get(name).is_none()) {
        bail!("{}", unknown_environment(unknown, &config));
    }
    let gate = app::gate(&config, &request::changes(&args.config, &args.policies)?)?;
    if let Some(plugin) = gate.engine.plugins().iter().find(|plugin| !plugin.replayable) {
        standard_error::error(&format!("`{shown}` cannot be replayed: plugin `{}` asks others now", plugin.name));
        return Ok(Exit::Undecided);
    }
    let replays = block_on(all(&gate, &recorded))??;
    write::to_stdout(&output::replay::render(&replays, args.format, style))?;
    let same = replays.iter().all(|replay| replay.differences.is_empty());
    Ok(if same { Exit::Allow } else { Exit::Deny })
}

/// Each decision again. The records of an environment are read once, as far as they were read for the decisions.
async fn all(gate: &Gate, recorded: &[Recorded]) -> anyhow::Result<Vec<Replay>> {
    let mut observations: BTreeMap<(&str, bool), Observation> = BTreeMap::new();
    let mut replays = Vec::with_capacity(recorded.len());
    for one in recorded {
        let read = (one.request.environment.as_str(), one.is_of_related_records());
        let observation = match observations.remove(&read) {
            Some(observation) => observation,
            None => observe(gate, recorded, read).await.context("the environment is not configured")?,
        };
        let observation = observation.as_of(one.as_of);
        let decision = gate.decide(&observation, one.request.clone(), one.as_of);
        replays.push(one.compare(&decision));
        observations.insert(read, observation);
    }
    Ok(replays)
}

async fn observe(gate: &Gate, recorded: &[Recorded], read: (&str, bool)) -> Option<Observation> {
    let (environment, of_related) = read;
    if !of_related {
        return gate.observe(environment, watcher()).await;
    }
    let alike = |one: &&Recorded| one.request.environment == environment && one.is_of_related_records();
    let requests: Vec<_> = recorded.iter().filter(alike).map(|one| one.request.clone()).collect();
    gate.observe_for(environment, &requests, watcher()).await
}
