//! From the command line to requests.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};
use serde_json::{Map, Value};

use crate::app::{Changes, Extent, NamedPlugin};
use crate::cli::{ConfigArgs, PolicyArgs, RequestArgs};
use crate::config::PolicySource;
use crate::domain::plugin::is_plugin_name;
use crate::domain::reference::{ArtifactReference, ReferenceError};
use crate::domain::request::{Request, RequestedArtifact};

use super::{context, github, progress};

type Object = Map<String, Value>;

/// One request.
///
/// # Errors
/// A reference without a digest, or none at all; a context that is no JSON object.
pub fn request(text: &str, args: &RequestArgs) -> anyhow::Result<Request> {
    let artifact = artifact(text)?;
    let (context, run) = context_of(args)?;
    let actor = args.actor.clone().or_else(|| run.as_ref()?.get("actor")?.as_str().map(str::to_owned));
    Ok(Request {
        artifact,
        environment: args.environment.clone(),
        deployment_name: args.deployment.clone(),
        intent: args.intent.into(),
        actor,
        reason: args.reason.clone(),
        channel: if run.is_some() { "action" } else { "check" },
        context: Value::Object(context),
    })
}

fn artifact(text: &str) -> anyhow::Result<RequestedArtifact> {
    match text.parse::<ArtifactReference>() {
        Ok(reference) => Ok(RequestedArtifact::from(reference)),
        Err(error) => bail!("{error}\nhint: {}", ReferenceError::hint(&error)),
    }
}

/// What the caller says, and beside it as `github`, when that is asked for, what the run of GitHub Actions says.
fn context_of(args: &RequestArgs) -> anyhow::Result<(Object, Option<Object>)> {
    let mut context = args.context.as_deref().map(context::read).transpose()?.unwrap_or_default();
    let run = args.github_context.then(github::run).transpose()?;
    if let Some(run) = &run
        && context.insert("github".to_owned(), Value::Object(run.clone())).is_some()
    {
        bail!(
            "`--context` has a key `github`, which `--github-context` writes\nhint: give yours another name, or leave \
             `--github-context` out"
        );
    }
    Ok((context, run))
}

/// One request for each artifact; the rest, which may be in files, is read once.
///
/// # Errors
/// Those of [`request`].
pub fn requests(artifacts: &[String], args: &RequestArgs) -> anyhow::Result<Vec<Request>> {
    let Some((first, others)) = artifacts.split_first() else { return Ok(Vec::new()) };
    let first = request(first, args)?;
    let other = |text: &String| Ok(Request { artifact: artifact(text)?, ..first.clone() });
    let others = others.iter().map(other).collect::<anyhow::Result<Vec<Request>>>()?;
    Ok(std::iter::once(first.clone()).chain(others).collect())
}

/// What the command line changes of the configuration; paths are relative to the working directory.
///
/// # Errors
/// A place of policies that is none.
pub fn changes(config: &ConfigArgs, policies: &PolicyArgs) -> anyhow::Result<Changes> {
    let places = policies.policy.iter().map(|place| policies_at(place)).collect::<anyhow::Result<_>>()?;
    let plugins = policies.plugin.iter().map(|text| plugin(text)).collect::<anyhow::Result<_>>()?;
    Ok(Changes {
        records: config.records.clone(),
        policies: places,
        plugins,
        extent: Extent::OfRules,
        offline: policies.offline,
        announce: progress::compiling(),
        ..Changes::default()
    })
}

/// The place of policies that an argument names; a path is relative to the working directory.
///
/// # Errors
/// When it is none.
pub fn policies_at(place: &str) -> anyhow::Result<PolicySource> {
    let source = PolicySource::from_text(place, Path::new(""));
    source.map_err(|error| anyhow!("{}\nhint: {}", error.message, error.hint))
}

/// `NAME=FILE`, or a file that has the plugin's name.
fn plugin(text: &str) -> anyhow::Result<NamedPlugin> {
    let stem = || Path::new(text).file_stem().and_then(OsStr::to_str).map(|name| name.replace('_', "-"));
    let (name, path) = match text.split_once('=') {
        Some((name, path)) => (name.to_owned(), path),
        None => (stem().unwrap_or_default(), text),
    };
    if name.is_empty() || path.is_empty() {
        return Err(anyhow!(
            "`--plugin {text}` names no component\nhint: write `--plugin FILE` or `--plugin NAME=FILE`"
        ));
    }
    if !is_plugin_name(&name) {
        return Err(anyhow!(
            "`--plugin {text}`: `{name}` is no name of a plugin\nhint: write `--plugin NAME=FILE` with a NAME in \
             lower-case kebab-case, such as `change-ticket`"
        ));
    }
    Ok(NamedPlugin { name, path: PathBuf::from(path) })
}
