//! The program itself, as an API server meets it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::cli::{Holdpoint, folder};
use crate::support::server::{LONG, Server};

/// It runs in staging, and so may run in production.
const STAGED: &str = "ghcr.io/acme/shop@sha256:1111111111111111111111111111111111111111111111111111111111111111";
/// Nobody knows it.
const UNKNOWN: &str = "ghcr.io/acme/shop@sha256:2222222222222222222222222222222222222222222222222222222222222222";

const RECORDS: &str = r#"{"environments": [{"name": "production"}], "deployment_records": [{"id": "1", "environment_id": "s", "environment_name": "staging", "deployment_name": "shop",
  "artifact_id": "a", "artifact": {"kind": "CONTAINER_IMAGE", "name": "ghcr.io/acme/shop", "version": "1",
  "digest": "sha256:1111111111111111111111111111111111111111111111111111111111111111"}, "status": "DEPLOYED",
  "created_at": "2026-11-01T00:00:00Z", "updated_at": "2026-11-01T00:00:00Z", "last_seen_at": "2026-11-01T00:00:00Z"}]}"#;

const POLICY: &str = r#"# METADATA
# title: It runs before
package shop.before

import rego.v1

deny contains "it does not run in staging" if {
    not runs
}

runs if {
    some record in data.holdpoint.records.by_digest[input.request.artifact.digest].staging
    record.status == "DEPLOYED"
}
"#;

fn configuration(extra: &str) -> String {
    format!(
        "version: 1
sources: {{saved: {{type: snapshot, path: records.json}}}}
environments:
  - {{name: staging, source: saved}}
  - {{name: production, source: saved, after: [staging]}}
policies: [policies]
rules:
  - {{policy: shop.before, environments: [production]}}
server: {{refresh: 1s}}
admission:
  workloads:
    - {{namespaces: [shop], environment: production}}
  profiles: {{trial: {{environment: production, mode: warn}}}}
{extra}"
    )
}

fn project(extra: &str) -> tempfile::TempDir {
    let configuration = configuration(extra);
    folder(&[("holdpoint.yaml", &configuration), ("records.json", RECORDS), ("policies/before.rego", POLICY)])
}

async fn ready(server: &Server) {
    server.becomes("/readyz", "[+] records ok").await;
}

async fn until<F: Future<Output = bool>>(what: &str, condition: impl Fn() -> F) {
    let started = Instant::now();
    while !condition().await {
        assert!(started.elapsed() < LONG, "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The response to a pod with this image.
async fn admit(server: &Server, path: &str, image: &str) -> Value {
    let (status, text) = server.post(path, "application/json", pod(image).to_string().into()).await;
    assert_eq!(status, 200, "{text}");
    serde_json::from_str::<Value>(&text).unwrap()["response"].take()
}

fn pod(image: &str) -> Value {
    let kind = json!({"group": "", "version": "v1", "kind": "Pod"});
    let resource = json!({"group": "", "version": "v1", "resource": "pods"});
    json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": "a-uid", "kind": kind, "resource": resource, "requestKind": kind, "requestResource": resource,
            "name": "web", "namespace": "shop", "operation": "CREATE", "userInfo": {"username": "ann"}, "dryRun": false,
            "object": {
                "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "shop"},
                "spec": {"containers": [{"name": "web", "image": image}]}
            }
        }
    })
}

#[tokio::test]
async fn reviews_are_answered() {
    let project = project("");
    let server = Server::start(project.path(), &[]).await;
    ready(&server).await;
    let allowed = admit(&server, "/validate?timeout=10s", STAGED).await;
    assert_eq!((&allowed["uid"], &allowed["allowed"]), (&json!("a-uid"), &json!(true)), "{allowed}");
    assert_eq!(allowed["auditAnnotations"]["verdict"], "allow");
    let denied = admit(&server, "/validate?timeout=10s", UNKNOWN).await;
    assert_eq!((&denied["allowed"], &denied["status"]["code"]), (&json!(false), &json!(403)), "{denied}");
    let message = denied["status"]["message"].as_str().unwrap();
    assert!(message.contains("it does not run in staging") && message.contains(UNKNOWN), "{message}");
    let warned = admit(&server, "/validate/trial", UNKNOWN).await;
    assert_eq!(warned["allowed"], true, "{warned}");
    assert!(warned["warnings"][0].as_str().unwrap().contains("staging"), "{warned}");
    let (_, metrics) = server.get("/metrics").await;
    for line in [
        r#"holdpoint_reviews_total{verdict="allow",allowed="true",operation="CREATE",kind="Pod"} 1"#,
        r#"holdpoint_reviews_total{verdict="deny",allowed="false",operation="CREATE",kind="Pod"} 1"#,
        r#"holdpoint_reviews_total{verdict="deny",allowed="true",operation="CREATE",kind="Pod"} 1"#,
        r#"holdpoint_rule_outcomes_total{rule="shop.before",enforcement="enforce",outcome="denied"} 2"#,
        r#"holdpoint_records{environment="production"} 1"#,
        r#"holdpoint_records_current{environment="production"} 1"#,
        "holdpoint_configuration_reload_failed 0",
        "holdpoint_reviews_in_flight 0",
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
}

#[tokio::test]
async fn what_is_no_review_is_told_so() {
    let project = project("");
    let server = Server::start(project.path(), &[]).await;
    let review = || pod(STAGED).to_string().into_bytes();
    for (path, kind, body, status, text) in [
        ("/validate/nobody", "application/json", review(), 404, "there is no profile `nobody`"),
        ("/validat", "application/json", review(), 404, "POST /validate"),
        ("/validate", "text/plain", review(), 415, "application/json"),
        ("/validate", "application/json", b"{".to_vec(), 400, "the review cannot be read"),
        ("/validate", "application/json", Vec::new(), 400, "the review cannot be read"),
    ] {
        let (found, answer) = server.post(path, kind, body).await;
        assert_eq!(found, status, "{path}: {answer}");
        assert!(answer.contains(text), "{path}: {answer}");
    }
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let get = client.get(format!("http://{}/validate", server.reviews())).send().await.unwrap();
    assert_eq!(get.status(), 405);
    // With a uid, the API server gets an answer that it understands.
    let strange = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"uid": "u"}});
    let (status, text) = server.post("/validate", "application/json; charset=utf-8", strange.to_string().into()).await;
    let answer: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((status, &answer["response"]["uid"], &answer["response"]["allowed"]), (200, &json!("u"), &json!(false)));
}

