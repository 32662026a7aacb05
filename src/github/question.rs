//! From a deployment of GitHub's to the question to the gate.

use serde_json::{Map, Value, json};

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

/// What GitHub knows of the run, under the names that `--github-context` has. What GitHub does not say is left out.
fn context(waiting: &Waiting, deployment: &Deployment) -> Value {
    let run_id = waiting.run_id.to_string();
    let texts = [
        ("actor", &waiting.actor),
        ("environment", &waiting.environment),
        ("event", &waiting.trigger),
        ("ref", &deployment.reference),
        ("repository", &waiting.repository),
        ("run_id", &run_id),
        ("sha", &deployment.sha),
    ];
    let said = texts.into_iter().filter(|(_, text)| !text.is_empty());
    let mut github: Map<String, Value> = said.map(|(key, text)| (key.to_owned(), text.as_str().into())).collect();
    if let Some(number) = waiting.pull_request {
        github.insert("pull_request".to_owned(), number.into());
    }
    json!({"github": github})
}

#[cfg(test)]
mod tests {
    use super::request;
    use crate::github::event::{Deployment, Waiting};
    use crate::github::settings::GithubSettings;
    use serde_json::{Value, json};
    use std::time::Duration;

    const DIGEST: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";

    fn settings(artifact: &str) -> GithubSettings {
        GithubSettings {
            api: "https://api.github.com".parse().unwrap(),
            artifact: artifact.parse().unwrap(),
            lookup: None,
            deployment_name: "{name}".parse().ok(),
            environments: [("prod".to_owned(), "production".to_owned())].into(),
            repositories: Vec::new(),
            installations: Vec::new(),
            reject_without_artifact: None,
            poll: Duration::from_secs(30),
        }
    }

    fn waiting() -> Waiting {
        Waiting {
            repository_id: 1,
            repository: "Acme/Shop".to_owned(),
            run_id: 42,
            environment: "prod".to_owned(),
            installation_id: 3,
            trigger: String::new(),
            actor: "ann".to_owned(),
            pull_request: Some(9),
            deployments: vec![Deployment {
                id: 7,
                sha: "a".repeat(40),
                reference: "main".to_owned(),
                task: "deploy".to_owned(),
                payload: Value::Null,
            }],
        }
    }

    fn ask(artifact: &str, payload: &Value) -> Result<Value, String> {
        let waiting = waiting();
        let request = request(&settings(artifact), &waiting, &waiting.deployments[0], payload)?;
        Ok(serde_json::to_value(request).unwrap())
    }

    #[test]
    fn a_deployment_becomes_a_request() {
        let payload = json!(json!({"digest": DIGEST}).to_string());
        let expected = json!({
            "artifact": {
                "kind": "CONTAINER_IMAGE", "name": "ghcr.io/acme/shop", "digest": DIGEST, "version": "",
                "reference": format!("ghcr.io/acme/shop@{DIGEST}"),
            },
            "environment": "production", "deployment_name": "shop", "intent": "deploy", "actor": "ann",
            "reason": null, "channel": "protection-rule",
            "context": {"github": {
                "actor": "ann", "environment": "prod", "ref": "main", "repository": "Acme/Shop", "run_id": "42",
                "sha": "a".repeat(40), "pull_request": 9,
            }},
        });
        assert_eq!(ask("ghcr.io/{repository}@{payload/digest}", &payload), Ok(expected));
    }

    #[test]
    fn without_a_digest_there_is_no_request() {
        let cases = [
            ("{payload}", json!("ghcr.io/acme/shop:1.2"), "`ghcr.io/acme/shop:1.2` cannot be judged: "),
            ("{payload/digest}", json!({"digest": "sha256:1"}), "`sha256:1` cannot be judged: "),
            ("{payload}", json!(format!("{DIGEST} ")), "cannot be judged: "),
            ("a@{payload}", json!(format!("b@{DIGEST}")), "cannot be judged: "),
            ("{sha}", Value::Null, "cannot be judged: "),
            ("{payload/digest}", json!("{\"digest\": 1, \"digest\": 2}"), "the payload cannot be read: "),
            ("{payload/digest}", Value::Null, "there is no `/digest` of the payload"),
        ];
        for (artifact, payload, expected) in cases {
            let why = ask(artifact, &payload).unwrap_err();
            assert!(why.contains(expected), "{artifact} {payload}: {why}");
        }
    }
}
