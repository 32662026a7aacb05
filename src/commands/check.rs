//! `holdpoint check`: one decision for each artifact, in the chosen form.

mod earlier;
mod reports;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use jiff::Timestamp;

use crate::app::{self, Changes};
use crate::cli::check::CheckArgs;
use crate::config::Config;
use crate::domain::decision::Decisions;
use crate::domain::request::Request;
use crate::domain::text::nearest;
use crate::domain::verdict::Verdict;
use crate::exit::Exit;
use crate::gate::Gate;
use crate::output::{self, Style};

use super::wait::Schedule;
use super::{block_on, request, standard_error, watcher};
use earlier::Earlier;
use reports::Reports;

/// Decides, writes the decision, and ends with its verdict.
///
/// # Errors
/// Wrong usage or configuration, or a place for the output that cannot be written.
pub fn execute(args: &CheckArgs, style: Style) -> anyhow::Result<Exit> {
    let requests = request::requests(&args.artifacts, &args.request)?;
    let config = Config::load(&args.config.config)?;
    if config.environments.get(&args.request.environment).is_none() {
        bail!("{}", unknown_environment(&args.request.environment, &config));
    }
    earlier::named(args, &requests)?;
    let reports = Reports::find(args)?;
    let changes = request::changes(&args.config, &args.policies)?;
    let first = Some(args.request.environment.clone());
    let gate = app::gate(&config, &Changes { first, ..changes })?;
    let question = Question {
        gate: &gate,
        environment: &args.request.environment,
        requests: &requests,
        as_of: args.as_of,
        explain: args.explain,
        earlier: Earlier::of(args)?,
    };
    let decisions = block_on(question.decide_and_wait(args.wait))??;
    warn_of_overrides(&decisions);
    // The process ends, and its memory with it: to give policies back piece by piece takes a millisecond.
    std::mem::forget(gate);
    Ok(reports.deliver(&decisions, &config, style))
}

/// Says each notice of overrides once, beside the output: a program may read that, and drop what it does not know.
fn warn_of_overrides(decisions: &Decisions) {
    let mut told = BTreeSet::new();
    for notice in decisions.0.iter().flat_map(|decision| &decision.override_notices) {
        let place = notice.location.as_ref().map(|location| format!("{}:{}: ", location.path, location.line));
        let text = format!("warning: {}{}\nhint: {}", place.unwrap_or_default(), notice.message, notice.remediation);
        if told.insert(text.clone()) {
            standard_error::write(&text);
        }
    }
}

struct Question<'a> {
    gate: &'a Gate,
    environment: &'a str,
    requests: &'a [Request],
    as_of: Option<Timestamp>,
    explain: bool,
    earlier: Option<Earlier>,
}

impl Question<'_> {
    async fn decide_and_wait(&self, wait: Option<Duration>) -> anyhow::Result<Decisions> {
        let watcher = watcher();
        let mut schedule = wait.map(|wait| Schedule::new(Instant::now(), wait));
        loop {
            let decisions = self.decide(watcher.clone()).await?;
            let Some(schedule) = &mut schedule else { return Ok(decisions) };
            let Some(pause) = schedule.next(&decisions, Instant::now(), app::now()) else { return Ok(decisions) };
            tracing::info!(verdict = %decisions.verdict(), pause_ms = pause.as_millis(), "the gate is closed; looking again");
            watcher.say(waiting(&decisions, pause));
            tokio::time::sleep(pause).await;
        }
    }

    async fn decide(&self, watcher: std::sync::Arc<super::progress::TerminalProgress>) -> anyhow::Result<Decisions> {
        let observation = self.gate.observe_for(self.environment, self.requests, watcher).await;
        let observation = observation.context("the environment is not configured")?;
        let as_of = self.as_of.unwrap_or_else(app::now);
        let decide = |request: &Request| {
            let mut decision = self.gate.decide(&observation, request.clone(), as_of);
            decision.promotion = self.gate.promotion(&observation, &decision.request, as_of);
            if self.explain {
                decision.explanations = self.gate.explain(&observation, &decision);
            }
            if let Some(earlier) = &self.earlier {
                earlier.require(&mut decision);
            }
            decision
        };
        let decisions = Decisions(self.requests.iter().map(decide).collect());
        for decision in &decisions.0 {
            tracing::info!(
                decision.id = %decision.id,
                artifact.digest = %decision.request.artifact.digest,
                environment = %decision.request.environment,
                verdict = %decision.verdict,
                duration_ms = decision.duration_ms,
                "decided"
            );
            for report in decision.overrides.iter().filter(|report| report.used) {
                // Quoted, as every text that somebody else wrote.
                let (id, actor) = (&report.exception.id, &report.exception.actor);
                tracing::warn!(decision.id = %decision.id, override.id = ?id, override.actor = ?actor, "an override lets findings pass");
            }
        }
        Ok(decisions)
    }
}

fn waiting(decisions: &Decisions, pause: Duration) -> String {
    let opens = match (decisions.verdict(), decisions.opens_at()) {
        (Verdict::Hold, Some(opens_at)) => format!("hold: opens at {opens_at}"),
        (verdict, _) => verdict.to_string(),
    };
    let blocking = decisions.0.iter().flat_map(|decision| &decision.findings).find(|finding| finding.blocks());
    let why = blocking.map(|finding| format!(" ({})", output::escape::line(&finding.title, 60)));
    format!("{opens}{}; looking again in {} s", why.unwrap_or_default(), pause.as_secs())
}

/// The message for an environment that the configuration does not have.
pub(in crate::commands) fn unknown_environment(name: &str, config: &Config) -> String {
    let known: Vec<&str> = config.environments.names().collect();
    let hint = match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("it has `{}`", known.join("`, `")),
    };
    format!("environment `{name}` is not in `{}`\nhint: {hint}", config.path.display())
}
