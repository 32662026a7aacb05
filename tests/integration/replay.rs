//! `holdpoint replay`: a decision made again from its document.
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::check::project;
use crate::support::cli::{Holdpoint, Run};

const AS_OF: &str = "2026-11-20T12:00:00Z";
const EXAMPLE: &str = "examples/storefront/holdpoint.yaml";
const ALLOWED: &str = "sha256:b69dd5a569d41cc2907ce23296d17c6b944d6baa61e6c0fc7e86deace50fb7ba";
const HELD: &str = "sha256:f1758c9bc9051a5cad13283423d750a54856b81ec92b86b872b14e4107f53270";
const DENIED: &str = "sha256:7c1a15c800008d21736fecea10a0f7527d18af2f707a755bbdad97c78f546f20";

/// The decision document of the example, in this folder.
fn decided(folder: &Path, artifacts: &[&str], more: &[&str]) -> std::path::PathBuf {
    let path = folder.join("decision.json");
    let arguments = ["--to", "production", "--config", EXAMPLE, "--as-of", AS_OF, "--format", "json", "--output"];
    let run = Holdpoint::new(&[&["check"], artifacts, &arguments].concat()).arg(&path).args(more).run();
    assert!(path.exists(), "{run:?}");
    path
}

fn replay(document: &Path, more: &[&str]) -> Run {
    Holdpoint::new(&["replay"]).arg(document).args(&["--config", EXAMPLE]).args(more).run()
}

fn edited(document: &Path, edit: impl FnOnce(&mut Value)) {
    let mut value: Value = serde_json::from_str(&fs::read_to_string(document).unwrap()).unwrap();
    edit(&mut value);
    fs::write(document, value.to_string()).unwrap();
}

#[test]
fn the_same_comes_out_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let asked = ["--intent", "hotfix", "--actor", "alice", "--reason", "x", "--deployment", "storefront"];
    let context = ["--context", r#"{"ticket": "OPS-1", "number": 1.5}"#, "--explain"];
    for artifact in [ALLOWED, HELD, DENIED] {
        for more in [&[][..], &asked, &context] {
            let document = decided(folder.path(), &[artifact], more);
            let run = replay(&document, &["--records", "examples/storefront/records.json"]);
            assert_eq!(run.code, 0, "{artifact}, {more:?}: {run:?}");
        }
    }
    let several = decided(folder.path(), &[ALLOWED, HELD, DENIED], &[]);
    let run = replay(&several, &["--format", "json"]);
    assert_eq!((run.code, &run.json()["same"]), (0, &json!(true)), "{run:?}");
    assert_eq!(run.json()["replays"].as_array().unwrap().len(), 3);
}

#[test]
fn what_differs_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let document = decided(folder.path(), &[HELD], &[]);
    let records = folder.path().join("records.json");
    let text = fs::read_to_string("examples/storefront/records.json").unwrap();
    fs::write(&records, text.replace("2026-11-20T08:15:00Z", "2026-11-19T08:15:00Z")).unwrap();
    let run = replay(&document, &["--records", records.to_str().unwrap()]);
    assert_eq!(run.code, 1, "{run:?}");
    insta::assert_snapshot!("replay_other_records", run.shown());

    for (key, value) in [
        ("verdict", json!("allow")),
        ("opens_at", json!("2027-01-01T00:00:00Z")),
        ("policies_digest", json!(ALLOWED)),
        ("input_digest", json!(ALLOWED)),
    ] {
        let document = decided(folder.path(), &[HELD], &[]);
        edited(&document, |decision| decision[key] = value);
        let run = replay(&document, &["--format", "json"]);
        let differences = run.json()["replays"][0]["differences"].clone();
        assert_eq!((run.code, differences.as_array().unwrap().len()), (1, 1), "{key}: {differences:#}");
        assert_eq!(differences[0]["what"], key);
    }
    let document = decided(folder.path(), &[HELD], &[]);
    edited(&document, |decision| decision["request"]["reason"] = json!("another"));
    let differences = replay(&document, &["--format", "json"]).json()["replays"][0]["differences"].clone();
    assert_eq!(differences[0]["what"], "input_digest", "{differences:#}");
    let document = decided(folder.path(), &[HELD], &[]);
    edited(&document, |decision| decision["findings"][2]["message"] = json!("\u{1b}[2J\n::error::x"));
    let run = replay(&document, &[]);
    assert!(run.code == 1 && !run.stdout.contains('\u{1b}') && !run.stdout.contains("\n::"), "{run:?}");
}

