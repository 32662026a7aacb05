//! `holdpoint check` as a user runs it: output, errors and exit codes.

mod options;
mod places;
mod promotion;
pub(crate) mod reports;
mod run_context;
mod streams;
mod vsa;

use std::fs;
use std::path::Path;

use crate::support::cli::{Holdpoint, Run, root};

const EXAMPLE: &str = "examples/storefront/holdpoint.yaml";
const AS_OF: &str = "2026-11-20T12:00:00Z";

/// The digests of the example's story.
struct Example;

impl Example {
    const ALLOWED: &str = "sha256:b69dd5a569d41cc2907ce23296d17c6b944d6baa61e6c0fc7e86deace50fb7ba";
    const HELD: &str = "sha256:f1758c9bc9051a5cad13283423d750a54856b81ec92b86b872b14e4107f53270";
    const DENIED: &str = "sha256:7c1a15c800008d21736fecea10a0f7527d18af2f707a755bbdad97c78f546f20";
}

fn check(digest: &str, more: &[&str]) -> Run {
    check_by(EXAMPLE, digest, more)
}

fn check_by(config: &str, digest: &str, more: &[&str]) -> Run {
    let artifact = format!("ghcr.io/acme/storefront@{digest}");
    let arguments = ["check", artifact.as_str(), "--to", "production", "--config", config, "--as-of", AS_OF];
    Holdpoint::new(&[&arguments, more].concat()).run()
}

#[test]
fn the_example_is_allowed_held_and_denied() {
    for (digest, name, code) in
        [(Example::ALLOWED, "allow", 0), (Example::HELD, "hold", 4), (Example::DENIED, "deny", 1)]
    {
        let run = check(digest, &[]);
        assert_eq!(run.code, code, "{run:?}");
        insta::assert_snapshot!(format!("check_{name}"), run.shown());
    }
}

#[test]
fn the_readme_shows_what_the_program_prints() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    for (digest, name) in [(Example::ALLOWED, "allow"), (Example::HELD, "hold"), (Example::DENIED, "deny")] {
        let shown = readme.split_once(&format!("<!-- output: {name} -->\n```text\n")).expect(name).1;
        let shown = shown.split_once("```").unwrap().0;
        let printed = if name == "allow" { check_by_ledger(digest) } else { check(digest, &[]).stdout };
        let differing: &[&str] = if name == "allow" { &["  Decision", "  Records"] } else { &["  Decision"] };
        let without_digests = |text: &str| {
            let differs =
                |line: &&str| !line.starts_with("  Policies") && !differing.iter().any(|start| line.starts_with(start));
            text.lines().filter(differs).collect::<Vec<_>>().join("\n")
        };
        assert_eq!(
            without_digests(shown),
            without_digests(&printed),
            "{name}: paste the program's output into the README"
        );
    }
}

/// The example's decision by a ledger made of the example's records, as in the README.
fn check_by_ledger(digest: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let (ledger, config) = (folder.path().join("ledger.db"), folder.path().join("holdpoint.yaml"));
    let text = fs::read_to_string(root().join("examples/ledger/holdpoint.yaml")).unwrap();
    fs::write(&config, text.replace("../../", &format!("{}/", root().display()))).unwrap();
    let records = root().join("examples/storefront/records.json");
    let imported =
        Holdpoint::new(&["ledger", "import", records.to_str().unwrap(), "--ledger", ledger.to_str().unwrap()]).run();
    assert_eq!(imported.code, 0, "{imported:?}");
    check_by(config.to_str().unwrap(), digest, &[]).stdout
}

#[test]
fn the_verdict_is_the_same_in_every_format() {
    for (digest, code) in [(Example::ALLOWED, 0), (Example::HELD, 4), (Example::DENIED, 1)] {
        for format in ["text", "json", "markdown", "github", "junit", "sarif", "tap"] {
            let run = check(digest, &["--format", format]);
            assert_eq!(run.code, code, "{format}: {run:?}");
        }
    }
}

#[test]
fn the_decision_document_is_whole() {
    insta::assert_snapshot!("check_json", check(Example::HELD, &["--format", "json"]).shown());
}

