//! The program with a GitHub App, and events as GitHub sends them.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aws_lc_rs::hmac;
use holdpoint::domain::digest::Digest;
use serde_json::{Value, json};

use super::fake::{CLIENT_ID, Fake, INSTALLATION, REPOSITORY, key};
use crate::support::cli::folder;

/// Nothing here takes so long, on however slow a machine.
pub(super) const LONG: Duration = Duration::from_mins(2);
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
        if github.contains("  artifact:") { "" } else { "  artifact: 'ghcr.io/{repository}@{payload/digest}'\n" };
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

/// A server that is killed when it is dropped.
pub(super) struct Server {
    child: Child,
    pub(super) webhook: String,
    operations: String,
    pub(super) log: Arc<Mutex<String>>,
    pub(super) client: reqwest::Client,
}

impl Server {
    /// Starts one and waits until it says where it listens.
    pub(super) fn start(directory: &Path, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_holdpoint"))
            .args(["serve", "--operations-listen", "127.0.0.1:0", "--log-level", "debug"])
            .args(arguments)
            .current_dir(directory)
            .env("HOME", directory)
            .env("WEBHOOK_SECRET", SECRET)
            .env_remove("RUST_BACKTRACE")
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let log = Arc::new(Mutex::new(String::new()));
        let announced = lines.by_ref().map(Result::unwrap).find(|line| line.contains("taking events of GitHub on "));
        let announced = announced.expect("the server says where it listens");
        let kept = Arc::clone(&log);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                kept.lock().unwrap().extend([line.as_str(), "\n"]);
            }
        });
        let address = |before: &str| {
            let rest = announced.split(before).nth(1).unwrap();
            rest.split([';', ' ']).next().unwrap().to_owned()
        };
        let (webhook, operations) = (address("GitHub on "), address("metrics on "));
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { child, webhook, operations, log, client }
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
        let mut request = self.client.post(&self.webhook).body(body);
        let given = |name: &str| headers.iter().any(|(other, _)| *other == name);
        let usual = usual.into_iter().filter(|(name, _)| !given(name));
        for (name, value) in usual.chain(headers.iter().copied()).filter(|(_, value)| !value.is_empty()) {
            request = request.header(name, value);
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    pub(super) async fn metrics(&self) -> String {
        let answer = self.client.get(format!("{}/metrics", self.operations)).send().await.unwrap();
        answer.text().await.unwrap()
    }

    /// Waits until the metrics have these lines.
    pub(super) async fn counts(&self, lines: &[&str]) {
        let started = Instant::now();
        loop {
            let metrics = self.metrics().await;
            let Some(missing) = lines.iter().find(|line| !metrics.contains(**line)) else { return };
            assert!(started.elapsed() < LONG, "{missing}: {metrics}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub(super) async fn until(&self, what: &str, condition: impl Fn() -> bool) {
        let started = Instant::now();
        while !condition() {
            assert!(started.elapsed() < LONG, "{what}: {}", self.log.lock().unwrap());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(super) fn signal(&self, signal: &str) {
        let killed = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(killed.success());
    }

    pub(super) async fn ended(&mut self) -> ExitStatus {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(started.elapsed() < LONG, "the server ends");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
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
