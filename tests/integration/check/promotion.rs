//! The promotion map beside a decision: what runs where, and what is not known.

use std::fs;

use serde_json::{Value, json};

use super::{AS_OF, Example, check, project};
use crate::support::cli::{Holdpoint, Run};

const CONFIGURATION: &str = "version: 1
sources: {records: {type: snapshot, path: records.json}}
environments:
  - {name: dev, source: records}
  - {name: qa, source: records, after: [dev]}
  - {name: staging, source: records, after: [dev], targets: [staging-eu, staging-us]}
  - {name: production, source: records, after: [qa, staging]}
  - {name: elsewhere, source: records}
policies: [policies]
rules: [{policy: p}]
";

fn digest(digit: char) -> String {
    format!("sha256:{}", digit.to_string().repeat(64))
}

fn record(id: &str, target: &str, name: &str, digit: char, status: &str, created_at: &Value) -> Value {
    json!({
        "id": id, "environment_id": target, "environment_name": target, "deployment_name": name, "artifact_id": "a",
        "artifact": {"kind": "CONTAINER_IMAGE", "name": "ghcr.io/acme/shop", "digest": digest(digit), "version": "1"},
        "status": status, "created_at": created_at, "updated_at": created_at, "last_seen_at": created_at,
    })
}

fn run(records: &[Value], listed: &[&str], artifact: &str, to: &str, format: &str) -> Run {
    let folder = tempfile::tempdir().unwrap();
    project(folder.path(), CONFIGURATION, "package p\ndeny contains \"no\" if { false }");
    let listed: Vec<Value> = listed.iter().map(|name| json!({"name": name})).collect();
    let snapshot = json!({
        "observed_at": AS_OF, "filters": {"full_history": true}, "environments": listed, "deployment_records": records,
    });
    fs::write(folder.path().join("records.json"), snapshot.to_string()).unwrap();
    let arguments = ["check", artifact, "--to", to, "--as-of", AS_OF, "--format", format];
    Holdpoint::new(&arguments).directory(folder.path()).run()
}

const ALL: [&str; 5] = ["dev", "qa", "staging-eu", "staging-us", "production"];

fn story() -> Vec<Value> {
    let other = |mut record: Value| {
        record["artifact"]["name"] = json!("ghcr.io/acme/other");
        record
    };
    vec![
        record("1", "dev", "shop", 'a', "DEPLOYED", &json!("2026-11-18T09:00:00Z")),
        record("2", "dev", "shop", 'b', "SUPERSEDED", &json!("2026-11-17T09:00:00Z")),
        record("3", "qa", "shop", 'b', "DEPLOYED", &json!("2026-11-17T10:00:00Z")),
        record("4", "qa", "shop", 'a', "DEPLOYED", &json!(null)),
        record("5", "staging-eu", "shop", 'a', "DEPLOYED", &json!("2026-11-18T12:00:00Z")),
        record("6", "staging-us", "shop", 'a', "DECOMMISSIONED", &json!("2026-11-18T12:00:00Z")),
        other(record("7", "staging-us", "other", 'c', "DEPLOYED", &json!("2026-11-18T12:00:00Z"))),
        record("8", "production", "shop", 'b', "DEPLOYED", &json!(null)),
    ]
}

#[test]
fn the_map_shows_what_runs_where() {
    for artifact in [format!("ghcr.io/acme/shop@{}", digest('a')), digest('a')] {
        let run = run(&story(), &ALL, &artifact, "production", "json");
        let map = serde_json::to_string_pretty(&run.json()["promotion"]).unwrap();
        insta::assert_snapshot!("promotion_json", map);
    }
    let artifact = format!("ghcr.io/acme/shop@{}", digest('a'));
    for format in ["text", "markdown"] {
        let shown = run(&story(), &ALL, &artifact, "production", format).shown();
        insta::assert_snapshot!(format!("promotion_{format}"), shown);
    }
}

#[test]
fn what_is_not_known_does_not_look_empty() {
    let artifact = digest('d');
    let without_staging: Vec<Value> =
        story().into_iter().filter(|record| record["environment_name"] != "staging-us").collect();
    let run = run(&without_staging, &["dev"], &artifact, "production", "json");
    assert_eq!((run.code, &*run.verdict()), (3, "undecided"), "{run:?}");
    let map = run.json()["promotion"].clone();
    let staging = map.as_array().unwrap().iter().find(|stage| stage["environment"] == "staging").unwrap().clone();
    assert!(staging["problem"].as_str().unwrap().contains("has no record of `staging-us`"), "{staging:#}");
    let unknown = staging["slots"].as_array().unwrap().iter().find(|slot| slot["target"] == "staging-us").unwrap();
    assert_eq!(unknown["state"], "unknown", "{staging:#}");

    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken.json");
    fs::write(&broken, "{").unwrap();
    let run = check(Example::ALLOWED, &["--format", "json", "--records", broken.to_str().unwrap()]);
    let map = run.json()["promotion"].clone();
    let stages = map.as_array().unwrap();
    assert_eq!(stages.len(), 3, "{map:#}");
    assert!(stages.iter().all(|stage| stage["problem"] == "its records could not be read"), "{map:#}");
}

#[test]
fn the_map_is_bounded() {
    let slot = |number: usize| {
        let digit = if number == 399 { 'a' } else { 'b' };
        record(
            &number.to_string(),
            "dev",
            &format!("shop-{number:03}"),
            digit,
            "DEPLOYED",
            &json!("2026-11-18T09:00:00Z"),
        )
    };
    let records: Vec<Value> = (0..400).map(slot).collect();
    let run = run(&records, &ALL, &digest('a'), "production", "json");
    let dev = run.json()["promotion"][0].clone();
    let slots = dev["slots"].as_array().unwrap();
    assert_eq!((slots.len(), &dev["not_listed"]), (25, &json!(375)));
    let requested: Vec<&Value> = slots.iter().filter(|slot| slot["requested"] == true).collect();
    assert_eq!(requested.len(), 1, "what is asked about has a place");
    let text = self::run(&records, &ALL, &digest('a'), "production", "text").stdout;
    assert!(text.contains("and 388 more deployments"), "{text}");
}
