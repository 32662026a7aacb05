//! Whole outputs, as people and programs read them.

use clap::ValueEnum as _;
use holdpoint::domain::verdict::Verdict;
use holdpoint::output::records::{self, RecordFormat};
use holdpoint::output::{Format, Style, render};

use super::fixture;

const STYLE: Style = Style { color: false, width: 100 };

fn name(format: Format) -> String {
    format.to_possible_value().unwrap().get_name().to_owned()
}

fn snapshot(name: &str, output: &str) {
    insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!(format!("output_{name}"), output);
    });
}

#[test]
fn every_decision_in_every_format() {
    for (case, decisions) in fixture::all() {
        for format in Format::value_variants() {
            let output = render(&decisions, *format, STYLE);
            assert!(output.ends_with('\n') && !output.ends_with("\n\n"), "{case}, {format:?}");
            assert!(output.lines().all(|line| line.trim_end() == line), "{case}, {format:?}:\n{output}");
            snapshot(&format!("{}_{case}", name(*format)), &output);
        }
    }
}

#[test]
fn text_fits_a_narrow_terminal_and_a_wide_one() {
    for (case, decisions) in fixture::all() {
        for width in [40, 60, 80, 200] {
            let output = render(&decisions, Format::Text, Style { color: false, width });
            for line in output.lines() {
                assert!(unicode_width::UnicodeWidthStr::width(line) <= width, "{case}, {width}: {line}");
            }
        }
    }
    snapshot("text_narrow", &render(&fixture::deny(), Format::Text, Style { color: false, width: 48 }));
}

#[test]
fn colours_say_nothing_that_words_do_not() {
    for (case, decisions) in fixture::all() {
        let coloured = render(&decisions, Format::Text, Style { color: true, ..STYLE });
        let plain = render(&decisions, Format::Text, STYLE);
        assert_ne!(coloured, plain, "{case}");
        assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), plain, "{case}");
    }
}

#[test]
fn formats_that_fail_a_build_agree_with_the_verdict() {
    for (case, decisions) in fixture::all() {
        let allowed = decisions.verdict() == Verdict::Allow;
        let tap = render(&decisions, Format::Tap, STYLE);
        assert_eq!(tap.lines().all(|line| !line.starts_with("not ok")), allowed, "{case}:\n{tap}");
        let junit = render(&decisions, Format::Junit, STYLE);
        assert_eq!(!junit.contains("<failure") && !junit.contains("<error"), allowed, "{case}:\n{junit}");
        let github = render(&decisions, Format::Github, STYLE);
        assert_eq!(!github.contains("::error "), allowed, "{case}:\n{github}");
    }
}

#[test]
fn nothing_judged_is_undecided_everywhere() {
    let none = holdpoint::domain::decision::Decisions(Vec::new());
    for format in Format::value_variants() {
        let output = render(&none, *format, STYLE);
        assert!(output.contains("undecided"), "{format:?}:\n{output}");
    }
    assert!(render(&none, Format::Tap, STYLE).contains("\nnot ok 1 "));
    assert!(render(&none, Format::Github, STYLE).starts_with("::error "));
}

#[test]
fn annotations_beyond_the_limit_are_counted() {
    let mut decisions = fixture::deny();
    decisions.0[0].findings = vec![fixture::denied(); 13];
    let output = render(&decisions, Format::Github, STYLE);
    let errors: Vec<&str> = output.lines().filter(|line| line.starts_with("::error ")).collect();
    assert_eq!(errors.len(), 10);
    assert!(errors[9].ends_with("%0Aand 3 more findings like this, which GitHub would not show"), "{}", errors[9]);

    // The runner cuts a long message at its end, where the note is.
    let long = holdpoint::domain::finding::Finding { message: "é😀".repeat(2_000), ..fixture::denied() };
    decisions.0[0].findings = vec![long; 13];
    let output = render(&decisions, Format::Github, STYLE);
    let errors: Vec<&str> = output.lines().filter(|line| line.starts_with("::error ")).collect();
    assert!(errors[9].ends_with("…%0Aand 3 more findings like this, which GitHub would not show"), "{}", errors[9]);
    let (_, message) = errors[9].rsplit_once("::").unwrap();
    assert!(message.encode_utf16().count() <= 4_096 + 2 * message.matches("%0A").count());
}

