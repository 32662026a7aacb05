//! What comes of tests, and how it is shown.

use super::{folder, outcome, results, shown, test, test_text};

const EACH_OUTCOME: &str = "package a_test

import data.a

test_passes if a.double(1) == 2

test_fails if {
	print(\"doubled\", a.double(1))
	some number in [1, 2]
	a.double(number) == 3
}

test_is_no_boolean := {1, 2}

test_errs if to_number(\"x\") == 1

test_cases[name] if {
	some name, given in {\"one\": {\"of\": 1, \"is\": 2}, \"two\": {\"of\": 2, \"is\": 5}}
	a.double(given.of) == given.is
}

test_without_cases[name] if some name, _ in {}

todo_later if false
";

const POLICY: &str = "package a\n\ndouble(x) := x * 2\n";

#[test]
fn each_outcome_is_shown() {
    let folder = folder(&[("policies/a.rego", POLICY), ("policies/a_test.rego", EACH_OUTCOME)]);
    for (name, arguments) in [
        ("text", &[][..]),
        ("verbose", &["--verbose"]),
        ("passing", &["--run", "passes|todo"]),
        ("only_verbose", &["--run", "test_passes", "-v"]),
    ] {
        insta::assert_snapshot!(format!("policy_test_{name}"), shown(&test(folder.path(), arguments)));
    }
}

#[test]
fn the_exit_code_tells_all_from_some_from_none() {
    for (text, arguments, code, said) in [
        ("test_a if true", &[][..], 0, "passed: 1 of 1 test "),
        ("test_a if true\ntodo_b if false", &[], 0, "passed: 1 of 2 tests, 1 to do"),
        ("test_a if false", &[], 1, "FAILED: 0 of 1 test passed, 1 failed"),
        ("test_a if input.x", &[], 1, "value:      undefined"),
        ("test_a if 1 / 0 == 1", &[], 1, "ERROR test_a"),
        ("test_a if true\ntest_b if false", &["--run", "test_a$"], 0, "passed: 1 of 1 test "),
        ("test_a if true", &["--run", "a_test\\.test_a"], 0, "passed: 1 of 1 test "),
        ("test_a if true", &["--run", "b"], 2, "error: none of 1 tests matches `b`"),
        ("test_a if true", &["--run", "("], 2, "unclosed group"),
        ("todo_a if true", &[], 2, "all tests (1) are still to do"),
        ("a if true", &[], 2, "error: there is nothing to test"),
        ("test_a if", &[], 2, "error: policies/a_test.rego:4:1: expecting expression"),
        ("test_a if unknown(1)", &[], 2, "unknown"),
        ("test_a if true", &["no/such"], 2, "no/such"),
        ("test_a if true", &["--threshold", "101"], 2, "write a number from 0 to 100"),
        ("test_a if true", &["--threshold", "NaN"], 2, "write a number from 0 to 100"),
        ("test_a if true", &["--timeout", "0s"], 2, "no test takes no time"),
        ("test_a if true", &["--coverage", "--format", "json"], 2, "hint: write the coverage to a file"),
        ("test_a if true", &["--coverage-output", "x"], 2, "--coverage"),
    ] {
        let run = test_text(&format!("package a_test\n\n{text}\n"), arguments);
        assert_eq!(run.code, code, "{text} {arguments:?}: {run:?}");
        assert!(run.stdout.contains(said) || run.stderr.contains(said), "{text} {arguments:?}: {run:?}");
        assert_eq!(code == 2, run.stdout.is_empty(), "{text} {arguments:?}: {run:?}");
    }
}

#[test]
fn json_is_what_opa_writes_and_more() {
    let folder = folder(&[("policies/a.rego", POLICY), ("policies/a_test.rego", EACH_OUTCOME)]);
    let results = results(&test(folder.path(), &["--format", "json"]));
    let outcomes: Vec<_> = results.iter().map(|test| (test["name"].as_str().unwrap(), outcome(test))).collect();
    assert_eq!(
        outcomes,
        [
            ("test_passes", "pass"),
            ("test_fails", "fail"),
            ("test_is_no_boolean", "fail"),
            ("test_errs", "error"),
            ("test_cases", "fail"),
            ("test_without_cases", "fail"),
            ("todo_later", "skip"),
        ]
    );
    let fails = &results[1];
    assert_eq!(fails["location"], serde_json::json!({"file": "policies/a_test.rego", "row": 7, "col": 1}));
    assert_eq!(fails["package"], "data.a_test");
    assert!(fails["duration"].as_u64().unwrap() > 0);
    assert_eq!(fails["output"], "cG9saWNpZXMvYV90ZXN0LnJlZ286ODogZG91YmxlZCAyCg==");
    assert_eq!(fails["failure"]["location"]["row"], 10);
    assert_eq!(fails["failure"]["values"], serde_json::json!({"left": "2 or 4"}));
    let cases = &results[4]["sub_results"];
    assert_eq!(cases["one"], serde_json::json!({"name": "one"}));
    assert_eq!((&cases["two"]["name"], &cases["two"]["fail"]), (&"two".into(), &true.into()));
    assert_eq!(cases["two"]["failure"]["values"], serde_json::json!({"left": "4", "right": "5"}));
}

#[test]
fn junit_has_a_case_for_each_test_and_case() {
    let folder = folder(&[("policies/a.rego", POLICY), ("policies/a_test.rego", EACH_OUTCOME)]);
    let run = test(folder.path(), &["--format", "junit"]);
    assert_eq!(run.code, 1, "{run:?}");
    let count = |what: &str| run.stdout.matches(what).count();
    assert_eq!(count("<testcase "), 8, "{}", run.stdout);
    assert_eq!((count("<failure "), count("<error "), count("<skipped")), (4, 1, 1), "{}", run.stdout);
    assert!(run.stdout.contains(r#"name="test_cases[two]" classname="a_test""#), "{}", run.stdout);
    assert!(run.stdout.contains("<system-out>policies/a_test.rego:8: doubled 2</system-out>"), "{}", run.stdout);
}

#[test]
fn tests_of_one_name_are_two_tests() {
    let one = "package a_test\n\ntest_a if 1 == 1\n\ntest_a if 1 == 2\n\na.test_b if false\na.test_b if true\n";
    let folder =
        folder(&[("policies/one_test.rego", one), ("policies/two_test.rego", "package a_test\n\ntest_a if 1 == 3\n")]);
    let results = results(&test(folder.path(), &["--format", "json"]));
    let outcomes: Vec<_> = results.iter().map(|test| (test["name"].as_str().unwrap(), outcome(test))).collect();
    assert_eq!(
        outcomes,
        [
            ("test_a", "pass"),
            ("test_a#01", "fail"),
            ("a.test_b", "fail"),
            ("a.test_b#01", "pass"),
            ("test_a#02", "fail")
        ]
    );
    assert_eq!(results[1]["failure"]["source"], "1 == 2");
    assert_eq!(results[1]["location"]["row"], 5);
}

#[test]
fn cases_are_found_however_they_are_named() {
    let text = "package a_test

test_listed[case] if {
	some case in [\"a\", \"b\"]
	case == \"a\"
}

test_noted[case.note] if {
	some case in [{\"note\": \"n1\", \"is\": true}, {\"note\": \"n2\", \"is\": false}]
	case.is
}

test_nested[group][number] if {
	some group, numbers in {\"x\": [1, 2], \"y\": [3]}
	some number, value in numbers
	value < 2
}

test_under.a[case] if {
	case := \"only\"
	input.missing
}

test_valued[case] := value if some case, value in {\"yes\": true, \"no\": 7}
";
    let results = results(&test_text(text, &["--format", "json"]));
    let failed = |cases: &serde_json::Value| -> Vec<(String, bool)> {
        let cases = cases.as_object().unwrap().iter();
        cases.map(|(name, case)| (name.clone(), case["fail"] == true)).collect()
    };
    let found = |test: usize| failed(&results[test]["sub_results"]);
    let named =
        |list: &[(&str, bool)]| list.iter().map(|(name, fails)| ((*name).to_owned(), *fails)).collect::<Vec<_>>();
    assert_eq!(found(0), named(&[("a", false), ("b", true)]));
    assert_eq!(found(1), named(&[("n1", false), ("n2", true)]));
    assert_eq!(found(2), named(&[("x", true), ("y", true)]));
    assert_eq!(failed(&results[2]["sub_results"]["x"]["sub_results"]), named(&[("0", false), ("1", true)]));
    assert_eq!(found(3), named(&[("a", true)]));
    assert_eq!(failed(&results[3]["sub_results"]["a"]["sub_results"]), named(&[("only", true)]));
    assert_eq!(found(4), named(&[("no", true), ("yes", false)]));
}

#[test]
fn what_was_not_true_is_found() {
    for (body, line, values) in [
        ("x := 1\n\tx == 2", 5, &[("left", "1")][..]),
        ("x := \"a\"\n\tx == \"b\"\n\ttrue", 5, &[("left", "\"a\"")]),
        ("[1, 2] == [2, 3]", 4, &[]),
        ("y := {1}\n\ty == [1]", 5, &[("left", "{1}")]),
        ("input.a == 1 with input as {\"a\": 2}", 4, &[("left", "2")]),
        ("input.a.b with input as {\"a\": 2}", 4, &[("value", "undefined")]),
        ("not input.a with input as {\"a\": 2}", 4, &[("value", "2")]),
        ("x := input.a", 4, &[("right", "undefined")]),
        ("some x in []\n\tx == 1", 4, &[]),
        ("list := [1]\n\tsome 2, _ in list", 5, &[("collection", "[1]")]),
        ("some x in [1, 2, 3, 4, 5]\n\tx > 5", 5, &[("left", "1 or 2 or 3 or 2 more")]),
        ("3 in {1, 2}", 4, &[]),
        ("every x in [1, 2] { x == 1 }", 4, &[]),
        ("((1)) == (2)", 4, &[]),
        ("numbers.range(1, 3) == [\n\t\t1, # first\n\t\t2,\n\t]", 4, &[("left", "[1, 2, 3]"), ("right", "[1, 2]")]),
    ] {
        let text = format!("package a_test\n\ntest_a if {{\n\t{body}\n}}\n");
        let results = results(&test_text(&text, &["--format", "json"]));
        let failure = &results[0]["failure"];
        assert_eq!(failure["location"]["row"], line, "{body}: {failure}");
        let expected: serde_json::Map<String, serde_json::Value> =
            values.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
        let found = failure.get("values").and_then(|values| values.as_object().cloned()).unwrap_or_default();
        assert_eq!(found, expected, "{body}: {failure}");
    }
}

#[test]
fn old_rego_and_a_fixed_instant() {
    let old =
        "package old_test\n\nimport future.keywords.in\n\ntest_old { 1 in [1] }\n\ntest_wrong { x := 1; x in [2] }\n";
    let new = "package new_test

test_now if time.now_ns() == time.parse_rfc3339_ns(\"2026-01-01T00:00:00Z\")

test_mocked if time.now_ns() == 5 with time.now_ns as 5
";
    let folder = folder(&[
        ("policies/old_test.rego", old),
        ("policies/new_test.rego", new),
        ("policies/data.json", "{\"x\": 1}"),
    ]);
    let run = test(folder.path(), &[]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stdout.contains("old_test.rego:7: this is not true") && run.stdout.contains("3 of 4 tests"), "{run:?}");
    let run = test(folder.path(), &["--run", "new_test", "--as-of", "2027-01-01T00:00:00Z"]);
    assert!(run.stdout.contains("FAIL  test_now") && run.stdout.contains("1 of 2 tests"), "{run:?}");
}
