//! `policy input`: writes what rules see, so that policies can be evaluated elsewhere.

use std::fs;

use anyhow::{Context as _, bail};

use crate::app;
use crate::cli::policy::input::InputArgs;
use crate::commands::check::unknown_environment;
use crate::commands::{block_on, request, standard_error, watcher, write};
use crate::config::Config;
use crate::exit::Exit;
use crate::gate::Gate;
use crate::gate::see::{SeeError, Seen};

/// Writes `data.json`, which all rules share, and an input for each rule.
///
/// # Errors
/// Wrong usage or configuration, or a folder that cannot be written.
pub fn execute(args: &InputArgs) -> anyhow::Result<Exit> {
    let request = request::request(&args.artifact, &args.request)?;
    let environment = &args.request.environment;
    let config = Config::load(&args.config.config)?;
    if config.environments.get(environment).is_none() {
        bail!("{}", unknown_environment(environment, &config));
    }
    let gate = app::gate(&config, &request::changes(&args.config, &args.policies)?)?;
    let chosen = chosen(&gate, args)?;
    let observation = block_on(gate.observe(environment, watcher()))?.context("the environment is not configured")?;
    let as_of = args.as_of.unwrap_or_else(app::now);
    match gate.see(&observation, &request, as_of) {
        Ok(seen) => save(args, &seen, &chosen),
        Err(error) => {
            report(&error);
            Ok(Exit::Undecided)
        }
    }
}

/// The ids of the rules to write, which all apply to the environment.
fn chosen<'gate>(gate: &'gate Gate, args: &InputArgs) -> anyhow::Result<Vec<&'gate str>> {
    let environment = &args.request.environment;
    let applying = gate.rules.iter().filter(|rule| rule.applies_to(environment)).map(|rule| rule.id.as_str());
    let applying: Vec<&str> = applying.collect();
    if applying.is_empty() {
        bail!("no rule applies to `{environment}`\nhint: add one to `{}`", args.config.config.display());
    }
    if let Some(unknown) = args.rule.iter().find(|rule| !applying.contains(&rule.as_str())) {
        bail!("no rule `{unknown}` applies to `{environment}`\nhint: those that do are `{}`", applying.join("`, `"));
    }
    Ok(applying.into_iter().filter(|id| args.rule.is_empty() || args.rule.iter().any(|rule| rule == id)).collect())
}

fn save(args: &InputArgs, seen: &Seen<'_>, chosen: &[&str]) -> anyhow::Result<Exit> {
    let folder = &args.output;
    fs::create_dir_all(folder).with_context(|| format!("the folder `{}` cannot be created", folder.display()))?;
    let inputs = seen.inputs.iter().filter(|(rule, _input)| chosen.contains(&rule.id.as_str()));
    let inputs = inputs.map(|(rule, input)| (format!("{}.input.json", rule.id.replace('#', "-")), input));
    let save = |(name, text): (String, &String)| {
        let path = folder.join(name);
        write::to_file(&path, text.as_bytes())?;
        Ok(format!("wrote {}\n", path.display()))
    };
    let files = std::iter::once(("data.json".to_owned(), &seen.data)).chain(inputs);
    let written = files.map(save).collect::<anyhow::Result<String>>()?;
    write::to_stdout(&written)?;
    Ok(Exit::Allow)
}

fn report(error: &SeeError) {
    match error {
        SeeError::Records(faults) => {
            for fault in faults {
                standard_error::error(&format!("{}\nhint: {}", fault.message, fault.remediation));
            }
        }
        SeeError::Rules(error) => standard_error::error(&format!("{}\nhint: {}", error.message, error.remediation)),
    }
}
