//! From a deployment of GitHub's to the question to the gate.

use serde_json::{Map, Value, json};

use super::event::{self, Deployment, Waiting};
use super::settings::GithubSettings;
use super::template::{Facts, Template};
use crate::domain::reference::{ArtifactReference, ReferenceError};
use crate::domain::request::{Intent, Request, RequestedArtifact};

/// The door, in requests.
pub const CHANNEL: &str = "protection-rule";

/// Artifacts of one run that are judged. GitHub has no larger matrix.
pub const MOST_ARTIFACTS: usize = 256;

/// One of what would be deployed, as the configuration makes it of a deployment. Texts from outside are in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// What has to be a reference with a digest, or with a lookup by tag the name of an image.
    pub artifact: String,
    /// The deployment's name, as records have it.
    pub deployment_name: Option<String>,
}

/// What would be deployed by a deployment whose payload, or the one that was looked up, is this.
///
/// # Errors
/// Why that is not said, in words that follow "because". Texts from outside are in it.
pub fn named(
    settings: &GithubSettings,
    waiting: &Waiting,
    deployment: &Deployment,
    written: &Value,
) -> Result<Vec<Named>, String> {
    let payload = event::payload(written).map_err(|error| format!("the payload cannot be read: {error}"))?;
    named_by(&settings.artifacts, settings.deployment_name.as_ref(), &waiting.facts(deployment, &payload))
}

/// What these templates make of a deployment.
///
/// # Errors
/// Why one of them cannot be filled, in words that follow "because". Texts from outside are in it.
pub fn named_by(
    artifacts: &[Template],
    deployment_name: Option<&Template>,
    facts: &Facts<'_>,
) -> Result<Vec<Named>, String> {
    let mut all = Vec::new();
    for artifact in artifacts {
        let count = artifact.count(facts.payload)?;
        if all.len().saturating_add(count) > MOST_ARTIFACTS {
            return Err(too_many());
        }
        for element in 0..count {
            let facts = Facts { element, ..*facts };
            let deployment_name = deployment_name.map(|template| template.fill(&facts)).transpose()?;
            all.push(Named { artifact: artifact.fill(&facts)?, deployment_name });
        }
    }
    Ok(all)
}

/// Why no more are judged.
#[must_use]
pub fn too_many() -> String {
    format!("there are more than {MOST_ARTIFACTS} artifacts")
}

/// What the gate is asked about one of them.
///
/// # Errors
/// What is no reference with a digest, in words that follow "because". Texts from outside are in it.
pub fn request(
    settings: &GithubSettings,
    waiting: &Waiting,
    deployment: &Deployment,
    named: Named,
) -> Result<Request, String> {
    let text = named.artifact;
    let reference: ArtifactReference =
        text.parse().map_err(|error: ReferenceError| format!("`{text}` cannot be judged: {error}"))?;
    Ok(Request {
        artifact: RequestedArtifact::from(reference),
        environment: settings.environment(&waiting.environment).to_owned(),
        deployment_name: named.deployment_name,
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
    use super::{MOST_ARTIFACTS, named, request};
    use crate::github::event::{Deployment, Waiting};
    use crate::github::settings::GithubSettings;
    use serde_json::{Value, json};
    use std::time::Duration;

    const DIGEST: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";

    fn settings(artifact: &str) -> GithubSettings {
        GithubSettings {
            api: "https://api.github.com".parse().unwrap(),
            artifacts: artifact.split(' ').map(|text| text.parse().unwrap()).collect(),
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

    /// The request that is made of the only artifact.
    fn ask(artifact: &str, payload: &Value) -> Result<Value, String> {
        let (settings, waiting) = (settings(artifact), waiting());
        let mut named = named(&settings, &waiting, &waiting.deployments[0], payload)?;
        let request = request(&settings, &waiting, &waiting.deployments[0], named.remove(0))?;
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

    #[test]
    fn a_deployment_may_be_of_several_artifacts() {
        let payload = json!({"images": [{"name": "api", "digest": "1"}, {"name": "web", "digest": "2"}], "chart": "3"});
        let artifacts = "{repository}/{payload/images/*/name}@{payload/images/*/digest} chart@{payload/chart}";
        let mut settings = settings(artifacts);
        let waiting = waiting();
        let name = |settings: &GithubSettings, payload: &Value| {
            let named = named(settings, &waiting, &waiting.deployments[0], payload)?;
            Ok(named.into_iter().map(|one| (one.artifact, one.deployment_name.unwrap())).collect::<Vec<_>>())
        };
        let pairs = |pairs: &[(&str, &str)]| {
            Ok::<_, String>(pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect::<Vec<_>>())
        };
        let expected = [("acme/shop/api@1", "shop"), ("acme/shop/web@2", "shop"), ("chart@3", "shop")];
        assert_eq!(name(&settings, &payload), pairs(&expected));
        // A name for each, from the same list.
        settings.artifacts.truncate(1);
        settings.deployment_name = "{payload/images/*/name}".parse().ok();
        assert_eq!(name(&settings, &payload), pairs(&[("acme/shop/api@1", "api"), ("acme/shop/web@2", "web")]));
        let many = |count| json!({"images": vec![json!({"name": "a", "digest": "1"}); count]});
        assert_eq!(name(&settings, &many(MOST_ARTIFACTS)).map(|all| all.len()), Ok(MOST_ARTIFACTS));
        assert_eq!(name(&settings, &many(MOST_ARTIFACTS + 1)), Err("there are more than 256 artifacts".to_owned()));
    }
}
