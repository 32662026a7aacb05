//! `--github-context`: what a run of GitHub Actions says of itself.

use std::fs;

use serde_json::json;

use super::{AS_OF, EXAMPLE, Example};
use crate::support::cli::{Holdpoint, Run};

const RUN: [(&str, &str); 14] = [
    ("GITHUB_ACTOR", "alice"),
    ("GITHUB_BASE_REF", "main"),
    ("GITHUB_EVENT_NAME", "pull_request"),
    ("GITHUB_HEAD_REF", "$(touch /tmp/x)"),
    ("GITHUB_JOB", "deploy"),
    ("GITHUB_REF", "refs/pull/12/merge"),
    ("GITHUB_REF_TYPE", "branch"),
    ("GITHUB_REPOSITORY", "acme/shop"),
    ("GITHUB_RUN_ATTEMPT", "2"),
    ("GITHUB_RUN_ID", "1234567890"),
    ("GITHUB_SHA", "0123456789012345678901234567890123456789"),
    ("GITHUB_TRIGGERING_ACTOR", "bob"),
    ("GITHUB_WORKFLOW", "Deploy\n::error::x"),
    ("GITHUB_WORKFLOW_REF", "acme/shop/.github/workflows/deploy.yml@refs/heads/main"),
];

fn run(variables: &[(&str, &str)], more: &[&str]) -> Run {
    let arguments = ["check", Example::ALLOWED, "--to", "production", "--config", EXAMPLE, "--as-of", AS_OF];
    let run = Holdpoint::new(&arguments).args(&["--format", "json", "--github-context"]).args(more);
    variables.iter().fold(run, |run, (name, value)| run.env(name, value)).run()
}

#[test]
fn policies_see_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let event = folder.path().join("event.json");
    fs::write(&event, json!({"pull_request": {"number": 12, "title": "x"}, "x": [1]}).to_string()).unwrap();
    let variables = [&RUN[..], &[("GITHUB_EVENT_PATH", event.to_str().unwrap())]].concat();
    let request = run(&variables, &["--context", r#"{"ticket": "OPS-1"}"#]).json()["request"].clone();
    insta::assert_snapshot!("check_github_context", serde_json::to_string_pretty(&request["context"]).unwrap());
    assert_eq!((&request["actor"], &request["channel"]), (&json!("alice"), &json!("action")));
    assert_eq!(run(&variables, &["--actor", "carol"]).json()["request"]["actor"], "carol");
}

#[test]
fn what_the_run_does_not_say_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let event = folder.path().join("event.json");
    fs::write(&event, r#"{"ref": "refs/heads/main", "pull_request": null}"#).unwrap();
    let variables =
        [("GITHUB_REPOSITORY", "acme/shop"), ("GITHUB_HEAD_REF", ""), ("GITHUB_EVENT_PATH", event.to_str().unwrap())];
    let request = run(&variables, &[]).json()["request"].clone();
    assert_eq!(request["context"], json!({"github": {"repository": "acme/shop"}}));
    assert_eq!(request["actor"], json!(null));
}

#[test]
fn a_run_that_cannot_be_read_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let inside = |name: &str, text: &str| {
        fs::write(folder.path().join(name), text).unwrap();
        folder.path().join(name).display().to_string()
    };
    let odd = inside("odd.json", r#"{"pull_request": {"number": "12"}}"#);
    let large = inside("large.json", &" ".repeat((25 << 20) + 1));
    let missing = folder.path().join("missing").display().to_string();
    for (event, why) in [
        (&*odd, "expected u64"),
        (&large, "it is larger than 25 MiB"),
        (&missing, "No such file"),
        ("/dev/zero", "it is no regular file"),
    ] {
        let run = run(&[("GITHUB_REPOSITORY", "acme/shop"), ("GITHUB_EVENT_PATH", event)], &[]);
        assert!(run.code == 2 && run.stderr.contains(why), "{event}: {run:?}");
        assert!(run.stderr.contains("`GITHUB_EVENT_PATH`, cannot be read"), "{event}: {run:?}");
    }
    let nowhere = run(&[], &[]);
    assert!(nowhere.code == 2 && nowhere.stderr.contains("needs a run of GitHub Actions"), "{nowhere:?}");
    let twice = run(&RUN, &["--context", r#"{"github": {}}"#]);
    assert!(twice.code == 2 && twice.stderr.contains("`--context` has a key `github`"), "{twice:?}");
}
