//! The policies in holdpoint and in OPA: their tests, and what they say of the examples beside them.
//!
//! OPA is the binary that `HOLDPOINT_OPA` names, or `opa` of the search path. Without one these tests say that they
//! are skipped; `.ci/run` installs it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::support::cli::{Holdpoint, root};

/// The examples beside policies are no data of theirs.
const IGNORE: [&str; 2] = ["--ignore", "*.json"];

#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn opa() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("HOLDPOINT_OPA") {
        let path = PathBuf::from(named);
        assert!(path.is_file(), "HOLDPOINT_OPA names no file: {}", path.display());
        return Some(path);
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&folders).map(|folder| folder.join("opa")).find(|path| path.is_file());
    if found.is_none() {
        eprintln!("SKIPPED: there is no `opa`; name one in HOLDPOINT_OPA, or use `.ci/run test`");
    }
    found
}

/// What OPA writes, whatever its exit code; it must be JSON.
fn run(opa: &Path, arguments: &[&str]) -> Value {
    let output = Command::new(opa).args(arguments).current_dir(root()).stdin(Stdio::null()).output().unwrap();
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {arguments:?} {}", String::from_utf8_lossy(&output.stderr)))
}

/// The outcome of each test, by package and name.
fn outcomes(results: &Value) -> BTreeMap<(String, String), &'static str> {
    let text = |result: &Value, key: &str| result[key].as_str().unwrap().to_owned();
    let has = |result: &Value, key: &str| !matches!(result[key], Value::Null | Value::Bool(false));
    let outcome = |result: &Value| match result {
        result if has(result, "error") => "error",
        result if has(result, "fail") => "fail",
        result if has(result, "skip") => "skip",
        _ => "pass",
    };
    let results = results.as_array().unwrap();
    results.iter().map(|result| ((text(result, "package"), text(result, "name")), outcome(result))).collect()
}

#[test]
fn the_policies_tests_have_equal_results() {
    let Some(opa) = opa() else { return };
    let expected =
        outcomes(&run(&opa, &[&["test", "policies", "--format", "json", "--timeout", "60s"][..], &IGNORE].concat()));
    let run = Holdpoint::new(&["policy", "test", "policies", "--format", "json"]).run();
    assert!(expected.len() > 60, "{expected:#?}");
    assert_eq!(outcomes(&run.json()), expected);
}

/// Something said: how, the message, the code, and when it opens.
type Said = (String, String, String, Option<Timestamp>);

/// Evaluates a rule in holdpoint and, with what `policy input` writes, in OPA, and compares what it says.
fn compare(opa: &Path, config: &Path, policies: &Path, package: &str, request: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let with = |command: &[&str]| Holdpoint::new(&[command, request].concat()).arg("--config").arg(config);
    let decided = with(&["check", "--format", "json"]).run();
    let written = with(&["policy", "input", "--rule", package]).arg("--output").arg(folder.path()).run();
    assert_eq!(written.code, 0, "{package} {request:?}: {written:?}");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (data, input) = (path("data.json"), path(&format!("{package}.input.json")));
    let policies = policies.display().to_string();
    let query = format!("data.{package}");
    let files = ["--data", &policies, "--data", &data, "--input", &input];
    let results = run(opa, &[&["eval", "--strict-builtin-errors", &query][..], &files, &IGNORE].concat());
    let document = &results["result"][0]["expressions"][0]["value"];
    assert!(document.is_object(), "{package} {request:?}: {results}");
    assert_eq!(said_by_holdpoint(&decided.json(), package), said_by_rules(document), "{package} {request:?}");
}

fn said_by_holdpoint(decision: &Value, package: &str) -> BTreeSet<Said> {
    let findings = decision["findings"].as_array().unwrap().iter().filter(|finding| finding["policy"] == package);
    let said = findings.filter(|finding| finding["outcome"] != "passed");
    said.map(|finding| statement(finding["outcome"].as_str().unwrap(), finding)).collect()
}

/// What the rules of a package come to, as holdpoint reads them.
fn said_by_rules(document: &Value) -> BTreeSet<Said> {
    let mut said = BTreeSet::new();
    for (name, value) in document.as_object().unwrap() {
        let outcome = match name.split('_').next().unwrap() {
            "deny" | "violation" => "denied",
            "hold" => "held",
            "warn" => "warned",
            _ => continue,
        };
        let members = value.as_array().unwrap_or_else(|| panic!("`{name}` is {value}"));
        said.extend(members.iter().map(|member| statement(outcome, member)));
    }
    let objects = said.iter().any(|(outcome, ..)| outcome != "warned");
    if let (false, Value::String(reason)) = (objects, &document["skip_reason"]) {
        said.insert(statement("skipped", &json!({"message": reason, "code": "not_applicable"})));
    }
    said
}

