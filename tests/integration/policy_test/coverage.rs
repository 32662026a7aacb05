//! `--coverage` in its formats, `--threshold`, and what goes to which stream.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::{folder, results, shown, test};

const POLICY: &str = "package p

deny contains \"urgent\" if {
	input.urgent
	not input.approved
}

deny contains message if {
	input.size > 10
	message := sprintf(
		\"%d is too large\",
		[input.size],
	)
}

sizes := [size |
	some size in input.sizes
	size > 1
]
";

const TESTS: &str = "package p_test

import data.p

test_urgent if \"urgent\" in p.deny with input as {\"urgent\": true, \"size\": 1}

test_sizes if p.sizes == [2] with input as {\"sizes\": [1, 2]}
";

const UNTOUCHED: &str = "package q\n\ndeny contains \"never\" if {\n\tinput.never\n}\n";

fn project() -> tempfile::TempDir {
    folder(&[("policies/p.rego", POLICY), ("policies/p_test.rego", TESTS), ("policies/q.rego", UNTOUCHED)])
}

/// The lines of a file with whether they were reached, and the counts that LCOV states.
type FileCoverage = (Vec<(u32, bool)>, u32, u32);

/// By file.
fn parsed_lcov(text: &str) -> BTreeMap<String, FileCoverage> {
    let mut files = BTreeMap::new();
    for record in text.split("end_of_record\n").filter(|record| !record.is_empty()) {
        let fields: Vec<(&str, &str)> = record.lines().map(|line| line.split_once(':').unwrap()).collect();
        let one = |name: &str| fields.iter().find(|(field, _)| *field == name).unwrap().1;
        let lines = fields.iter().filter(|(field, _)| *field == "DA").map(|(_, line)| {
            let (line, times) = line.split_once(',').unwrap();
            (line.parse().unwrap(), times.parse::<u32>().unwrap() > 0)
        });
        let counts = (one("LF").parse().unwrap(), one("LH").parse().unwrap());
        files.insert(one("SF").to_owned(), (lines.collect(), counts.0, counts.1));
    }
    files
}

#[test]
fn the_formats_agree() {
    let folder = project();
    let text = test(folder.path(), &["--coverage"]);
    insta::assert_snapshot!("policy_test_coverage", shown(&text));

    let lcov = test(folder.path(), &["--coverage=lcov"]);
    assert_eq!(lcov.code, 0, "{lcov:?}");
    assert!(lcov.stderr.contains("passed: 2 of 2 tests"), "{lcov:?}");
    let files = parsed_lcov(&lcov.stdout);
    let reached =
        vec![(3, true), (4, true), (5, true), (8, false), (9, true), (10, false), (16, true), (17, true), (18, true)];
    assert_eq!(files["policies/p.rego"], (reached, 9, 7));
    assert_eq!(files["policies/q.rego"], (vec![(3, false), (4, false)], 2, 0));
    assert_eq!(files.len(), 2, "tests do not count: {files:?}");

    let json = test(folder.path(), &["--coverage=json"]).json();
    let row = |first: u32, last: u32| json!({"start": {"row": first}, "end": {"row": last}});
    assert_eq!(json["files"]["policies/p.rego"]["covered"], json!([row(3, 5), row(9, 9), row(16, 18)]));
    assert_eq!(json["files"]["policies/p.rego"]["not_covered"], json!([row(8, 8), row(10, 10)]));
    assert_eq!((&json["covered_lines"], &json["not_covered_lines"]), (&Value::from(7), &Value::from(4)));
    assert_eq!(json["coverage"], json!(63.63));
}

#[test]
fn under_the_threshold_is_a_failure() {
    let folder = project();
    for (threshold, code) in [("0", 0), ("63.63", 0), ("63.64", 1), ("100", 1)] {
        let run = test(folder.path(), &["--threshold", threshold]);
        assert_eq!(run.code, code, "{threshold}: {run:?}");
        assert_eq!(run.stdout.contains("FAILED: the coverage is under"), code == 1, "{threshold}: {run:?}");
    }
    let run = test(folder.path(), &["--threshold", "90", "--format", "json"]);
    assert_eq!((run.code, results(&run).len()), (1, 2), "{run:?}");
    assert!(run.stderr.contains("FAILED: the coverage is under 90%"), "{run:?}");
    fs::remove_file(folder.path().join("policies/q.rego")).unwrap();
    fs::write(folder.path().join("policies/p.rego"), "package p\n").unwrap();
    fs::write(folder.path().join("policies/p_test.rego"), "package p_test\n\ntest_a if true\n").unwrap();
    let run = test(folder.path(), &["--threshold", "1"]);
    assert_eq!(run.code, 1, "nothing that could be covered is not covered: {run:?}");
}

#[test]
fn coverage_goes_to_a_file_beside_any_format() {
    let folder = project();
    let run = test(folder.path(), &["--format", "junit", "--coverage=lcov", "--coverage-output", "lcov.info"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.starts_with("<?xml"), "{run:?}");
    let written = fs::read_to_string(folder.path().join("lcov.info")).unwrap();
    assert_eq!(parsed_lcov(&written).len(), 2);
    let run = test(folder.path(), &["--coverage", "--coverage-output", "no/such/file"]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run:?}");
}

#[test]
fn the_library_is_covered() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let run = test(root, &["policies", "--coverage=json"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.json()["coverage"].as_f64().unwrap() > 95.0, "{}", run.stdout);
}
