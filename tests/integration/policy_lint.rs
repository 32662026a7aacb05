//! `policy lint`: every kind of finding, every format, suppressions, exit codes, and our own policies.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use holdpoint::app;
use holdpoint::domain::lint::{LintFinding, LintReport, Severity};
use holdpoint::output::Style;
use holdpoint::output::lint::{LintFormat, explain, render};
use serde_json::Value;

use crate::support::cli::{Holdpoint, Run, folder, root};

/// Codes of texts that are too long to keep in a file, or that no text is known for.
const WITHOUT_A_CASE: [&str; 12] = [
    "chain_too_long",
    "hidden_character",
    "line_too_long",
    "nested_too_deep",
    "policy_engine",
    "target",
    "too_complex",
    "too_many_arguments",
    "too_many_dependencies",
    "too_many_imports",
    "too_many_lines",
    "too_many_statements",
];

const PLAIN: Style = Style { color: false, width: 100 };

fn cases() -> Vec<PathBuf> {
    let folder = root().join("tests/integration/policy_lint/cases");
    let mut cases: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    cases
}

fn lint(folder: &Path, arguments: &[&str]) -> Run {
    Holdpoint::new(&["policy", "lint"]).arg(".").args(arguments).directory(folder).run()
}

/// The codes of the findings in a JSON document.
fn codes(run: &Run) -> Vec<String> {
    let findings = run.json()["findings"].as_array().unwrap().clone();
    findings.iter().map(|finding| finding["code"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_case_has_its_own_findings_and_no_other() {
    let mut shown = String::new();
    for case in cases() {
        let code = case.file_name().unwrap().to_str().unwrap();
        let run = lint(&case, &["--fail-on", "note"]);
        assert_eq!((run.code, run.stderr.as_str()), (1, ""), "{code}");
        let headings = run.stdout.lines().filter(|line| !line.starts_with(' '));
        let found: BTreeSet<&str> =
            headings.filter_map(|line| line.strip_suffix(']')?.split_once('[')).map(|(_, code)| code).collect();
        assert_eq!(found, BTreeSet::from([code]));
        write!(shown, "=== {code}\n{}\n", run.stdout).unwrap();
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn every_code_has_a_case() {
    let cases: BTreeSet<String> =
        cases().iter().map(|case| case.file_name().unwrap().to_str().unwrap().to_owned()).collect();
    let codes: BTreeSet<String> = app::lint_codes().map(|code| code.name.to_owned()).collect();
    let without: BTreeSet<String> = WITHOUT_A_CASE.map(str::to_owned).into();
    assert_eq!(cases.union(&without).cloned().collect::<BTreeSet<_>>(), codes);
}

#[test]
fn what_is_too_much_is_found_as_loading_does() {
    let arguments = (0..65).map(|number| format!("a{number}")).collect::<Vec<_>>().join(", ");
    let imports =
        (0..201).fold(String::new(), |text, number| text + &format!("import input.parameters as i{number}\n"));
    let statements = "\tinput.as_of\n".repeat(301);
    let cases = [
        ("chain_too_long", format!("x := 0{}\n", " +\n\t0".repeat(200))),
        ("hidden_character", "x := 1 # \u{202e}\n".to_owned()),
        ("line_too_long", format!("x := \"{}\"\n", "a".repeat(1100))),
        ("nested_too_deep", format!("x := {}{}\n", "[".repeat(12), "]".repeat(12))),
        ("too_many_arguments", format!("f({arguments}) := 1\n")),
        ("too_many_imports", imports),
        ("too_many_lines", "\n".repeat(20_001)),
        ("too_many_statements", format!("x if {{\n{statements}}}\n")),
    ];
    for (code, body) in cases {
        let folder = folder(&[("p/p.rego", &format!("package p\n\n{body}"))]);
        let found = codes(&lint(folder.path(), &["--format", "json"]));
        assert!(found.iter().any(|found| found == code), "{code}: {found:?}");
    }
}

#[test]
fn a_file_that_cannot_be_parsed_does_not_hide_the_others() {
    let folder = folder(&[
        ("a/a.rego", "package a\n\nok if {\n"),
        ("b/b.rego", "package b\n\nimport data.a\n\nlimit := a.limit(1)\n\nother := data.a.other\n"),
        ("c/c.rego", "package c\n\nlimit := input.reqest\n"),
    ]);
    let run = lint(folder.path(), &["--format", "json"]);
    assert_eq!((codes(&run), run.code), (vec!["policy_invalid".to_owned(), "unknown_input".to_owned()], 1));
}

#[test]
fn sound_policies_have_no_findings() {
    let folder = root().join("tests/integration/policy_lint/sound");
    let run = lint(&folder, &["--fail-on", "note"]);
    assert_eq!((run.code, run.stdout.as_str()), (0, "no findings in 4 files\n"));
}

#[test]
fn parameters_that_others_read_for_the_policy_count() {
    let used = "# METADATA
# title: Gate
# description: It denies.
# custom: {severity: low, version: 1.0.0, remediation: Wait.}
package p

import data.lib

deny contains \"no\" if lib.strategy == \"all\"
";
    let folder = folder(&[
        ("p/p.rego", used),
        ("p/p_test.rego", "package p_test\n\ntest_it if count(data.p.deny) == 1\n"),
        ("lib/lib.rego", "package lib\n\nstrategy := object.get(input.parameters, \"strategy\", \"all\")\n"),
    ]);
    assert_eq!(codes(&lint(folder.path(), &["--format", "json"])), ["parameters_missing"]);
}

#[test]
fn findings_fail_the_run_from_a_severity_on() {
    let cases = root().join("tests/integration/policy_lint/cases");
    let codes = [("time_now", [0, 0, 1]), ("test_missing", [0, 1, 1]), ("recursion", [1, 1, 1])];
    for (case, expected) in codes {
        let code = |severity: &str| lint(&cases.join(case), &["--fail-on", severity]).code;
        assert_eq!([code("error"), code("warning"), code("note")], expected, "{case}");
    }
    assert_eq!(lint(&cases.join("time_now"), &[]).code, 0);
}

#[test]
fn a_finding_is_accepted_on_its_line_and_above() {
    let text = "package p

# holdpoint-lint-ignore: time_now the tests mock it
# holdpoint-lint-ignore: unknown_input it will come
late if time.now_ns() > input.limit

early if time.now_ns() > 0 # holdpoint-lint-ignore: time_now the tests mock it

text := `
# holdpoint-lint-ignore: time_now this is a text
` # holdpoint-lint-ignore: time_now and this is none
";
    let folder = folder(&[("p/p.rego", text)]);
    let run = lint(folder.path(), &["--format", "json"]);
    assert_eq!(codes(&run), ["suppression_unused"]);
    assert_eq!(run.json()["findings"][0]["line"], 11);
}

#[test]
fn usage_is_told() {
    let folder = folder(&[("holdpoint.yaml", "")]);
    for (arguments, told) in [
        (vec!["missing"], "missing: cannot be read"),
        (vec!["--explain", "time_nwo"], "did you mean `time_now`?"),
        (vec!["--config", "none.yaml"], "cannot read the configuration"),
    ] {
        let run = Holdpoint::new(&["policy", "lint"]).args(&arguments).directory(folder.path()).run();
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run:?}");
        assert!(run.stderr.contains(told), "{}", run.stderr);
    }
}

#[test]
fn the_policies_of_the_configuration_are_looked_at() {
    let run = Holdpoint::new(&["policy", "lint", "-c", "examples/storefront/holdpoint.yaml", "--format", "json"]).run();
    assert!(run.json()["files"].as_u64().unwrap() > 10, "{run:?}");
}

#[test]
fn our_own_policies_have_no_findings() {
    let run = Holdpoint::new(&["policy", "lint", "policies", "--fail-on", "note"]).run();
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{}", run.stdout);
}

#[test]
fn the_documentation_lists_every_code() {
    let codes: Vec<_> = app::lint_codes().collect();
    let documented = fs::read_to_string(root().join("docs/lint.md")).unwrap();
    let (_, list) = documented.split_once("\n### ").unwrap();
    assert!(
        format!("### {list}") == explain(&codes),
        "refresh the list in docs/lint.md: holdpoint policy lint --explain all"
    );
}

/// A report in which every text is as bad as it can be.
fn hostile() -> LintReport {
    let bad = "\u{1b}[31m\n::error::x\n##[error]y ##vso[z] \u{202e}<b>|`[a](b) @team %0A";
    let codes = ["unknown_input", "near_entry", "time_now"];
    let finding = |name: &str, line, column| LintFinding {
        path: format!("{bad}.rego"),
        line,
        column,
        code: app::lint_codes().find(|code| code.name == name).unwrap(),
        message: bad.to_owned(),
        hint: bad.repeat(100),
        excerpt: (line > 0).then(|| format!("\t日本 {}", bad.replace('\n', " "))),
    };
    let places = [(0, 0), (3, 0), (3, 5), (9, 400)];
    let findings = codes.iter().flat_map(|code| places.map(|(line, column)| finding(code, line, column)));
    LintReport { files: 1, findings: findings.collect() }
}

#[test]
fn hostile_texts_are_harmless_in_every_format() {
    let report = hostile();
    for format in [LintFormat::Text, LintFormat::Json, LintFormat::Sarif, LintFormat::Github] {
        let output = render(&report, format, Style { color: false, width: 60 });
        assert!(!output.contains(['\u{1b}', '\u{202e}']), "{format:?}");
        assert!(!output.contains("##[") && !output.contains("##vso["), "{format:?}");
        let commands = output.lines().filter(|line| line.trim_start().starts_with("::"));
        let own = ["::error file=", "::warning file=", "::notice file=", "::notice title="];
        for command in commands {
            assert!(format == LintFormat::Github && own.iter().any(|own| command.starts_with(own)), "{command}");
        }
    }
}

#[test]
fn sarif_says_the_same() {
    let report = hostile();
    let log: Value = serde_json::from_str(&render(&report, LintFormat::Sarif, PLAIN)).unwrap();
    let run = &log["runs"][0];
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), report.findings.len());
    let mut fingerprints = BTreeSet::new();
    for (result, finding) in results.iter().zip(&report.findings) {
        assert_eq!(result["ruleId"], finding.code.name);
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(run["tool"]["driver"]["rules"][index]["id"], finding.code.name);
        let level = if finding.code.severity == Severity::Error { "error" } else { finding.code.severity.as_str() };
        assert_eq!(result["level"], level);
        let region = &result["locations"][0]["physicalLocation"]["region"];
        assert_eq!(region["startLine"].as_u64(), (finding.line > 0).then(|| finding.line.into()));
        assert!(fingerprints.insert(result["partialFingerprints"]["holdpoint/v1"].as_str().unwrap()));
    }
}

#[test]
fn formats_are_as_they_were() {
    let case = root().join("tests/integration/policy_lint/cases/suppression_invalid");
    let mut shown = String::new();
    for format in ["json", "sarif", "github"] {
        let run = lint(&case, &["--format", format]);
        write!(shown, "=== {format}\n{}\n", run.stdout.replace(env!("CARGO_PKG_VERSION"), "VERSION")).unwrap();
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn annotations_say_how_many_github_would_not_show() {
    let mut report = hostile();
    report.findings = [report.findings.clone(), report.findings.clone(), report.findings].concat();
    let output = render(&report, LintFormat::Github, PLAIN);
    let count = |level: &str| output.lines().filter(|line| line.starts_with(&format!("::{level} "))).count();
    assert_eq!([count("error"), count("warning"), count("notice")], [10, 10, 10]);
    assert_eq!(output.matches("and 2 more findings like this").count(), 2);
    assert_eq!(output.matches("and 3 more findings like this").count(), 1);
}

#[test]
fn a_file_takes_the_findings() {
    let case = root().join("tests/integration/policy_lint/cases/time_now");
    let out = tempfile::tempdir().unwrap();
    let path = out.path().join("findings.json");
    let run = lint(&case, &["--format", "json", "--output", path.to_str().unwrap()]);
    assert_eq!((run.code, run.stdout.as_str()), (0, ""));
    let written: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(written["notes"], 1);
}

#[test]
fn places_are_marked_in_colour_and_long_lines_are_cut() {
    let long = format!("x if {{ {}input.reqest; input.as_of }}", "input.as_of == input.as_of; ".repeat(8));
    let folder = folder(&[("p/p.rego", &format!("package p\n\n{long}\n\ny if input.reqest\n"))]);
    let run = lint(folder.path(), &["--color", "always"]);
    insta::assert_snapshot!(run.stdout.replace('\u{1b}', "ESC"));
}
