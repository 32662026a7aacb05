//! Any body is an event of GitHub or is refused; what is taken is answered at GitHub alone, and asks about one digest.
#![no_main]

use std::collections::BTreeMap;
use std::time::Duration;

use holdpoint::github::callback::below;
use holdpoint::github::event::{self, Waiting};
use holdpoint::github::question::request;
use holdpoint::github::settings::GithubSettings;
use libfuzzer_sys::fuzz_target;
use url::Url;

fn settings(artifact: &str) -> Option<GithubSettings> {
    Some(GithubSettings {
        api: Url::parse("https://api.github.com").ok()?,
        artifact: artifact.parse().ok()?,
        lookup: None,
        deployment_name: "{name}-{environment}".parse().ok(),
        environments: BTreeMap::new(),
        repositories: Vec::new(),
        installations: Vec::new(),
        reject_without_artifact: None,
        poll: Duration::from_secs(30),
    })
}

fn check(settings: &GithubSettings, waiting: &Waiting) {
    let url = below(&settings.api, &waiting.repository, &["actions"]).expect("it is a repository");
    assert_eq!(url.origin(), settings.api.origin());
    assert_eq!(url.path(), format!("/repos/{}/actions", waiting.repository));
    for deployment in &waiting.deployments {
        if let Ok(request) = request(settings, waiting, deployment, &deployment.payload) {
            assert!(request.artifact.reference.ends_with(&request.artifact.digest.to_string()));
        }
    }
    let text = serde_json::to_string(waiting).expect("it can be kept");
    let kept: Waiting = serde_json::from_str(&text).expect("what is kept can be read");
    assert_eq!(kept.key(), waiting.key());
}

// A template, a line break, and a body.
fuzz_target!(|data: &[u8]| {
    let (template, body) = data.split_at(data.iter().position(|byte| *byte == b'\n').unwrap_or(0));
    let template = std::str::from_utf8(template).unwrap_or_default();
    let Some(settings) = settings(template).or_else(|| settings("{payload/digest}")) else { return };
    if let Ok(Some(waiting)) = event::read(body, &settings.api) {
        check(&settings, &waiting);
    }
});
