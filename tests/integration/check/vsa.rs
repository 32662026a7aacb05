//! `--vsa`, the predicate that others sign, and `--require-vsa`, which asks for one of an earlier decision.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::{AS_OF, EXAMPLE, Example, KNOWN, ONE_ENVIRONMENT, project};
use crate::support::cli::{Holdpoint, Run, root};

const EXTENSION: &str = "https://holdpoint.dev/decision/v1";
const PASSES: &str = "package p\ndeny contains \"no\" if input.request.intent == \"rollback\"\nhold contains \"wait\" if input.request.intent == \"hotfix\"";

/// A project whose rule allows what is deployed, holds a hotfix, and denies a rollback.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    project(folder.path(), &format!("{ONE_ENVIRONMENT}rules: [{{policy: p}}]"), PASSES);
    fs::write(folder.path().join("records.json"), KNOWN).unwrap();
    folder
}

fn artifact(digit: char) -> String {
    format!("ghcr.io/acme/shop@sha256:{}", digit.to_string().repeat(64))
}

fn check(folder: &Path, more: &[&str]) -> Run {
    Holdpoint::new(&["check", &artifact('a'), "--to", "production", "--format", "json"])
        .args(more)
        .directory(folder)
        .run()
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn assert_conforms(predicate: &Value) {
    let schema = root().join("tests/integration/check/verification_summary.schema.json");
    let schema = jsonschema::validator_for(&read(&schema)).unwrap();
    let faults: Vec<String> = schema.iter_errors(predicate).map(|fault| fault.to_string()).collect();
    assert!(faults.is_empty(), "{faults:?}\n{predicate:#}");
}

/// The predicate of an allow that was decided just now.
fn summary(folder: &Path) -> Value {
    let run = check(folder, &["--vsa", "vsa.json"]);
    assert_eq!(run.code, 0, "{run:?}");
    read(&folder.join("vsa.json"))
}

#[test]
fn the_predicate_is_what_the_specification_says() {
    let folder = folder();
    for (intent, code, verdict, result, level) in [
        ("deploy", 0, "allow", "PASSED", "PROMOTION_ALLOWED_PRODUCTION"),
        ("rollback", 1, "deny", "FAILED", "FAILED"),
        ("hotfix", 4, "hold", "FAILED", "FAILED"),
    ] {
        let run = check(folder.path(), &["--intent", intent, "--vsa", "vsa.json", "--actor", "alice"]);
        assert_eq!(run.code, code, "{run:?}");
        let (predicate, decision) = (read(&folder.path().join("vsa.json")), run.json());
        assert_conforms(&predicate);
        assert_eq!((&predicate["verificationResult"], &predicate["verifiedLevels"]), (&json!(result), &json!([level])));
        assert_eq!(predicate["verifier"]["id"], "https://holdpoint.dev/check@v1");
        assert_eq!(predicate["timeVerified"], decision["as_of"]);
        assert_eq!(predicate["resourceUri"], format!("oci://{}", artifact('a')));
        assert_eq!(predicate["policy"]["uri"], "https://holdpoint.dev/policies#environment=production");
        let sha256 = |digest: &Value| json!({"sha256": digest.as_str().unwrap().trim_start_matches("sha256:")});
        assert_eq!(predicate["policy"]["digest"], sha256(&decision["policies_digest"]));
        let inputs = json!([{
            "uri": "https://holdpoint.dev/records#source=saved",
            "digest": sha256(&decision["snapshot"]["sources"][0]["digest"]),
        }]);
        assert_eq!(predicate["inputAttestations"], inputs);
        let extension = &predicate[EXTENSION];
        assert_eq!((&extension["verdict"], &extension["actor"]), (&json!(verdict), &json!("alice")));
        assert_eq!(extension["inputDigest"], sha256(&decision["input_digest"]));
        assert_eq!(extension["decision"], decision["id"]);
    }
}

#[test]
fn an_undecided_one_claims_no_records() {
    let folder = folder();
    fs::write(folder.path().join("records.json"), "{").unwrap();
    let run = check(folder.path(), &["--vsa", "vsa.json"]);
    let predicate = read(&folder.path().join("vsa.json"));
    assert_eq!((run.code, &predicate["verificationResult"]), (3, &json!("FAILED")), "{run:?}");
    assert_conforms(&predicate);
    assert_eq!(predicate.get("inputAttestations"), None);
}

#[test]
fn each_artifact_has_a_summary_of_its_own() {
    let folder = folder();
    let run = check(folder.path(), &[&artifact('b'), "--vsa", "out.vsa.json"]);
    assert_eq!(run.code, 0, "{run:?}");
    for (name, digit) in [("out.vsa-1.json", 'a'), ("out.vsa-2.json", 'b')] {
        let predicate = read(&folder.path().join(name));
        assert_eq!(predicate["resourceUri"], format!("oci://{}", artifact(digit)), "{name}");
    }
    assert!(!folder.path().join("out.vsa.json").exists());
}

#[test]
fn what_no_summary_can_say_is_refused() {
    let folder = folder();
    let bare = Holdpoint::new(&["check", Example::ALLOWED, "--to", "production", "--vsa", "vsa.json"]);
    let run = bare.directory(folder.path()).run();
    assert!(run.code == 2 && run.stderr.contains("`--vsa` needs the name"), "{run:?}");
    let run = check(folder.path(), &["--vsa", "vsa.json", "--as-of", AS_OF]);
    assert!(run.code == 2 && run.stderr.contains("cannot be used with"), "{run:?}");
    let run = check(folder.path(), &["--vsa", "vsa.json", "--report", "json=vsa.json"]);
    assert!(run.code == 2 && run.stderr.contains("is named twice"), "{run:?}");
    assert!(!folder.path().join("vsa.json").exists());
}

#[cfg(target_os = "linux")]
#[test]
fn an_allow_that_is_not_everywhere_has_no_summary() {
    let folder = folder();
    let run = check(folder.path(), &["--vsa", "vsa.json", "--report", "json=/dev/full"]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(!folder.path().join("vsa.json").exists());
}

fn statement(predicate: &Value) -> Value {
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "ghcr.io/acme/shop", "digest": {"sha256": "a".repeat(64)}}],
        "predicateType": "https://slsa.dev/verification_summary/v1",
        "predicate": predicate,
    })
}

