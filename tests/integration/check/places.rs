//! The files that annotations and code scanning point at.

use std::fs;

use super::{AS_OF, Example, ONE_ENVIRONMENT, project};
use crate::support::cli::{Holdpoint, Run};

const DENIES: &str = "package p\ndeny contains \"no\"";

/// A repository with a project in `gate`, asked from `from` below the repository.
fn judged(format: &str, records: &str, from: &str, is_github_run: bool) -> Run {
    let repository = tempfile::tempdir().unwrap();
    let gate = repository.path().join("gate");
    project(&gate, &format!("{ONE_ENVIRONMENT}rules: [{{policy: p}}]"), DENIES);
    fs::write(gate.join("records.json"), records).unwrap();
    let arguments = ["check", Example::ALLOWED, "--to", "production", "--as-of", AS_OF, "--format", format];
    let configuration = gate.join("holdpoint.yaml");
    let run = Holdpoint::new(&arguments).arg("--config").arg(configuration).directory(&repository.path().join(from));
    let run = if is_github_run { run.env("GITHUB_WORKSPACE", repository.path().to_str().unwrap()) } else { run };
    run.run()
}

#[test]
fn files_are_named_by_their_paths_in_the_repository() {
    for (from, is_github_run, shown) in [
        ("", false, "gate/policies/policy.rego"),
        ("", true, "gate/policies/policy.rego"),
        ("gate", true, "gate/policies/policy.rego"),
        ("gate", false, "policies/policy.rego"),
    ] {
        let github = judged("github", super::KNOWN, from, is_github_run);
        assert!(github.stdout.contains(&format!("::error file={shown},line=2,")), "{from}: {github:?}");
        let sarif = judged("sarif", super::KNOWN, from, is_github_run).json();
        let place = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], shown, "{from}: {sarif}");
    }
}

#[test]
fn every_result_for_code_scanning_has_a_file() {
    let run = judged("sarif", "no records", "", true);
    assert_eq!(run.code, 3, "{run:?}");
    let results = run.json()["runs"][0]["results"].clone();
    // The rules that were skipped are no alerts.
    assert_eq!(results.as_array().unwrap().len(), 1, "{results}");
    let place = &results[0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "gate/holdpoint.yaml", "{results}");
    assert_eq!(place["region"]["startLine"], 1, "{results}");
}
