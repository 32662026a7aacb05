//! What a run of GitHub Actions says of itself, for policies: claimed by its environment, not proven.

use std::env;
use std::path::Path;

use anyhow::{Context as _, bail};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::context::read_bounded;

/// Bytes of an event: GitHub sends none that is larger.
const LARGEST_EVENT: u64 = 25 << 20;

/// The members of the context, and the variables they come from.
const VARIABLES: [(&str, &str); 14] = [
    ("actor", "GITHUB_ACTOR"),
    ("base_ref", "GITHUB_BASE_REF"),
    ("event", "GITHUB_EVENT_NAME"),
    ("head_ref", "GITHUB_HEAD_REF"),
    ("job", "GITHUB_JOB"),
    ("ref", "GITHUB_REF"),
    ("ref_type", "GITHUB_REF_TYPE"),
    ("repository", "GITHUB_REPOSITORY"),
    ("run_attempt", "GITHUB_RUN_ATTEMPT"),
    ("run_id", "GITHUB_RUN_ID"),
    ("sha", "GITHUB_SHA"),
    ("triggering_actor", "GITHUB_TRIGGERING_ACTOR"),
    ("workflow", "GITHUB_WORKFLOW"),
    ("workflow_ref", "GITHUB_WORKFLOW_REF"),
];

/// The part of an event that is read.
#[derive(Deserialize)]
struct Event {
    pull_request: Option<PullRequest>,
}

#[derive(Deserialize)]
struct PullRequest {
    number: u64,
}

/// The run that this is a step of: texts by name, and `pull_request` as a number. What the runner does not say, or says
/// with nothing, is left out.
///
/// # Errors
/// When there is no run, a variable is no text, or the run's event cannot be read.
pub fn run() -> anyhow::Result<Map<String, Value>> {
    let mut run = Map::new();
    for (name, variable) in VARIABLES {
        if let Some(value) = value(variable)? {
            run.insert(name.to_owned(), value.into());
        }
    }
    if run.is_empty() {
        bail!(
            "`--github-context` needs a run of GitHub Actions, and no variable such as `GITHUB_REPOSITORY` is set\n\
             hint: leave the option out elsewhere"
        );
    }
    if let Some(path) = value("GITHUB_EVENT_PATH")?
        && let Some(number) = pull_request(Path::new(&path))?
    {
        run.insert("pull_request".to_owned(), number.into());
    }
    Ok(run)
}

fn value(variable: &str) -> anyhow::Result<Option<String>> {
    let Some(value) = env::var_os(variable).filter(|value| !value.is_empty()) else { return Ok(None) };
    match value.into_string() {
        Ok(value) => Ok(Some(value)),
        Err(_value) => bail!("environment variable `{variable}` is not text\nhint: it must be UTF-8"),
    }
}

fn pull_request(path: &Path) -> anyhow::Result<Option<u64>> {
    let why = || format!("the event of this run, `{}` of `GITHUB_EVENT_PATH`, cannot be read", path.display());
    let text = read_bounded(path, LARGEST_EVENT).with_context(why)?;
    let event: Event = serde_json::from_str(&text).with_context(why)?;
    Ok(event.pull_request.map(|request| request.number))
}