#[test]
fn the_order_of_records_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let text = fs::read_to_string(root().join("examples/storefront/records.json")).unwrap();
    let mut snapshot: serde_json::Value = serde_json::from_str(&text).unwrap();
    let stable = |run: Run| {
        let mut json = run.json();
        json["id"] = serde_json::Value::Null;
        json["duration_ms"] = serde_json::Value::Null;
        json
    };
    for digest in [Example::ALLOWED, Example::HELD, Example::DENIED] {
        let expected = stable(check(digest, &["--format", "json"]));
        for _ in 0..5 {
            let records = snapshot["deployment_records"].as_array_mut().unwrap();
            records.rotate_left(7);
            records.swap(0, 3);
            let path = folder.path().join("shuffled.json");
            fs::write(&path, snapshot.to_string()).unwrap();
            let run = check(digest, &["--format", "json", "--records", path.to_str().unwrap()]);
            assert_eq!(stable(run), expected);
        }
    }
}

#[test]
fn several_artifacts_have_one_combined_verdict() {
    let of = |digest: &str| format!("ghcr.io/acme/storefront@{digest}");
    let (allowed, held, denied) = (of(Example::ALLOWED), of(Example::HELD), of(Example::DENIED));
    for (artifacts, verdict, code) in [
        (vec![&allowed, &held], "hold", 4),
        (vec![&held, &denied, &allowed], "deny", 1),
        (vec![&allowed, &allowed], "allow", 0),
    ] {
        let mut run = Holdpoint::new(&["check", "--to", "production", "--config", EXAMPLE, "--as-of", AS_OF]);
        for artifact in &artifacts {
            run = run.arg(artifact);
        }
        let run = run.arg("--format").arg("json").run();
        assert_eq!((run.verdict().as_str(), run.code), (verdict, code));
        assert_eq!(run.json()["decisions"].as_array().unwrap().len(), artifacts.len());
    }
}

#[test]
fn output_goes_to_a_file_as_a_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("decision.json");
    let run = check(Example::DENIED, &["--format", "json", "--output", path.to_str().unwrap()]);
    assert_eq!((run.code, run.stdout.as_str()), (1, ""));
    let decision: serde_json::Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(decision["verdict"], "deny");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no part is left behind");
    for digest in [Example::ALLOWED, Example::DENIED] {
        let run = check(digest, &["--output", "/no/such/folder/decision.txt"]);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "nothing is decided: {run:?}");
    }
    let run = check(Example::ALLOWED, &["--output", "-"]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run:?}");
    assert!(run.stderr.contains("hint: leave `--output` out to write to standard output"), "{run:?}");
}

#[test]
fn wrong_usage_and_configuration_decide_nothing() {
    let mut shown = String::new();
    let artifact = format!("ghcr.io/acme/storefront@{}", Example::ALLOWED);
    let good = ["--to", "production", "--config", EXAMPLE];
    let cases: &[(&str, Vec<&str>)] = &[
        ("a tag is no digest", [&["ghcr.io/acme/storefront:v1"], good.as_slice()].concat()),
        ("an upper-case digest", [&["ghcr.io/acme/storefront@SHA256:ABC"], good.as_slice()].concat()),
        ("an unknown environment", vec![&artifact, "--to", "prodution", "--config", EXAMPLE]),
        ("no configuration", vec![&artifact, "--to", "production", "--config", "no/such.yaml"]),
        ("a folder without policies", [&[artifact.as_str(), "--policy", "docs"], good.as_slice()].concat()),
        ("a policy that is missing", [&[artifact.as_str(), "--policy", "policies/lib"], good.as_slice()].concat()),
        ("a context that is no object", [&[artifact.as_str(), "--context", "[1]"], good.as_slice()].concat()),
        ("a context that is no JSON", [&[artifact.as_str(), "--context", "{"], good.as_slice()].concat()),
        ("an instant that is none", [&[artifact.as_str(), "--as-of", "yesterday"], good.as_slice()].concat()),
        ("a wait that is none", [&[artifact.as_str(), "--wait", "-5m"], good.as_slice()].concat()),
        ("a wait without a unit", [&[artifact.as_str(), "--wait", "15"], good.as_slice()].concat()),
        ("a deployment without a name", [&[artifact.as_str(), "--deployment", ""], good.as_slice()].concat()),
        ("an actor without a name", [&[artifact.as_str(), "--actor", " "], good.as_slice()].concat()),
    ];
    for (name, arguments) in cases {
        let run = Holdpoint::new(&[["check"].as_slice(), arguments].concat()).run();
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{name}: {run:?}");
        shown = format!("{shown}## {name}\n{}\n", run.stderr);
    }
    insta::assert_snapshot!("usage_errors", shown);
}

