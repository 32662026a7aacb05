//! `deployment_protection_rule`: a run that waits for an environment, as GitHub tells it.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;
use url::Url;

use super::callback::{self, CallbackError};
use super::template::Facts;
use crate::domain::unique::Unique;

/// The largest payload of a deployment that is kept, in bytes.
const LARGEST_PAYLOAD: usize = 64 << 10;
/// The longest name, reference and the like. GitHub's own limits are lower.
const LONGEST_TEXT: usize = 1_024;

/// What GitHub waits for: an answer for an environment of a run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The repository's number; its name may change.
    pub repository_id: u64,
    /// The run.
    pub run_id: u64,
    /// The environment, as GitHub calls it.
    pub environment: String,
}

/// A run that waits for an environment. What is in it is claimed by whoever may start runs in that repository.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Waiting {
    /// The repository's number.
    pub repository_id: u64,
    /// The repository, `owner/name`.
    pub repository: String,
    /// The run.
    pub run_id: u64,
    /// The environment, as GitHub calls it.
    pub environment: String,
    /// The installation of the App in the account of the repository.
    pub installation_id: u64,
    /// The event that started the run, such as `push`; empty when GitHub does not say.
    pub trigger: String,
    /// Who started it.
    pub actor: String,
    /// The first of its pull requests.
    pub pull_request: Option<u64>,
    /// The jobs of the run that wait for this environment, by their deployments: at least one. One answer is for all.
    pub deployments: Vec<Deployment>,
}

/// One deployment of GitHub's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Deployment {
    /// Its number.
    pub id: u64,
    /// The commit.
    pub sha: String,
    /// The branch or tag.
    #[serde(rename = "ref")]
    pub reference: String,
    /// What it is for, such as `deploy`.
    pub task: String,
    /// What whoever made it wrote into it: any JSON.
    pub payload: Value,
}

/// Why an event cannot be answered.
#[derive(Debug, Error)]
pub enum EventError {
    /// It is not JSON, or lacks something.
    #[error("the event cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// Something in it is not what it should be.
    #[error("the event cannot be used: {0}")]
    Strange(&'static str),
    /// Where it wants its answer.
    #[error("the event cannot be answered: {0}")]
    Callback(#[from] CallbackError),
}

#[derive(Deserialize)]
struct RawEvent {
    environment: String,
    #[serde(default)]
    event: Option<String>,
    deployment_callback_url: String,
    deployment: RawDeployment,
    #[serde(default)]
    pull_requests: Option<Vec<RawPullRequest>>,
    repository: RawRepository,
    installation: RawNumber,
    sender: RawSender,
}

#[derive(Deserialize)]
struct RawDeployment {
    id: u64,
    sha: String,
    #[serde(default, rename = "ref")]
    reference: Option<String>,
    #[serde(default)]
    task: Option<String>,
    #[serde(default)]
    payload: Option<Unique>,
}

#[derive(Deserialize)]
struct RawPullRequest {
    number: u64,
}

#[derive(Deserialize)]
struct RawRepository {
    id: u64,
    full_name: String,
}

#[derive(Deserialize)]
struct RawNumber {
    id: u64,
}

#[derive(Deserialize)]
struct RawSender {
    login: String,
}

#[derive(Deserialize)]
struct Action {
    action: String,
}

/// Reads an event whose signature was verified. `None` when it asks for nothing.
///
/// # Errors
/// What is no such event, or wants its answer elsewhere than at this API.
pub fn read(body: &[u8], api: &Url) -> Result<Option<Waiting>, EventError> {
    if serde_json::from_slice::<Action>(body)?.action != "requested" {
        return Ok(None);
    }
    let event: RawEvent = serde_json::from_slice(body)?;
    let run_id = callback::run_of(&event.deployment_callback_url, api, &event.repository.full_name)?;
    let waiting = Waiting {
        repository_id: event.repository.id,
        repository: event.repository.full_name,
        run_id,
        environment: event.environment,
        installation_id: event.installation.id,
        trigger: event.event.unwrap_or_default(),
        actor: event.sender.login,
        pull_request: event.pull_requests.unwrap_or_default().first().map(|request| request.number),
        deployments: vec![event.deployment.into()],
    };
    waiting.check().map_err(EventError::Strange)?;
    Ok(Some(waiting))
}

impl From<RawDeployment> for Deployment {
    fn from(raw: RawDeployment) -> Self {
        Self {
            id: raw.id,
            sha: raw.sha,
            reference: raw.reference.unwrap_or_default(),
            task: raw.task.unwrap_or_default(),
            payload: raw.payload.map(|payload| payload.0).unwrap_or_default(),
        }
    }
}

impl Waiting {
    /// What templates are filled from for one of its deployments, with the first element of a list.
    #[must_use]
    pub fn facts<'a>(&'a self, deployment: &'a Deployment, payload: &'a Value) -> Facts<'a> {
        Facts { repository: &self.repository, environment: &self.environment, deployment, payload, element: 0 }
    }

    /// What GitHub waits for.
    #[must_use]
    pub fn key(&self) -> Key {
        let Self { repository_id, run_id, .. } = *self;
        Key { repository_id, run_id, environment: self.environment.clone() }
    }

    fn check(&self) -> Result<(), &'static str> {
        let is_short = |text: &String| text.len() <= LONGEST_TEXT;
        let numbers = [self.repository_id, self.run_id, self.installation_id];
        if !numbers.into_iter().chain(self.deployments.iter().map(|one| one.id)).all(|id| i64::try_from(id).is_ok()) {
            return Err("a number in it is too large");
        }
        if self.environment.is_empty() || ![&self.environment, &self.trigger, &self.actor].into_iter().all(is_short) {
            return Err("a name in it is empty or too long");
        }
        self.deployments.iter().try_for_each(Deployment::check)
    }
}

impl Deployment {
    fn check(&self) -> Result<(), &'static str> {
        let is_hex = self.sha.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        if !matches!(self.sha.len(), 40 | 64) || !is_hex {
            return Err("`deployment.sha` is no commit");
        }
        if self.reference.len() > LONGEST_TEXT || self.task.len() > LONGEST_TEXT {
            return Err("`deployment.ref` or `deployment.task` is too long");
        }
        if self.payload.to_string().len() > LARGEST_PAYLOAD {
            return Err("`deployment.payload` is larger than 64 KiB");
        }
        Ok(())
    }
}

/// What a payload says. GitHub hands it on as it was sent: an object, a text, or an object written as a text, even twice.
///
/// # Errors
/// A text that looks like an object or a list and is none, or that has a key twice.
pub fn payload(written: &Value) -> Result<Value, serde_json::Error> {
    let mut value = written.clone();
    for _ in 0..2 {
        let Value::String(text) = &value else { break };
        if !text.trim_start().starts_with(['{', '[', '"']) {
            break;
        }
        value = serde_json::from_str::<Unique>(text)?.0;
    }
    Ok(value)
}

#[cfg(test)]
mod tests;
