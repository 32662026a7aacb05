//! From a deployment of GitHub's to the question to the gate.

use serde_json::{Value, json};

use super::event::{self, Deployment, Waiting};
use super::settings::GithubSettings;
use super::template::Facts;
use crate::domain::reference::{ArtifactReference, ReferenceError};
use crate::domain::request::{Intent, Request, RequestedArtifact};

/// The door, in requests.
pub const CHANNEL: &str = "protection-rule";

/// What the gate is asked about a deployment whose payload, or the one that was looked up, is this.
///
/// # Errors
/// Why no artifact can be found, in words that follow "because". Texts from outside are in it.
pub fn request(
    settings: &GithubSettings,
    waiting: &Waiting,
    deployment: &Deployment,
    written: &Value,
) -> Result<Request, String> {
    let payload = event::payload(written).map_err(|error| format!("the payload cannot be read: {error}"))?;
    let facts = Facts { waiting, deployment, payload: &payload };
    let text = settings.artifact.fill(&facts)?;
    let reference: ArtifactReference =
        text.parse().map_err(|error: ReferenceError| format!("`{text}` cannot be judged: {error}"))?;
    let deployment_name = settings.deployment_name.as_ref().map(|template| template.fill(&facts)).transpose()?;
    Ok(Request {
        artifact: RequestedArtifact::from(reference),
        environment: settings.environment(&waiting.environment).to_owned(),
        deployment_name,
        intent: Intent::Deploy,
        actor: Some(waiting.actor.clone()),
        reason: None,
        channel: CHANNEL,
        context: context(waiting, deployment),
    })
}

/// What GitHub knows of the run, under the names that runs themselves know it by.
fn context(waiting: &Waiting, deployment: &Deployment) -> Value {
    let mut github = json!({
        "actor": waiting.actor,
        "environment": waiting.environment,
        "event_name": waiting.trigger,
        "ref": deployment.reference,
        "repository": waiting.repository,
        "run_id": waiting.run_id.to_string(),
        "sha": deployment.sha,
    });
    if let (Some(number), Some(github)) = (waiting.pull_request, github.as_object_mut()) {
        github.insert("pull_request".to_owned(), json!({"number": number}));
    }
    json!({"github": github})
}