fn statement(outcome: &str, member: &Value) -> Said {
    let text = |key: &str| member[key].as_str();
    let message = member.as_str().or_else(|| text("message")).or_else(|| text("msg")).unwrap();
    let opens_at = text("opens_at").map(|instant| instant.parse().unwrap());
    (outcome.to_owned(), message.to_owned(), text("code").unwrap_or(outcome).to_owned(), opens_at)
}

/// The examples beside the policies, with the name of each one's package.
fn examples(folder: &Path, found: &mut Vec<(String, PathBuf)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let in_examples = folder.file_name().is_some_and(|name| name == "examples");
        if path.is_dir() {
            examples(&path, found);
        } else if in_examples && path.extension().is_some_and(|extension| extension == "json") {
            let of_policy = folder.parent().unwrap().strip_prefix(root().join("policies")).unwrap();
            let names: Vec<_> = of_policy.iter().map(|name| name.to_str().unwrap()).collect();
            found.push((names.join("."), path));
        }
    }
}

#[test]
fn the_policies_say_the_same_of_their_examples() {
    let Some(opa) = opa() else { return };
    let policies = root().join("policies");
    let mut found = Vec::new();
    examples(&policies, &mut found);
    assert!(found.len() >= 6, "{found:?}");
    for (package, path) in found {
        let example: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("holdpoint.yaml");
        std::fs::write(&config, configuration(&package, &example, &policies).to_string()).unwrap();
        std::fs::write(folder.path().join("records.json"), snapshot(&example).to_string()).unwrap();
        let request = request(&example);
        let request: Vec<&str> = request.iter().map(String::as_str).collect();
        compare(&opa, &config, &policies, &package, &request);
    }
}

/// A configuration, which may be written as JSON, with one rule: the example's.
fn configuration(package: &str, example: &Value, policies: &Path) -> Value {
    let with_source = |environment: &Value| {
        let mut environment = environment.clone();
        environment["source"] = json!("saved");
        environment
    };
    let environments: Vec<Value> = example["environments"].as_array().unwrap().iter().map(with_source).collect();
    let parameters = example.get("parameters").cloned().unwrap_or_else(|| json!({}));
    json!({
        "version": 1,
        "sources": {"saved": {"type": "snapshot", "path": "records.json"}},
        "environments": environments,
        "policies": [policies],
        "rules": [{"policy": package, "parameters": parameters}],
    })
}

/// The example's records; of every place it is known whether something runs there.
fn snapshot(example: &Value) -> Value {
    let targets = |environment: &Value| match environment["targets"].as_array() {
        Some(targets) => targets.clone(),
        None => vec![environment["name"].clone()],
    };
    let targets = example["environments"].as_array().unwrap().iter().flat_map(targets);
    let environments: Vec<Value> = targets.map(|name| json!({"name": name})).collect();
    json!({"deployment_records": example["records"], "environments": environments})
}

/// The example's request on the command line.
fn request(example: &Value) -> Vec<String> {
    let request = &example["request"];
    let mut arguments = vec![request["artifact"].as_str().unwrap().to_owned()];
    let options = [
        ("--to", &request["environment"]),
        ("--deployment", &request["deployment_name"]),
        ("--intent", &request["intent"]),
        ("--actor", &request["actor"]),
        ("--reason", &request["reason"]),
        ("--context", &request["context"]),
        ("--as-of", &example["as_of"]),
    ];
    for (option, value) in options.into_iter().filter(|(_option, value)| !value.is_null()) {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        arguments.extend([option.to_owned(), value]);
    }
    arguments
}

#[test]
fn conftests_policies_say_the_same() {
    let Some(opa) = opa() else { return };
    let folder = root().join("examples/conftest");
    for (artifact, intent) in crate::compat::ARTIFACTS {
        let request = [artifact, "--to", "production", "--intent", intent, "--as-of", "2026-11-20T12:00:00Z"];
        compare(&opa, &folder.join("holdpoint.yaml"), &folder.join("policy"), "main", &request);
    }
}