#[test]
fn records_that_cannot_be_read_are_undecided() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    for (name, path) in [
        ("missing", "no/such.json".to_owned()),
        ("empty", write("empty", "")),
        ("html", write("html", "<html>login</html>")),
        ("other", write("other", "{\"items\": []}")),
        ("no records", write("none", "{\"deployment_records\": []}")),
        ("half", write("half", "{\"deployment_records\": [], \"pagination\": {\"total_count\": 5}}")),
    ] {
        let run = check(Example::ALLOWED, &["--format", "json", "--records", &path]);
        assert_eq!((run.code, run.verdict().as_str()), (3, "undecided"), "{name}");
        let findings = run.json()["findings"].clone();
        assert_eq!(findings[0]["outcome"], "failed", "{name}: {findings}");
        assert!(findings.as_array().unwrap()[1..].iter().all(|finding| finding["outcome"] != "passed"));
    }
}

#[test]
fn init_writes_an_example_that_decides() {
    let folder = tempfile::tempdir().unwrap();
    let run = Holdpoint::new(&["init"]).directory(folder.path()).run();
    assert_eq!(run.code, 0, "{run:?}");
    let again = Holdpoint::new(&["init"]).directory(folder.path()).run();
    assert_eq!(again.code, 2, "nothing is overwritten: {again:?}");
    assert!(again.stderr.contains("holdpoint.yaml"), "{again:?}");
    let listed = Holdpoint::new(&["records", "--format", "json", "--full-history"]).directory(folder.path()).run();
    assert_eq!(listed.code, 0, "{listed:?}");
    let listed = listed.json();
    let verdicts = listed["records"].as_array().unwrap().iter().map(|record| {
        let digest = record["artifact"]["digest"].as_str().unwrap().to_owned();
        let run = Holdpoint::new(&["check", &digest, "--to", "production", "--format", "json"])
            .directory(folder.path())
            .run();
        run.verdict()
    });
    let verdicts: std::collections::BTreeSet<String> = verdicts.collect();
    assert!(verdicts.contains("allow") && verdicts.contains("deny"), "{verdicts:?}");
}

#[test]
fn the_committed_schema_is_the_programs() {
    let run = Holdpoint::new(&["schema"]).run();
    let committed = fs::read_to_string(root().join("docs/holdpoint.schema.json")).unwrap();
    assert!(run.stdout == committed, "run: cargo run -- schema > docs/holdpoint.schema.json");
}

#[test]
fn help_teaches() {
    insta::assert_snapshot!("help", Holdpoint::new(&["--help"]).run().shown());
    insta::assert_snapshot!("help_check", Holdpoint::new(&["check", "--help"]).run().shown());
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let program = env!("CARGO_BIN_EXE_holdpoint");
    let artifact = format!("ghcr.io/acme/storefront@{}", Example::DENIED);
    let script =
        format!("'{program}' check {artifact} --to production --config {EXAMPLE} | true; exit ${{PIPESTATUS[0]}}");
    let output = std::process::Command::new("bash").args(["-c", &script]).current_dir(root()).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}

/// A folder with a configuration, one environment `production`, and whatever policies a test writes.
pub(crate) fn project(folder: &Path, configuration: &str, policy: &str) {
    fs::create_dir_all(folder.join("policies")).unwrap();
    fs::write(folder.join("holdpoint.yaml"), configuration).unwrap();
    fs::write(folder.join("policies/policy.rego"), policy).unwrap();
}

const ONE_ENVIRONMENT: &str = "version: 1
sources: {saved: {type: snapshot, path: records.json}}
environments: [{name: production}]
policies: [policies]
";
pub(crate) const KNOWN: &str =
    r#"{"deployment_records": [], "environments": [{"name": "production"}], "observed_at": "2026-11-20T11:00:00Z"}"#;

fn judged(rules: &str, policy: &str, records: &str) -> Run {
    let folder = tempfile::tempdir().unwrap();
    project(folder.path(), &format!("{ONE_ENVIRONMENT}{rules}"), policy);
    fs::write(folder.path().join("records.json"), records).unwrap();
    let arguments = ["check", Example::ALLOWED, "--to", "production", "--as-of", AS_OF, "--format", "json"];
    Holdpoint::new(&arguments).directory(folder.path()).run()
}