#[tokio::test]
async fn a_changed_configuration_is_used_and_a_broken_one_is_not() {
    let project = project("");
    let server = Server::start(project.path(), &[]).await;
    ready(&server).await;
    let policy = project.path().join("policies/before.rego");
    std::fs::write(&policy, "package shop.before\ndeny contains").unwrap();
    server.signal(Signal::HUP);
    let failed = || async { server.get("/metrics").await.1.contains("holdpoint_configuration_reload_failed 1") };
    until("the broken policy is noticed", failed).await;
    assert_eq!(admit(&server, "/validate", STAGED).await["allowed"], true);
    assert_eq!(admit(&server, "/validate", UNKNOWN).await["allowed"], false);
    // Now nothing is allowed. It is found without a signal.
    std::fs::write(&policy, "package shop.before\nimport rego.v1\ndeny contains \"closed\"\n").unwrap();
    let closed = || async { admit(&server, "/validate", STAGED).await["allowed"] == json!(false) };
    until("the other policy is used", closed).await;
    let (_, metrics) = server.get("/metrics").await;
    assert!(metrics.contains("holdpoint_configuration_reload_failed 0"), "{metrics}");
    assert!(metrics.contains("holdpoint_configuration_reloads_total 1"), "{metrics}");
}

#[tokio::test]
async fn it_ends_when_it_is_told_to() {
    let project = project("");
    let server = Server::start(project.path(), &[]).await;
    ready(&server).await;
    admit(&server, "/validate", STAGED).await;
    server.signal(Signal::TERM);
    assert_eq!(server.ended().await.0, Some(0));
}

#[tokio::test]
async fn without_records_nothing_is_allowed() {
    let project = project("");
    std::fs::remove_file(project.path().join("records.json")).unwrap();
    let server = Server::start(project.path(), &[]).await;
    let refused = admit(&server, "/validate?timeout=1s", STAGED).await;
    assert_eq!((&refused["allowed"], &refused["status"]["code"]), (&json!(false), &json!(503)), "{refused}");
    assert!(refused["status"]["details"]["retryAfterSeconds"].as_u64().unwrap() > 0, "{refused}");
    let (status, why) = server.get("/readyz").await;
    assert_eq!(status, 503);
    assert!(why.contains("[-] records those of `production` were not read yet"), "{why}");
    assert_eq!(server.get("/livez").await.0, 200);
    // A moment later they are there.
    std::fs::write(project.path().join("records.json"), RECORDS).unwrap();
    ready(&server).await;
    assert_eq!(admit(&server, "/validate", STAGED).await["allowed"], true);
}

#[tokio::test]
async fn the_mode_of_the_command_line_is_that_of_everything() {
    let project = project("  mode: audit\n");
    for (arguments, path, allowed) in [
        (&[][..], "/validate", true),
        (&["--mode", "enforce"], "/validate", false),
        (&["--mode", "enforce"], "/validate/trial", false),
    ] {
        let server = Server::start(project.path(), arguments).await;
        ready(&server).await;
        assert_eq!(admit(&server, path, UNKNOWN).await["allowed"], allowed, "{arguments:?} {path}");
    }
}

#[test]
fn it_does_not_start_where_it_must_not() {
    let project = project("");
    let other = folder(&[(
        "holdpoint.yaml",
        "version: 1\nsources: {a: {type: snapshot, path: r.json}}\nenvironments: [{name: dev}]\nwhen_no_rule_applies: allow\n",
    )]);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken: SocketAddr = taken.local_addr().map(|address| (drop(taken), address).1).unwrap();
    let busy = std::net::TcpListener::bind(taken).unwrap();
    let address = busy.local_addr().unwrap().to_string();
    for (directory, arguments, text) in [
        (project.path(), vec!["--listen", "0.0.0.0:0"], "there is no certificate for 0.0.0.0:0"),
        (other.path(), vec!["--listen", "127.0.0.1:0"], "has no `admission`"),
        (project.path(), vec!["--listen", &address], "cannot be listened on"),
        (project.path(), vec!["--self-signed", "a b\n"], "certificate"),
    ] {
        let run = Holdpoint::new(&["serve"]).args(&arguments).args(&["--operations-listen", "127.0.0.1:0"]);
        let run = run.directory(directory).run_within(LONG);
        assert_eq!(run.code, 2, "{arguments:?}: {}", run.stderr);
        assert!(run.stderr.contains(text), "{arguments:?}: {}", run.stderr);
    }
}
