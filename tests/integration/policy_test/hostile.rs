//! Policies and tests that are broken, endless, or would give orders to whoever shows them.

use std::time::{Duration, Instant};

use super::{folder, outcome, results, test, test_text};

#[test]
fn one_bad_test_harms_no_other() {
    let text = "package a_test

test_good if true

test_endless if {
	some a in numbers.range(1, 10000)
	some b in numbers.range(1, 10000)
	some c in numbers.range(1, 10000)
	a + b + c < 0
}

test_panics if strings.count(\"abc\", \"\") == 0

test_takes_arguments(x) if x

test_also_good if true

test_prints_much if {
	every number in numbers.range(1, 3000) { print(number) }
}
";
    let started = Instant::now();
    let run = test_text(text, &["--timeout", "500ms", "--format", "json"]);
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    assert_eq!(run.code, 1, "{run:?}");
    let results = results(&run);
    let outcomes: Vec<_> = results.iter().map(|test| (test["name"].as_str().unwrap(), outcome(test))).collect();
    assert_eq!(
        outcomes,
        [
            ("test_good", "pass"),
            ("test_endless", "error"),
            ("test_panics", "error"),
            ("test_takes_arguments", "error"),
            ("test_also_good", "pass"),
            ("test_prints_much", "pass"),
        ]
    );
    assert!(results[1]["error"]["message"].as_str().unwrap().contains("time limit"), "{}", results[1]);
    assert!(results[2]["error"]["message"].as_str().unwrap().contains("strings.count"), "{}", results[2]);
    assert!(results[5]["output"].as_str().unwrap().len() < 100_000);
}

#[test]
fn every_fault_of_the_policies_is_reported_and_nothing_runs() {
    let folder = folder(&[
        ("policies/good_test.rego", "package good_test\n\ntest_a if true\n"),
        ("policies/one_test.rego", "package one_test\n\ntest_a if {\n"),
        ("policies/two.rego", "package two\n\ndeny contains if true\n"),
    ]);
    let run = test(folder.path(), &[]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run:?}");
    assert!(run.stderr.contains("policies/one_test.rego:") && run.stderr.contains("policies/two.rego:"), "{run:?}");
    for text in ["package a\n\nf(x) := f(x - 1)\n\ntest_a if f(1)", "package a\n\ntest_a if http.send({}).x"] {
        let run = test_text(text, &[]);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{text}: {run:?}");
    }
}

/// Text that a terminal or a CI runner would obey, as an escaped string of Rego.
const ORDERS: &str = r#""\u001b[31m\n::error::x\n##vso[task.setvariable]y\u202e]]>""#;

#[test]
fn no_text_gives_orders() {
    let text = format!(
        "package a_test

test_cases[name] if {{
	some name in [{ORDERS}]
	print(name)
	name == \"x\"
}}

test_value := {ORDERS}

test_error if json.unmarshal({ORDERS})
"
    );
    let folder = folder(&[
        ("policies/a_test.rego", &text),
        ("policies/\u{1b}[31m::error::\n##[error]_test.rego", "package b_test\n\ntest_b if false\n"),
        ("policies/p.rego", "package p\n\ndeny contains \"x\" if false\n"),
        ("policies/\u{1b}[31m\n::error::.rego", "package q\n\ndeny contains \"x\" if false\n"),
    ]);
    for arguments in [
        &[][..],
        &["-v"],
        &["--format", "json"],
        &["--format", "junit"],
        &["--coverage"],
        &["--coverage=json"],
        &["--coverage=lcov"],
    ] {
        let run = test(folder.path(), arguments);
        assert_eq!(run.code, 1, "{arguments:?}: {run:?}");
        for output in [&run.stdout, &run.stderr] {
            let orders =
                |line: &str| line.trim_start().starts_with("::") || line.contains("##[") || line.contains("##vso[");
            assert!(!output.lines().any(orders), "{arguments:?}: {output}");
            assert!(!output.contains(['\u{1b}', '\u{202e}']), "{arguments:?}: {output}");
        }
        assert_eq!(
            run.stdout.matches("]]>").count() > 0,
            !arguments.contains(&"junit") && !arguments.iter().any(|argument| argument.starts_with("--coverage=")),
            "{arguments:?}"
        );
    }
}

#[test]
fn colour_is_for_terminals() {
    let text = "package a_test\n\ntest_a if false\n";
    assert!(!test_text(text, &[]).stdout.contains('\u{1b}'));
    assert!(test_text(text, &["--color", "always"]).stdout.contains("\u{1b}[31mFAIL"));
}