/// What `gh attestation verify --format json` prints.
fn verified(statements: &[Value]) -> Value {
    let one = |statement: &Value| json!({"attestation": {"bundle": {"mediaType": "x"}}, "verificationResult": {"statement": statement}});
    statements.iter().map(one).collect()
}

/// The exit code and the finding about the earlier decision, when this is in the file.
fn required(folder: &Path, file: &Value, more: &[&str]) -> (i32, Value) {
    fs::write(folder.join("earlier.json"), file.to_string()).unwrap();
    let run = check(folder, &[&["--require-vsa", "earlier.json"], more].concat());
    let findings = run.json()["findings"].clone();
    let finding = findings.as_array().unwrap().iter().find(|finding| finding["rule"] == "earlier_decision");
    (run.code, finding.unwrap_or_else(|| panic!("{run:?}")).clone())
}

fn changed(predicate: &Value, pointer: &str, value: Value) -> Value {
    let mut changed = predicate.clone();
    *changed.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = value;
    changed
}

fn at(seconds: i64) -> Value {
    let now = holdpoint::app::now();
    json!((now + jiff::SignedDuration::from_secs(seconds)).to_string())
}

#[test]
fn an_earlier_allow_is_accepted_in_each_form() {
    let folder = folder();
    let predicate = summary(folder.path());
    let another = changed(&predicate, "/verifier/id", json!("https://example.com/verifier"));
    let mut provenance = statement(&json!({"buildDefinition": {}}));
    provenance["predicateType"] = json!("https://slsa.dev/provenance/v1");
    for file in [
        predicate.clone(),
        statement(&predicate),
        verified(&[statement(&predicate)]),
        verified(&[provenance, statement(&another), statement(&predicate)]),
        json!([statement(&predicate)]),
    ] {
        let (code, finding) = required(folder.path(), &file, &[]);
        assert_eq!((code, &finding["outcome"]), (0, &json!("passed")), "{finding:#}");
    }
}

#[test]
fn an_earlier_allow_is_no_bypass() {
    let folder = folder();
    let predicate = summary(folder.path());
    for (intent, code) in [("rollback", 1), ("hotfix", 4)] {
        let (found, finding) = required(folder.path(), &predicate, &["--intent", intent]);
        assert_eq!((found, &finding["outcome"]), (code, &json!("passed")), "{intent}: {finding:#}");
    }
    // Nor does it judge where nothing does.
    project(folder.path(), &format!("{ONE_ENVIRONMENT}rules: [{{policy: p, enforcement: warn}}]"), PASSES);
    let (code, finding) = required(folder.path(), &predicate, &[]);
    assert_eq!((code, &finding["outcome"]), (3, &json!("passed")), "{finding:#}");
}

