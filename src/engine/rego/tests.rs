//! What the engine does without its guards.

mod opa_cases;

use std::collections::BTreeSet;
use std::time::Duration;

use regorus::{Engine, Value};

use super::load::{add, new_engine};
use super::{analysis, builtins, files};

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
        Ok(_added) => analysis::check(engine.get_modules()).into_iter().map(|fault| fault.code).collect(),
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
        let faults = analysis::check(engine.get_modules());
        assert_eq!(faults.first().map(|fault| fault.code), Some(code), "{files:?}: {faults:?}");
    }
}

#[test]
fn what_the_engine_would_not_evaluate_is_refused() {
    let lib = "package lib\nbad contains \"x\"";
    let other = "package p.r\nbad contains \"x\"";
    for (rules, refused) in [
        ("deny contains 1 if data[input.k].bad.x", true),
        ("deny contains 1 if { some k; data[k].bad[_] == \"x\" }", true),
        ("deny contains 1 if data[`lib`].bad.x", true),
        ("deny contains 1 if data[input.k][\"bad\"].x", true),
        ("import data as d\ndeny contains 1 if d.lib.bad.x", true),
        ("import input.k as k\ndeny contains 1 if data[k].bad.x", true),
        ("import data.p.q as me\nh contains \"x\"\ndeny contains 1 if me.h.x", true),
        ("import data.p as above\nh contains \"x\"\ndeny contains 1 if above.q.h.x", true),
        ("h contains \"x\"\ndeny contains 1 if data.p[input.k].h.x", true),
        ("h := {\"i\": 1}\ndeny contains 1 if data.p.q[`h`].i", true),
        ("deny contains 1 if data.lib[input.k].x", false),
        ("deny contains 1 if data.p.r[input.k].x", false),
        ("deny contains 1 if data[\"lib\"].bad.x", false),
        ("deny contains 1 if data[input.k].table.x", false),
        ("import data.lib as l\ndeny contains 1 if { some k; l[k].x }", false),
        ("import data.p as above\ndeny contains 1 if above.r.bad.x", false),
        ("import data.p.q.h as me\nh contains \"x\"\ndeny contains 1 if me.x", false),
        ("import data as d\ndeny contains 1 if { some d in [{}]; d.lib.bad.x }", false),
    ] {
        let mut engine = new_engine(Duration::from_secs(1)).unwrap();
        for (path, text) in [("lib.rego", lib), ("r.rego", other), ("q.rego", &format!("package p.q\n{rules}"))] {
            let file = files::PolicyFile { path: path.to_owned(), text: text.to_owned(), version: None };
            add(&mut engine, &file).unwrap();
        }
        let faults: Vec<_> = analysis::check(engine.get_modules()).into_iter().map(|fault| fault.code).collect();
        assert_eq!(faults, if refused { vec!["unseen_rule"] } else { vec![] }, "{rules}");
    }
}

#[test]
fn many_cycles_are_found_soon() {
    let rules = (0..1000).map(|number| format!("r{number} := data.p[input.x{number}].z if false\n"));
    let started = std::time::Instant::now();
    let policy = format!("package p\n{}", rules.collect::<String>());
    assert!(refused(&policy).contains(&"recursion"));
    assert!(started.elapsed() < Duration::from_mins(1));
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
