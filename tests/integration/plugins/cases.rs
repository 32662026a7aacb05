//! `plugin test` as a user runs it.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::guest::{Guest, saying};
use crate::support::cli::{Holdpoint, Run, folder};

pub(super) const QUESTION: &str = "\
title: A deployment to production.
# The instant matters.
as_of: 2026-11-20T12:00:00Z
request:
  artifact: ghcr.io/acme/storefront@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
  environment: production
environments:
  - {name: staging}
  - {name: production, after: [staging]}
";

/// A plugin's folder: its component, and cases with the common question and these ends.
pub(super) fn plugin(component: &[u8], cases: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = folder(&[]);
    fs::write(folder.path().join("custom.wasm"), component).unwrap();
    fs::create_dir(folder.path().join("tests")).unwrap();
    for (name, end) in cases {
        fs::write(folder.path().join("tests").join(name), format!("{QUESTION}{end}")).unwrap();
    }
    folder
}

pub(super) fn test(folder: &Path, arguments: &[&str]) -> Run {
    Holdpoint::new(&[&["plugin", "test", "."], arguments].concat()).directory(folder).run()
}

/// The run as text, with what differs from run to run replaced.
pub(super) fn shown(run: &Run, folder: &Path) -> String {
    let text = format!("exit {}\n{}--- stderr\n{}", run.code, run.stdout, run.stderr);
    let folder = fs::canonicalize(folder).unwrap();
    let text = text.replace(folder.to_str().unwrap(), "FOLDER");
    let time = regex::Regex::new(r"\d+(\.\d+)? (ms|s)\b").unwrap();
    let of_junit = regex::Regex::new(r#"time="[^"]*"|"duration_ms": [0-9.]+"#).unwrap();
    let uuid = regex::Regex::new(r#" uuid="[^"]*"| timestamp="[^"]*""#).unwrap();
    let text = time.replace_all(&text, "TIME").into_owned();
    let text = of_junit.replace_all(&text, "TIME").into_owned();
    uuid.replace_all(&text, "").into_owned()
}

fn denying() -> Vec<u8> {
    saying(0, "frozen", "it is \"frozen\"\nfor now").component()
}

#[test]
fn cases_pass_fail_and_cannot_be_run() {
    let folder = plugin(
        &denying(),
        &[
            ("a-passes.yaml", "expect: {verdict: deny, findings: [{outcome: denied, code: frozen}]}\n"),
            ("b-fails.yaml", "expect:\n  verdict: allow\n  findings:\n    - {code: other}\n"),
            ("c-unknown-key.yaml", "expext: {verdict: deny}\n"),
            ("d-nothing.yaml", ""),
            ("e-no-component.yaml", "plugin: nowhere.wasm\nexpect: {verdict: deny}\n"),
            ("f-stray-record.yaml", "records: [{id: a, environment_name: elsewhere}]\nexpect: {verdict: deny}\n"),
            ("h-twice.yaml", "title: Again.\nexpect: {verdict: deny}\n"),
        ],
    );
    insta::assert_snapshot!("plugin_test_text", shown(&test(folder.path(), &[]), folder.path()));
    let passed = test(folder.path(), &["--run", "a-passes", "-v"]);
    insta::assert_snapshot!("plugin_test_verbose", shown(&passed, folder.path()));
    let two = ["--run", "[ab]-"];
    let json = test(folder.path(), &[&two[..], &["--format", "json"]].concat());
    assert_eq!(serde_json::from_str::<Value>(&json.stdout).unwrap()["failed"], 1);
    insta::assert_snapshot!("plugin_test_json", shown(&json, folder.path()));
    let junit = test(folder.path(), &[&two[..], &["--format", "junit"]].concat());
    insta::assert_snapshot!("plugin_test_junit", shown(&junit, folder.path()));
}

#[test]
fn every_outcome_can_be_expected() {
    let schema = r#"{"type": "object", "required": ["minimum"]}"#;
    let trap = Guest::default().evaluate("(unreachable)");
    let endless = Guest::default().evaluate("(loop $l (br $l)) (unreachable)");
    let refused = "expect: {parameters_refused: ['nothing here says so']}\n";
    let cases = [
        (Guest::default(), "expect: {verdict: allow, findings: []}\n", 0),
        (saying(1, "later", "not yet"), "expect: {verdict: hold, findings: [{outcome: held, code: later}]}\n", 0),
        (saying(2, "look", "hm"), "expect: {verdict: allow, findings: [{outcome: warned, code: look}]}\n", 0),
        (saying(2, "look", "hm"), "expect: {verdict: allow, findings: []}\n", 1),
        (trap, "expect: {verdict: undecided, code: plugin_trap}\n", 0),
        (endless, "expect: {verdict: undecided, code: plugin_timeout}\n", 0),
        (Guest::default(), "expect: {verdict: allow, code: plugin_trap}\n", 1),
        (Guest::default().check_parameters("(unreachable)"), "expect: {verdict: allow}\n", 1),
        (Guest::default().schema(schema), refused, 1),
        (Guest::default().schema(schema), "expect: {verdict: allow}\n", 1),
        (Guest::default().schema(schema), "parameters: {minimum: 1}\nexpect: {verdict: allow}\n", 0),
    ];
    for (guest, end, code) in cases {
        let folder = plugin(&guest.component(), &[("case.yaml", end)]);
        let run = test(folder.path(), &[]);
        assert_eq!(run.code, code, "{end}: {run:?}");
    }
}

#[test]
fn a_set_that_never_objects_is_said_so() {
    let folder = plugin(&Guest::default().component(), &[("case.yaml", "expect: {verdict: allow}\n")]);
    let run = test(folder.path(), &[]);
    assert!(run.code == 0 && run.stdout.contains("no case is denied or held"), "{run:?}");
    let objecting = plugin(&denying(), &[("case.yaml", "expect: {verdict: deny}\n")]);
    assert!(!test(objecting.path(), &[]).stdout.contains("no case is denied or held"));
}

#[test]
fn what_came_is_written_and_everything_else_stays() {
    let end = "expect:\n  verdict: allow # wrong\n\n# The records come last.\nrecords: []\n";
    let folder = plugin(&denying(), &[("case.yaml", end), ("new.yaml", "")]);
    let json = r#"{"title": "expect", "as_of": "2026-11-20T12:00:00Z", "expect": {"verdict": "hold", "findings": []},
        "request": {"artifact": "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "environment": "dev"},
        "environments": [{"name": "dev"}]}"#;
    fs::write(folder.path().join("tests/case.json"), json).unwrap();
    assert_eq!(test(folder.path(), &[]).code, 1);
    let run = test(folder.path(), &["--update"]);
    assert_eq!(run.code, 0, "{run:?}");
    let read = |name: &str| fs::read_to_string(folder.path().join("tests").join(name)).unwrap();
    let files = ["case.yaml", "new.yaml", "case.json"].map(|name| format!("--- {name}\n{}", read(name)));
    insta::assert_snapshot!("plugin_test_updated", files.concat());
    assert_eq!(test(folder.path(), &[]).code, 0);
    let before = files;
    assert_eq!(test(folder.path(), &["--update"]).code, 0);
    assert_eq!(["case.yaml", "new.yaml", "case.json"].map(|name| format!("--- {name}\n{}", read(name))), before);
}

#[test]
fn what_cannot_be_replaced_alone_is_left_as_it_is() {
    let folder = plugin(&denying(), &[]);
    let flow = r#"{title: A, as_of: "2026-11-20T12:00:00Z", expect: {verdict: allow},
  request: {artifact: "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", environment: dev},
  environments: [{name: dev}]}
"#;
    let path = folder.path().join("tests/flow.yaml");
    fs::write(&path, flow).unwrap();
    let run = test(folder.path(), &["--update"]);
    assert!(run.code == 1 && run.stdout.contains("cannot be replaced"), "{run:?}");
    assert_eq!(fs::read_to_string(path).unwrap(), flow);
}

#[test]
fn components_are_found_where_they_are_built() {
    let end = "expect: {verdict: deny}\n";
    let folder = plugin(&denying(), &[("case.yaml", end)]);
    let root = folder.path();
    fs::create_dir_all(root.join("plugins/one")).unwrap();
    fs::rename(root.join("tests"), root.join("plugins/one/tests")).unwrap();
    let missing = test(root, &[]);
    assert!(missing.code == 1 && missing.stdout.contains("there is no component to test"), "{missing:?}");
    assert_eq!(test(root, &["--plugin", "custom.wasm"]).code, 0);
    for place in ["plugins/target/components", "plugins/one/target/components", "plugins/one"] {
        fs::create_dir_all(root.join(place)).unwrap();
        fs::copy(root.join("custom.wasm"), root.join(place).join("one.wasm")).unwrap();
        assert_eq!(test(root, &[]).code, 0, "{place}");
        fs::remove_file(root.join(place).join("one.wasm")).unwrap();
    }
    for name in ["one.wasm", "two.wasm"] {
        fs::copy(root.join("custom.wasm"), root.join("plugins/one").join(name)).unwrap();
    }
    let two = test(root, &[]);
    assert!(two.code == 1 && two.stdout.contains("more than one component"), "{two:?}");
}

#[test]
fn nothing_to_test_is_a_failure() {
    let empty = folder(&[("notes.txt", "")]);
    let run = test(empty.path(), &[]);
    assert!(run.code == 2 && run.stderr.contains("has no cases to test"), "{run:?}");
    let folder = plugin(&denying(), &[("case.yaml", "expect: {verdict: deny}\n")]);
    let run = test(folder.path(), &["--run", "nothing"]);
    assert!(run.code == 2 && run.stderr.contains("none of the 1 cases matches"), "{run:?}");
    let run = Holdpoint::new(&["plugin", "test", "nowhere"]).directory(folder.path()).run();
    assert!(run.code == 2 && run.stderr.contains("cannot be read"), "{run:?}");
}