#[test]
fn what_is_no_such_allow_is_in_the_way() {
    let folder = folder();
    let predicate = summary(folder.path());
    let failed =
        changed(&changed(&predicate, "/verificationResult", json!("FAILED")), "/verifiedLevels", json!(["FAILED"]));
    let timeless = {
        let mut timeless = predicate.clone();
        timeless.as_object_mut().unwrap().remove("timeVerified");
        timeless
    };
    let elsewhere = json!("https://holdpoint.dev/policies#environment=staging");
    let other = json!(format!("oci://{}", artifact('b')));
    let mut other_subject = statement(&predicate);
    other_subject["subject"][0]["digest"]["sha256"] = json!("b".repeat(64));
    let older = changed(&predicate, "/timeVerified", at(-600));
    for (name, file, code, expected) in [
        ("failed", failed.clone(), 1, "earlier_failed"),
        ("level", changed(&predicate, "/verifiedLevels", json!(["SLSA_BUILD_LEVEL_3"])), 1, "earlier_failed"),
        ("environment", changed(&predicate, "/policy/uri", elsewhere), 1, "earlier_missing"),
        ("digest", changed(&predicate, "/resourceUri", other), 1, "earlier_missing"),
        ("policies", changed(&predicate, "/policy/digest/sha256", json!("0".repeat(64))), 1, "earlier_other_policies"),
        ("old", changed(&predicate, "/timeVerified", at(-3_700)), 1, "earlier_too_old"),
        ("future", changed(&predicate, "/timeVerified", at(3_600)), 3, "earlier_in_future"),
        ("timeless", timeless.clone(), 3, "earlier_timeless"),
        ("nothing", json!([]), 1, "earlier_missing"),
        ("subject", other_subject, 3, "earlier_unreadable"),
        (
            "type",
            changed(&statement(&predicate), "/_type", json!("https://in-toto.io/Statement/v0.1")),
            3,
            "earlier_unreadable",
        ),
        ("a failure is newer", verified(&[statement(&older), statement(&failed)]), 1, "earlier_failed"),
        ("none knows which is newer", json!([predicate, timeless]), 3, "earlier_timeless"),
        ("no digest", changed(&predicate, "/resourceUri", json!("oci://ghcr.io/acme/shop:1")), 3, "earlier_unreadable"),
        ("not an instant", changed(&predicate, "/timeVerified", json!("today")), 3, "earlier_unreadable"),
        ("another text", json!({"a": 1}), 3, "earlier_unreadable"),
        ("another value", json!(1), 3, "earlier_unreadable"),
    ] {
        let (found, finding) = required(folder.path(), &file, &[]);
        assert_eq!((found, finding["code"].as_str()), (code, Some(expected)), "{name}: {finding:#}");
        assert!(!finding["remediation"].as_str().unwrap().is_empty(), "{name}");
    }
    let younger = changed(&predicate, "/timeVerified", at(-3_700));
    let (code, finding) = required(folder.path(), &younger, &["--vsa-max-age", "2h"]);
    assert_eq!((code, &finding["outcome"]), (0, &json!("passed")), "{finding:#}");
    let older = verified(&[statement(&changed(&failed, "/timeVerified", at(-600))), statement(&predicate)]);
    assert_eq!(required(folder.path(), &older, &[]).0, 0, "an older failure was mended");
}

#[test]
fn the_clock_cannot_be_turned_back() {
    let folder = folder();
    let predicate = changed(&summary(folder.path()), "/timeVerified", json!("2026-11-20T11:30:00Z"));
    let (code, finding) = required(folder.path(), &predicate, &["--as-of", AS_OF]);
    assert_eq!((code, finding["code"].as_str()), (1, Some("earlier_too_old")), "{finding:#}");
}

#[test]
fn files_that_cannot_be_read_are_undecided() {
    let folder = folder();
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let many = format!("[{}1]", "1,".repeat(200_000));
    for (name, text) in [("deep", deep), ("many", many), ("twice", r#"{"verifier": 1, "verifier": 2}"#.to_owned())] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    fs::write(folder.path().join("large"), " ".repeat((16 << 20) + 1)).unwrap();
    for name in ["missing", "deep", "many", "twice", "large", ".", "/dev/zero"] {
        let run = check(folder.path(), &["--require-vsa", name]);
        assert_eq!((run.code, &*run.verdict()), (3, "undecided"), "{name}: {run:?}");
        assert!(run.stdout.contains("earlier_unreadable"), "{name}: {run:?}");
    }
}

#[test]
fn the_example_shows_an_earlier_decision_that_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("earlier.json");
    fs::write(&path, "[]").unwrap();
    let artifact = format!("ghcr.io/acme/storefront@{}", Example::ALLOWED);
    let arguments = ["check", &artifact, "--to", "production", "--config", EXAMPLE, "--as-of", AS_OF];
    let run = Holdpoint::new(&arguments).arg("--require-vsa").arg(&path).run();
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stdout.contains("✗ Decided before  earlier_decision · earlier_missing · denied"), "{run:?}");
}
