use std::time::Duration;

use proptest::prelude::*;
use regorus::Value;

use super::super::files::PolicyFile;
use super::super::gather::Gathered;
use super::sources;
use super::values::Shortener;

fn explainable(text: &str) -> (regorus::Engine, sources::Explainable) {
    let file = PolicyFile { path: "p.rego".to_owned(), text: text.to_owned(), version: None };
    sources::build(&Gathered::of_files(vec![file]), Duration::from_secs(1)).map_err(|fault| fault.to_string()).unwrap()
}

#[test]
fn each_clause_answers_for_itself() {
    let policies = [
        "package p\ndeny contains \"a\" if true\ndeny contains \"b\" if {\n\tx := 1\n\tx == 1\n}\n\ndeny contains \"c\" if false # end",
        "package p\n\nimport rego.v1\n\ndeny contains msg if {\n\tsome msg in {\"a\"}\n}\ndeny contains \"b\"\ndeny contains `c` if 1 == 2",
        "package p\ndeny[msg] { msg := \"a\" }\ndeny[\"b\"] { true }\ndeny[msg] { msg := \"c\"; false }",
        "package p\nimport future.keywords.contains\ndeny contains msg { msg := \"a\" }\ndeny contains \"b\" { true }\ndeny contains \"c\" { false }",
    ];
    for text in policies {
        let (mut engine, explainable) = explainable(text);
        engine.set_input(Value::new_object());
        let mut said =
            |rule: &str| engine.eval_rule(rule.to_owned()).unwrap().to_json_str().unwrap().replace(['\n', ' '], "");
        let answers: Vec<String> = explainable.clauses_of("p").iter().map(|(_clause, rule)| said(rule)).collect();
        assert_eq!(answers, [r#"["a"]"#, r#"["b"]"#, "[]"], "{text}");
        assert_eq!(said("data.p.deny"), r#"["a","b"]"#, "{text}");
    }
}

#[test]
fn a_policy_that_uses_the_names_of_copies_is_explained_too() {
    let text =
        "package p\nholdpoint_clause_1 := 7\nholdpoint_clause__1 := 8\ndeny contains \"a\" if holdpoint_clause_1 == 7";
    let (mut engine, explainable) = explainable(text);
    engine.set_input(Value::new_object());
    let names: Vec<&str> = explainable.values_of("p").iter().map(|(name, _rule)| name.as_str()).collect();
    assert_eq!(names, ["holdpoint_clause_1", "holdpoint_clause__1"]);
    let (_clause, rule) = &explainable.clauses_of("p")[0];
    assert_eq!(engine.eval_rule(rule.clone()).unwrap().to_json_str().unwrap().replace(['\n', ' '], ""), r#"["a"]"#);
}

#[test]
fn values_are_cut_and_what_is_cut_is_counted() {
    let long = format!("[{}1]", "1, ".repeat(99_999));
    let deep = format!("{}1{}", "[".repeat(60), "]".repeat(60));
    let cases = [
        (long.as_str(), r#"[1,1,1,1,1,1,1,1,1,1,1,1,"… 99988 more"]"#),
        (deep.as_str(), r#"[[[[[["… 1 more"]]]]]]"#),
        (r#"{"a": null, "b": [true, 1.5, -3]}"#, r#"{"a":null,"b":[true,1.5,-3]}"#),
        (r#"{"id": "r1", "environment_name": "e", "status": "DEPLOYED", "artifact": {}}"#, r#"{"record":"r1"}"#),
        (r#"{"id": "r1", "status": "DEPLOYED"}"#, r#"{"id":"r1","status":"DEPLOYED"}"#),
    ];
    for (json, expected) in cases {
        let shortened = Shortener::default().shorten(&Value::from_json_str(json).unwrap()).unwrap();
        assert_eq!(shortened.to_string(), expected);
    }
    let text = Value::from("é".repeat(10_000));
    assert!(Shortener::default().shorten(&text).unwrap().to_string().len() < 400);
    assert_eq!(Shortener::default().shorten(&Value::Undefined), None);
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        "\\PC{0,400}".prop_map(Into::into),
    ];
    leaf.prop_recursive(8, 512, 24, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..24).prop_map(Into::into),
            prop::collection::btree_map("[a-z]{0,3}", inner, 0..24).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn no_value_is_long(json in json()) {
        let shortened = Shortener::default().shorten(&Value::from(json.clone())).unwrap();
        prop_assert!(shortened.to_string().len() < 200_000);
        let small = json.to_string().len() < 12;
        prop_assert!(!small || shortened == json, "what is small stays as it is: {shortened}");
    }
}