#[test]
fn several_artifacts_stay_within_the_limits_of_annotations() {
    let decisions = (0..40).flat_map(|_| fixture::deny().0).collect();
    let output = render(&holdpoint::domain::decision::Decisions(decisions), Format::Github, STYLE);
    let count = |level: &str| output.lines().filter(|line| line.starts_with(level)).count();
    assert_eq!((count("::notice "), count("::error "), count("::warning ")), (1, 10, 0), "{output}");
    let first = output.lines().next().unwrap();
    assert!(first.contains("40 artifacts: 40 deny") && first.contains("and 30 more artifacts"), "{first}");
}

#[test]
fn markdown_stays_within_the_limit_of_a_summary() {
    let mut decisions = fixture::deny();
    let long = holdpoint::domain::finding::Finding { message: "<".repeat(100_000), ..fixture::denied() };
    decisions.0[0].findings = vec![long; 500];
    let output = render(&decisions, Format::Markdown, STYLE);
    assert!(output.len() <= 1024 * 1024, "{}", output.len());
    assert!(output.starts_with("## ✗ deny"));
    assert!(output.trim_end().ends_with("The JSON decision document has them all."));
}

#[test]
fn sarif_fingerprints_do_not_move_with_time_digest_or_words() {
    let fingerprints = |output: String| -> Vec<String> {
        let log: serde_json::Value = serde_json::from_str(&output).unwrap();
        let results = log["runs"][0]["results"].as_array().unwrap();
        results.iter().map(|result| result["partialFingerprints"]["holdpoint/v1"].to_string()).collect()
    };
    let before = fixture::deny();
    let mut after = fixture::deny();
    after.0[0].request.artifact.digest = fixture::digest(1);
    after.0[0].as_of = fixture::at("2027-01-01T00:00:00Z");
    after.0[0].findings[0].message = "other words".to_owned();
    after.0[0].findings[0].records.reverse();
    let (before, after) = (render(&before, Format::Sarif, STYLE), render(&after, Format::Sarif, STYLE));
    assert_eq!(fingerprints(before), fingerprints(after));

    let mut twice = fixture::deny();
    twice.0[0].findings = vec![fixture::denied(), fixture::denied()];
    let twice = fingerprints(render(&twice, Format::Sarif, STYLE));
    assert_ne!(twice[0], twice[1]);
}

fn some_records() -> Vec<holdpoint::domain::record::DeploymentRecord> {
    let mut odd = fixture::record("record-3", "production", 0x33, "ROLLING_BACK", "2026-11-01T08:00:00Z");
    odd.last_seen_at = None;
    odd.created_at = None;
    let mut artifact = (*odd.artifact).clone();
    artifact.digest = None;
    artifact.digest_text = "SHA256:ABC".into();
    artifact.version = "".into();
    odd.artifact = artifact.into();
    odd.details = Some(Box::new(holdpoint::domain::record::RecordDetails {
        logical_environment_name: Some("production".into()),
        tags: Some([("team".to_owned(), "shop, \"web\"".to_owned())].into()),
        runtime_risks: Some(vec!["internet_exposed".to_owned()]),
    }));
    vec![
        fixture::record("record-1", "dev", 0xab, "DEPLOYED", "2026-11-17T10:00:00Z"),
        fixture::record("record-2", "staging-eu", 0xab, "DEPLOYED", "2026-11-18T09:30:00Z"),
        odd,
    ]
}

#[test]
fn records_as_a_table() {
    let records = some_records();
    let table = |width| records::render(&records, RecordFormat::Table, Style { color: false, width });
    snapshot("records_table_wide", &table(200));
    snapshot("records_table_narrow", &table(80));
    assert_eq!(table(200), table(usize::MAX));
    assert!(table(80).lines().all(|line| line.trim_end() == line && line.chars().count() <= 80));
    let none = records::render(&[], RecordFormat::Table, STYLE);
    assert_eq!(none, "no deployment records\n");
    let coloured = records::render(&records, RecordFormat::Table, Style { color: true, width: 80 });
    assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), table(80));
}

#[test]
fn records_as_json_and_csv() {
    let records = some_records();
    snapshot("records_json", &records::render(&records, RecordFormat::Json, STYLE));
    snapshot("records_csv", &records::render(&records, RecordFormat::Csv, STYLE));
    snapshot("records_json_none", &records::render(&[], RecordFormat::Json, STYLE));
}
