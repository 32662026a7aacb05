//! `policy list`: environments in order, parameters with defaults, what no rule names.

use std::fmt::Write as _;
use std::fs;

use crate::support::cli::{Holdpoint, Run};

const CONFIG: &str = "version: 1
sources:
  saved: {type: snapshot, path: records.json}
environments:
  - {name: production, after: [qa, staging]}
  - {name: dev}
  - {name: qa, after: [dev]}
  - {name: staging, after: [dev]}
  - {name: sandbox}
policies: [policies]
rules:
  - policy: release.gate
    environments: [staging, production]
    parameters: {minimum: 24h}
  - policy: release.gate
    environments: [production]
    parameters: {minimum: 7d, windows: [{from: \"2026-12-20\", to: \"2027-01-04\"}], strategy: any}
    enforcement: dry_run
  - policy: plain
    environments: [qa]
    parameters: {other: true}
    enforcement: warn
";

const GATE: &str = "# METADATA
# title: Release gate
# description: Nothing goes out.
# custom:
#   severity: high
#   version: 1.2.0
#   remediation: Wait.
#   parameters:
#     type: object
#     additionalProperties: false
#     required: [minimum]
#     properties:
#       minimum: {description: How long., type: string}
#       strategy: {description: How., enum: [all, any], default: all}
#       windows: {description: When., type: array}
package release.gate

deny contains \"no\"
";

const PLAIN: &str = "package plain

warn contains \"no\"
";

const UNUSED: &str = "# METADATA
# title: \"\\e[31mNever | <b>named</b>\"
package release.unused

deny contains \"no\"
";

const HELPER: &str = "package lib.words

word := \"no\"
";

fn list(config: &str, arguments: &[&str]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let policies = folder.path().join("policies");
    fs::create_dir(&policies).unwrap();
    for (name, text) in [("gate", GATE), ("plain", PLAIN), ("unused", UNUSED), ("words", HELPER)] {
        fs::write(policies.join(format!("{name}.rego")), text).unwrap();
    }
    fs::write(folder.path().join("holdpoint.yaml"), config).unwrap();
    Holdpoint::new(&["policy", "list"]).args(arguments).directory(folder.path()).run()
}

#[test]
fn every_format_lists_every_rule() {
    let mut shown = String::new();
    for format in ["text", "json", "markdown"] {
        let run = list(CONFIG, &["--format", format]);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""));
        write!(shown, "=== {format}\n{}\n", run.stdout).unwrap();
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn environments_are_chosen() {
    let run = list(CONFIG, &["--environment", "sandbox", "-e", "qa", "--format", "json"]);
    let names: Vec<_> = run.json()["environments"].as_array().unwrap().iter().map(|one| one["name"].clone()).collect();
    assert_eq!(names, ["qa", "sandbox"]);
    let run = list(CONFIG, &["--environment", "prodution"]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("did you mean `production`?"), "{}", run.stderr);
}

#[test]
fn what_happens_without_rules_is_what_is_configured() {
    let allowing = CONFIG.replace("rules:", "when_no_rule_applies: allow\nrules:");
    let run = list(&allowing, &["--environment", "sandbox"]);
    assert!(run.stdout.contains("no rule applies: every request is allowed"), "{}", run.stdout);
}

#[test]
fn a_configuration_that_cannot_be_loaded_is_told() {
    let run = list(&CONFIG.replace("policy: plain", "policy: plian"), &[]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("did you mean `plain`?"), "{}", run.stderr);
}

#[test]
fn the_example_is_listed() {
    insta::assert_snapshot!(
        Holdpoint::new(&["policy", "list", "-c", "examples/storefront/holdpoint.yaml"]).run().shown()
    );
}
