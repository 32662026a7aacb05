//! The program with a GitHub App, and events as GitHub sends them.

use std::ops::Deref;
use std::path::Path;
use std::time::{Duration, Instant};

use aws_lc_rs::hmac;
use holdpoint::domain::digest::Digest;
use serde_json::{Value, json};

use super::fake::{CLIENT_ID, Fake, INSTALLATION, REPOSITORY, key};
use crate::support::cli::folder;
use crate::support::server::{LONG, Server};

pub(super) const SECRET: &str = "the secret of the webhook";
pub(super) const NEXT_SECRET: &str = "the next secret of the webhook";

/// Runs in staging.
pub(super) const STAGED: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";
/// Does not run anywhere.
pub(super) const UNKNOWN: &str = "sha256:2222222222222222222222222222222222222222222222222222222222222222";
/// May not run anywhere.
pub(super) const BAD: &str = "sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd";

const POLICY: &str = r#"# METADATA
# title: It runs before
package shop.before

import rego.v1

digest := input.request.artifact.digest

deny contains "this one may not run" if startswith(digest, "sha256:dddd")

deny contains "who asks is not known" if input.request.context.github.repository != "acme/shop"

hold contains "it does not run in staging" if {
    not startswith(digest, "sha256:dddd")
    not runs
}

hold contains {"message": "the window is closed", "opens_at": input.parameters.opens_at} if {
    input.as_of_ns < time.parse_rfc3339_ns(input.parameters.opens_at)
}

runs if {
    some record in data.holdpoint.records.by_digest[digest].staging
    record.status == "DEPLOYED"
}
"#;

/// The records of digests that run in staging.
pub(super) fn records(digests: &[&str]) -> String {
    let record = |(number, digest): (usize, &&str)| {
        json!({
            "id": number.to_string(), "environment_id": "s", "environment_name": "staging", "deployment_name": "shop",
            "artifact_id": "a", "artifact": {
                "kind": "CONTAINER_IMAGE", "name": "ghcr.io/acme/shop", "version": "1", "digest": digest
            },
            "status": "DEPLOYED", "created_at": "2026-11-01T00:00:00Z", "updated_at": "2026-11-01T00:00:00Z",
            "last_seen_at": "2026-11-01T00:00:00Z"
        })
    };
    let records: Vec<Value> = digests.iter().enumerate().map(record).collect();
    json!({"environments": [{"name": "staging"}, {"name": "production"}], "deployment_records": records}).to_string()
}

/// A project whose App answers this GitHub. `github` has more keys of `github_app`, `rest` more of everything.
pub(super) fn project(fake: &Fake, github: &str, opens_at: &str, rest: &str) -> tempfile::TempDir {
    let configuration = format!(
        "version: 1
sources: {{saved: {{type: snapshot, path: records.json}}}}
environments:
  - {{name: staging, source: saved}}
  - {{name: production, source: saved, after: [staging]}}
policies: [policies]
rules:
  - {{policy: shop.before, environments: [production], parameters: {{opens_at: '{opens_at}'}}}}
{rest}
github_app:
  api: {}
  client_id: {CLIENT_ID}
  private_key: {{file: key.pem}}
  webhook_secrets: [{{env: WEBHOOK_SECRET}}, {{file: next-secret}}]
  listen: 127.0.0.1:0
  store: waiting.db
  poll: 1s
  environments: {{prod: production}}
{github}",
        fake.url
    );
    let artifact =
        if github.contains("  artifact") { "" } else { "  artifact: 'ghcr.io/{repository}@{payload/digest}'\n" };
    let configuration = format!("{configuration}\n{artifact}");
    folder(&[
        ("holdpoint.yaml", &configuration),
        ("records.json", &records(&[STAGED])),
        ("policies/before.rego", POLICY),
        ("key.pem", &key().pem),
        ("next-secret", NEXT_SECRET),
    ])
}

/// The window is open.
pub(super) const OPEN: &str = "2026-01-01T00:00:00Z";

/// A server with a GitHub App.
pub(super) struct App {
    server: Server,
    pub(super) client: reqwest::Client,
}

impl Deref for App {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

impl App {
    pub(super) async fn start(directory: &Path, arguments: &[&str]) -> Self {
        let arguments = [&["--log-level", "debug"], arguments].concat();
        let server = Server::spawn(directory, &arguments, &[("WEBHOOK_SECRET", SECRET)]).await;
        Self { server, client: reqwest::Client::builder().no_proxy().build().unwrap() }
    }

    /// Where it takes events.
    pub(super) fn webhook(&self) -> &str {
        self.url("taking events of GitHub")
    }

    /// Sends an event as GitHub does, and returns the status and the text of the answer.
    pub(super) async fn deliver(&self, delivery: &str, event: &Value) -> (u16, String) {
        let body = event.to_string();
        let signature = signature(SECRET, &body);
        self.send(&[("x-github-delivery", delivery), ("x-hub-signature-256", &signature)], body).await
    }

    /// Sends a body with these headers beside, or in place of, the usual ones; an empty one is left out.
    pub(super) async fn send(&self, headers: &[(&str, &str)], body: String) -> (u16, String) {
        let usual = [("content-type", "application/json"), ("x-github-event", "deployment_protection_rule")];
        let mut request = self.client.post(self.webhook()).body(body);
        let given = |name: &str| headers.iter().any(|(other, _)| *other == name);
        let usual = usual.into_iter().filter(|(name, _)| !given(name));
        for (name, value) in usual.chain(headers.iter().copied()).filter(|(_, value)| !value.is_empty()) {
            request = request.header(name, value);
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// Waits until the metrics have these lines.
    pub(super) async fn counts(&self, lines: &[&str]) {
        for line in lines {
            self.becomes("/metrics", line).await;
        }
    }

    pub(super) async fn until(&self, what: &str, condition: impl Fn() -> bool) {
        let deadline = Instant::now() + LONG;
        while !condition() {
            assert!(Instant::now() < deadline, "{what}: {}", self.log());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The exit code, none when a signal ended it, and what was logged.
    pub(super) async fn ended(self) -> (Option<i32>, String) {
        self.server.ended().await
    }
}

pub(super) fn signature(secret: &str, body: &str) -> String {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), body.as_bytes());
    Digest::from_bytes(tag.as_ref().try_into().unwrap()).to_string().replace(':', "=")
}

/// A run of `acme/shop` that wants to deploy to `prod`, with this payload.
pub(super) fn event(fake: &Fake, run: u64, payload: &Value) -> Value {
    json!({
        "action": "requested",
        "environment": "prod",
        "event": "push",
        "deployment_callback_url":
            format!("{}/repos/acme/shop/actions/runs/{run}/deployment_protection_rule", fake.url),
        "deployment": {
            "id": run * 10, "sha": "0123456789abcdef0123456789abcdef01234567", "ref": "main", "task": "deploy",
            "environment": "prod", "payload": payload
        },
        "pull_requests": [],
        "repository": {"id": REPOSITORY, "full_name": "acme/shop"},
        "installation": {"id": INSTALLATION},
        "sender": {"login": "ann"}
    })
}

/// The payload that names a digest.
pub(super) fn of(digest: &str) -> Value {
    json!({"digest": digest})
}