#[test]
fn only_an_enforced_rule_that_applies_allows() {
    let silent = "package p\ndeny contains \"no\" if { false }";
    let cases = [
        ("enforced", "rules: [{policy: p}]", silent, 0),
        ("only warns", "rules: [{policy: p, enforcement: warn}]", silent, 3),
        ("only tried", "rules: [{policy: p, enforcement: dry_run}]", silent, 3),
        (
            "skips itself",
            "rules: [{policy: p}]",
            "package p\ndeny contains \"no\" if { false }\nskip_reason := \"not mine\"",
            3,
        ),
        (
            "skips and warns",
            "rules: [{policy: p}]",
            "package p\ndeny contains \"no\" if { false }\nwarn contains \"hm\"\nskip_reason := \"not mine\"",
            3,
        ),
        ("skips and denies", "rules: [{policy: p}]", "package p\ndeny contains \"no\"\nskip_reason := \"not mine\"", 1),
        (
            "nothing judges, which is allowed",
            "rules: [{policy: p, enforcement: warn}]\nwhen_no_rule_applies: allow",
            silent,
            0,
        ),
        (
            "a denial that only warns",
            "rules: [{policy: p, enforcement: warn}]\nwhen_no_rule_applies: allow",
            "package p\ndeny contains \"no\"",
            0,
        ),
        ("fails", "rules: [{policy: p}]", "package p\ndeny contains x if { x := to_number(\"x\") }", 3),
        (
            "fails beside a denial",
            "rules: [{policy: p}, {policy: q}]",
            "package p\ndeny contains x if { x := to_number(\"x\") }",
            2,
        ),
    ];
    for (name, rules, policy, code) in cases {
        assert_eq!(judged(rules, policy, KNOWN).code, code, "{name}");
    }
}

#[test]
fn a_hold_opens_when_all_know_when() {
    let hold = |opens: &str| {
        format!(
            "package p\nhold contains {{\"message\": \"later\"{opens}}}\nhold contains {{\"message\": \"sooner\", \"opens_at\": \"2026-11-20T13:00:00Z\"}}"
        )
    };
    let known = judged("rules: [{policy: p}]", &hold(", \"opens_at\": \"2026-11-21T08:00:00Z\""), KNOWN);
    assert_eq!((known.code, known.json()["opens_at"].as_str()), (4, Some("2026-11-21T08:00:00Z")));
    let unknown = judged("rules: [{policy: p}]", &hold(""), KNOWN);
    assert_eq!((unknown.code, unknown.json().get("opens_at")), (4, None));
}

#[test]
fn one_place_is_no_two_environments() {
    let folder = tempfile::tempdir().unwrap();
    let configuration = "version: 1
sources: {saved: {type: snapshot, path: records.json}}
environments:
  - {name: staging, logical_environment: Stage}
  - {name: production, after: [staging], targets: [cluster]}
policies: [policies]
rules: [{policy: p}]
";
    project(folder.path(), configuration, "package p\ndeny contains \"no\" if { false }");
    let shared = r#"{"deployment_records": [], "environments": [{"name": "cluster", "logical_environment": {"name": "Stage"}}]}"#;
    fs::write(folder.path().join("records.json"), shared).unwrap();
    let arguments = ["check", Example::ALLOWED, "--to", "production", "--format", "json"];
    let run = Holdpoint::new(&arguments).directory(folder.path()).run();
    assert_eq!((run.code, run.json()["findings"][0]["code"].as_str()), (3, Some("target_shared")), "{run:?}");
}

#[test]
fn old_records_are_undecided() {
    let folder = tempfile::tempdir().unwrap();
    let configuration = ONE_ENVIRONMENT.replace("name: production", "name: production, max_record_age: 1h");
    project(
        folder.path(),
        &format!("{configuration}rules: [{{policy: p}}]"),
        "package p\ndeny contains \"no\" if { false }",
    );
    fs::write(folder.path().join("records.json"), KNOWN).unwrap();
    let cases = [
        ("2026-11-20T12:00:00Z", 0),
        ("2026-11-20T12:00:01Z", 3),
        ("2026-11-20T10:55:00Z", 0),
        ("2026-11-20T10:54:59Z", 3),
    ];
    for (as_of, code) in cases {
        let arguments = ["check", Example::ALLOWED, "--to", "production", "--as-of", as_of];
        assert_eq!(Holdpoint::new(&arguments).directory(folder.path()).run().code, code, "{as_of}");
    }
    let undated = KNOWN.replace(", \"observed_at\": \"2026-11-20T11:00:00Z\"", "");
    fs::write(folder.path().join("records.json"), undated).unwrap();
    let run = Holdpoint::new(&["check", Example::ALLOWED, "--to", "production"]).directory(folder.path()).run();
    assert_eq!(run.code, 3, "records of unknown age: {run:?}");
}
