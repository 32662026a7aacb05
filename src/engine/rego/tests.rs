//! What the engine does without its guards, and the policies' own tests with them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use regorus::{Engine, Value};

use super::load::{add, new_engine};
use super::{analysis, builtins, files, worker};

/// A plain engine with one policy and this data.
fn plain(policy: &str, data: &str) -> Engine {
    let mut engine = Engine::new();
    engine.add_policy("policy.rego".to_owned(), policy.to_owned()).unwrap();
    engine.add_data(Value::from_json_str(data).unwrap()).unwrap();
    engine
}

#[test]
fn data_at_the_path_of_a_rule_overrules_it() {
    let policy = "package gate\ndeny contains \"always\"";
    let denials = |data: &str| plain(policy, data).eval_rule("data.gate.deny".to_owned()).unwrap();
    assert_eq!(denials("{}"), as_set(&Value::from_json_str(r#"["always"]"#).unwrap()));
    assert_eq!(denials(r#"{"gate": {"deny": []}}"#), Value::new_array(), "the denial is gone");
    // So records live under a root of their own, which no policy may define.
    let faults = refused("package holdpoint.records\ndeny contains \"x\"");
    assert_eq!(faults, ["reserved_package"]);
}

fn as_set(array: &Value) -> Value {
    Value::from(array.as_array().unwrap().iter().cloned().collect::<BTreeSet<_>>())
}

/// The codes of the faults that keep this policy from being loaded.
fn refused(policy: &str) -> Vec<&'static str> {
    let mut engine = new_engine(Duration::from_secs(1)).unwrap();
    let file = files::PolicyFile { path: "policy.rego".to_owned(), text: policy.to_owned(), version: None };
    match add(&mut engine, &file) {
        Ok(_metadata) => analysis::check(engine.get_modules(), &[]).into_iter().map(|fault| fault.code).collect(),
        Err(fault) => vec![fault.code],
    }
}

#[test]
fn as_v0_a_condition_of_v1_vanishes() {
    let mixed = "package p\nok if { input.urgent }\ndeny[msg] { not ok; msg := \"not ok\" }";
    let mut engine = Engine::new();
    engine.set_rego_v0(true);
    engine.add_policy("policy.rego".to_owned(), mixed.to_owned()).unwrap();
    let denials = engine.eval_rule("data.p.deny".to_owned()).unwrap();
    assert_eq!(denials, Value::from(BTreeSet::new()), "`ok` is true, whatever the input");
    assert_eq!(refused(mixed), ["policy_invalid"]);
    assert_eq!(refused("package p\ndeny[msg] { not input.ok; msg := \"not ok\" }"), Vec::<&str>::new());
}

#[test]
fn what_the_engine_merges_silently_is_refused() {
    for (files, code) in [
        (
            vec!["package a\nb.deny contains \"no\" if true", "package a.b\nwarn contains \"w\" if false"],
            "rule_in_other_package",
        ),
        (vec!["package p\nok(x) if x.a == 2", "package p\nok(x) if { x.b == 2; x.c == 5 }"], "function_in_two_files"),
        (vec!["package a[\"b.c\"]\ndeny contains \"no\" if true"], "package_name"),
    ] {
        let mut engine = new_engine(Duration::from_secs(1)).unwrap();
        for (number, text) in files.iter().enumerate() {
            let file = files::PolicyFile { path: format!("{number}.rego"), text: (*text).to_owned(), version: None };
            add(&mut engine, &file).unwrap();
        }
        let faults = analysis::check(engine.get_modules(), &[]);
        assert_eq!(faults.first().map(|fault| fault.code), Some(code), "{files:?}: {faults:?}");
    }
}

#[test]
fn many_cycles_are_found_soon() {
    let rules = (0..1000).map(|number| format!("r{number} := data.p[input.x{number}].z if false\n"));
    let started = std::time::Instant::now();
    let policy = format!("package p\n{}", rules.collect::<String>());
    assert!(refused(&policy).contains(&"recursion"));
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_join_without_a_time_limit_goes_on() {
    let join = "package p\ndeny contains x if { some x in numbers.range(1, 300); some y in numbers.range(1, 300); some z in numbers.range(1, 20); x + y + z < 0 }";
    let unbounded = plain(join, "{}").eval_rule("data.p.deny".to_owned());
    assert!(unbounded.is_ok(), "1.8 million steps, and nothing asks whether they may be taken");
    let mut bounded = new_engine(Duration::from_millis(20)).unwrap();
    bounded.add_policy("policy.rego".to_owned(), join.to_owned()).unwrap();
    let error = builtins::at_instant(0, || bounded.eval_rule("data.p.deny".to_owned())).unwrap_err();
    assert!(error.to_string().contains("time limit"), "{error}");
}

/// Every `.rego` file of the repository's policies, tests too.
fn policy_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            policy_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rego") {
            found.push(path);
        }
    }
}

#[test]
fn the_starter_policies_pass_their_tests() {
    let mut paths = Vec::new();
    policy_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("policies"), &mut paths);
    paths.sort();
    let results = worker::on_large_stack(|| run_tests(&files::read(&paths).unwrap().policies)).unwrap();
    assert!(results.len() > 60, "found {} tests", results.len());
    let failed: Vec<&String> = results.iter().filter(|(_, passed)| !passed).map(|(name, _)| name).collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

/// The name of each `test_` rule, and whether it came to `true`.
fn run_tests(files: &[files::PolicyFile]) -> Vec<(String, bool)> {
    let mut engine = new_engine(Duration::from_secs(10)).unwrap();
    for file in files {
        add(&mut engine, file).unwrap();
    }
    assert_eq!(analysis::check(engine.get_modules(), &[]), []);
    let first: Arc<str> = "data.promotion.deployed_before.deny".into();
    let compiled = engine.compile_with_entrypoint(&first).unwrap();
    let is_test = |path: &&String| path.rsplit('.').next().is_some_and(|name| name.starts_with("test_"));
    let tests: Vec<String> = compiled.get_rules().keys().filter(is_test).cloned().collect();
    let run = |test: String| {
        let result = builtins::at_instant(0, || engine.eval_rule(test.clone()));
        let passed = matches!(result, Ok(Value::Bool(true)));
        let shown = result.map_or_else(|error| super::fault::one_line(&error), |value| value.to_string());
        (format!("{test}: {shown}"), passed)
    };
    tests.into_iter().map(run).collect()
}