#[test]
fn overrides_are_held_against_the_instant_of_the_decision() {
    let folder = tempfile::tempdir().unwrap();
    let configuration = "version: 1
sources: {records: {type: snapshot, path: records.json}}
environments: [{name: production}]
policies: [policies]
rules: [{policy: p}]
overrides: [overrides]
override_limits: {longest: 1000d}
";
    project(folder.path(), configuration, "package p\ndeny contains \"no\"");
    let digest = format!("sha256:{}", "a".repeat(64));
    fs::write(folder.path().join("records.json"), crate::check::KNOWN).unwrap();
    fs::create_dir(folder.path().join("overrides")).unwrap();
    let until = |end: &str| {
        let text = format!(
            "version: 1\nid: one\ndigest: {digest}\nenvironment: production\nrules: [p]\nreason: x\nactor: alice\n\
             created_at: 2026-11-19T00:00:00Z\nexpires_at: {end}\n"
        );
        fs::write(folder.path().join("overrides/one.yaml"), text).unwrap();
    };
    until("2027-11-20T18:00:00Z");
    let run = Holdpoint::new(&["check", &digest, "--to", "production", "--as-of", AS_OF, "--format", "json"])
        .args(&["--output", "decision.json"])
        .directory(folder.path())
        .run();
    assert_eq!(run.code, 0, "{run:?}");
    // In force at the instant of the decision, and over by now: all that a replay finds is that its text is another.
    assert_eq!(Holdpoint::new(&["replay", "decision.json"]).directory(folder.path()).run().code, 0);
    until("2026-11-20T18:00:00Z");
    let run = Holdpoint::new(&["replay", "decision.json", "--format", "json"]).directory(folder.path()).run();
    let replay = run.json()["replays"][0].clone();
    assert_eq!((run.code, &replay["replayed"]), (1, &json!("allow")), "{replay:#}");
    assert_eq!(replay["differences"][0]["what"], "input_digest", "{replay:#}");
}

#[test]
fn what_cannot_be_replayed_is_told_apart_from_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let document = decided(folder.path(), &[ALLOWED], &[]);
    edited(&document, |decision| decision["plugins"] = json!([{"name": "asking", "replayable": false}]));
    let run = replay(&document, &[]);
    assert!(run.code == 3 && run.stderr.contains("plugin `asking` asks others"), "{run:?}");

    let earlier = folder.path().join("earlier.json");
    fs::write(&earlier, "[]").unwrap();
    let document = decided(folder.path(), &[ALLOWED], &["--require-vsa", earlier.to_str().unwrap()]);
    let run = replay(&document, &[]);
    assert!(run.code == 3 && run.stderr.contains("rests on an earlier decision"), "{run:?}");

    let document = decided(folder.path(), &[ALLOWED], &[]);
    edited(&document, |decision| decision["request"]["environment"] = json!("prodution"));
    let run = replay(&document, &[]);
    assert!(run.code == 2 && run.stderr.contains("did you mean `production`?"), "{run:?}");

    let document = decided(folder.path(), &[ALLOWED], &[]);
    edited(&document, |decision| decision["request"]["channel"] = json!("fax\u{1b}"));
    let run = replay(&document, &[]);
    assert!(run.code == 2 && run.stderr.contains("came through `fax"), "{run:?}");
    assert!(!run.stderr.contains('\u{1b}'), "{run:?}");
}

#[test]
fn hostile_documents_are_refused_in_bounds() {
    let folder = tempfile::tempdir().unwrap();
    let deep = format!(r#"{{"schema": {}1{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    let many = format!("[{}1]", "1,".repeat(2_500_000));
    let crowd = json!({"schema": "holdpoint.decisions/v1", "decisions": vec![json!({}); 1_001]}).to_string();
    for (name, text, why) in [
        ("deep", &*deep, "nested too deep"),
        ("many", &many, "too many values"),
        ("crowd", &crowd, "more than 1000 decisions"),
        ("empty", "", "not JSON"),
        ("other", "{}", "no decision document"),
        ("twice", r#"{"schema": 1, "schema": 2}"#, "there twice"),
        ("half", r#"{"schema": "holdpoint.decision/v1", "id": "a"}"#, "no whole decision document"),
        ("list", r#"{"schema": "holdpoint.decisions/v1", "decisions": {}}"#, "no decision document"),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        let run = replay(&path, &[]);
        assert!(
            run.code == 2 && run.stderr.contains(why),
            "{name}: {}",
            run.stderr.chars().take(500).collect::<String>()
        );
        assert!(run.stderr.len() < 2_000, "{name}: {} bytes", run.stderr.len());
    }
    for (path, why) in [("missing", "cannot be read"), ("/dev/zero", "it is no regular file")] {
        let run = replay(Path::new(path), &[]);
        assert!(run.code == 2 && run.stderr.contains(why), "{path}: {run:?}");
    }
}
