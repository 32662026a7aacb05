//! `policy input`: what rules see, in files.

use std::path::Path;

use serde_json::Value;

use crate::support::cli::{Holdpoint, Run};

const ARTIFACT: &str =
    "ghcr.io/acme/storefront@sha256:b69dd5a569d41cc2907ce23296d17c6b944d6baa61e6c0fc7e86deace50fb7ba";
const AS_OF: [&str; 2] = ["--as-of", "2026-11-20T12:00:00Z"];

fn input(environment: &str, folder: &Path, more: &[&str]) -> Run {
    let config = "examples/storefront/holdpoint.yaml";
    let request = ["policy", "input", ARTIFACT, "--to", environment, "--config", config];
    Holdpoint::new(&[&request[..], &AS_OF, more].concat()).arg("--output").arg(folder).run()
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn it_writes_the_data_and_an_input_for_each_rule() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("new/seen");
    let run = input("production", &folder, &["--actor", "ada", "--context", r#"{"ticket": "OPS-1"}"#]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    let names = ["data.json", "promotion.digest_known.input.json", "promotion.deployed_before.input.json"];
    let written: Vec<String> = run.stdout.lines().map(str::to_owned).collect();
    assert_eq!(written.len(), 7, "{written:?}");
    assert_eq!(written[..3], names.map(|name| format!("wrote {}", folder.join(name).display())));
    let data = read(&folder.join("data.json"));
    assert_eq!(data.as_object().unwrap().keys().collect::<Vec<_>>(), ["holdpoint"]);
    assert_eq!(data["holdpoint"]["records"]["by_environment"]["staging"].as_array().unwrap().len(), 25);
    let seen = read(&folder.join("promotion.soak_time.input.json"));
    insta::assert_snapshot!("policy_input", serde_json::to_string_pretty(&seen).unwrap());
}

#[test]
fn one_rule_can_be_chosen() {
    let folder = tempfile::tempdir().unwrap();
    let run = input("production", folder.path(), &["--rule", "promotion.soak_time"]);
    assert_eq!(run.stdout.lines().count(), 2, "{run:?}");
    assert!(folder.path().join("promotion.soak_time.input.json").is_file());
}

#[test]
fn what_cannot_be_seen_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let none = folder.path().join("none.json");
    std::fs::write(&none, r#"{"deployment_records": []}"#).unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let with_none = ["--records", none.to_str().unwrap()];
    for (environment, output, more, code, said) in [
        (
            "production",
            "a",
            &["--rule", "promotion.soaktime"][..],
            2,
            "no rule `promotion.soaktime` applies to `production`",
        ),
        ("staging", "a", &[], 2, "no rule applies to `staging`"),
        ("prodution", "a", &[], 2, "did you mean `production`?"),
        ("production", "a", &with_none, 3, "are incomplete"),
        ("production", "file", &[], 2, "cannot be created"),
    ] {
        let run = input(environment, &folder.path().join(output), more);
        assert!(run.code == code && run.stderr.contains(said), "{more:?}: {run:?}");
        assert_eq!(run.stdout, "");
        assert!(!folder.path().join("a").exists(), "nothing is written");
    }
}
