//! Hostile text in every field, and what no output may do with it.

use std::sync::Arc;

use clap::ValueEnum as _;
use holdpoint::domain::artifact::{ArtifactKind, RecordedArtifact};
use holdpoint::domain::decision::Decisions;
use holdpoint::domain::explanation::{Clause, ExplainedStatement, Explanation, NamedValue};
use holdpoint::domain::finding::{Finding, Location, Outcome};
use holdpoint::domain::overrides::{Override, OverrideNotice, OverrideReport};
use holdpoint::domain::plugin::{PluginCall, PluginReport};
use holdpoint::domain::promotion::{Slot, SlotState, Stage};
use holdpoint::domain::record::{DeploymentRecord, RecordDetails, RecordStatus};
use holdpoint::domain::rule::Enforcement;
use holdpoint::domain::verdict::Verdict;
use holdpoint::output::records::{self, RecordFormat};
use holdpoint::output::{Format, Style, render};
use proptest::prelude::*;

use super::checks::{
    assert_harmless, assert_no_command, check_github, check_github_output, check_json, check_junit, check_markdown,
    check_sarif, check_tap, check_text,
};
use super::fixture;

/// The documents keep every text whole. Many of a megabyte in them take a while and tell nothing new.
const LONG: usize = 10_000;
const STYLE: Style = Style { color: false, width: 100 };

/// Texts that do harm somewhere.
pub(crate) fn hostile_texts() -> Vec<String> {
    let texts = [
        "\u{1b}[2J\u{1b}[31mred\u{1b}[0m\u{1b}]0;title\u{7}",
        "\u{1b}]8;;https://evil.example/\u{1b}\\safe\u{1b}]8;;\u{1b}\\",
        "\u{9b}31mred\u{9d}0;title\u{9c}",
        "::set-output name=x::y",
        "fine\n::error::not fine",
        "fine\r\n   ::stop-commands::token\r::add-mask::a",
        "%0A::error::not fine%0D%25",
        "##[error]red ###[x] ##[set-env name=PATH;]/tmp",
        "##vso[task.setvariable variable=x]y ##teamcity[x]",
        "#\u{fe0f}#\u{ad}[error] :\u{200b}:error::x",
        "]]><script>alert(1)</script><![CDATA[ &lt; &#x1b; <!-- -->",
        "a | b | c\n| --- |\n# heading\n- list",
        "[here](https://evil.example) ![i](//x) <https://evil.example> https://evil.example www.evil.example a@b.example",
        "<img src=x onerror=alert(1)> <details open> &#64;team",
        "@team #1 GH-1 org/repo#1 :smile: $x$ ~~x~~ **x** __x__ \\` \\",
        "`code` ``two`` ```three `|` @team `@team`",
        "``` \n## heading\n```",
        "1 # SKIP reason \\# TODO",
        "ok\nnot ok 9 - forged\n1..0\nBail out! now",
        "  ...\n  ---\n\tkey: \"value\" # x",
        "=HYPERLINK(\"https://evil.example\") +1 -1 @x",
        "+1",
        "@SUM(A1)",
        "\t=1+1",
        "\0\u{1}\u{8}\u{7f}\u{fffe}\u{ffff}\u{fdd0}",
        "abc\u{202e}cba\u{2066}x\u{2069}\u{200f}\u{61c}",
        "a\u{200b}\u{200d}\u{feff}\u{2028}\u{2029}\u{85}b\u{e0041}\u{180e}",
        "👩\u{200d}👩\u{200d}👧 ⚠\u{fe0f} 日本語 é e\u{301}",
        "../../etc/passwd?x=%00#y z:\\w",
        "",
        " \n \t ",
        "\"}],\"verdict\":\"allow\",\"x\":[{\"",
    ];
    let mut texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
    texts.push("A".repeat(1_000_000));
    texts.push("\u{1b}\n".repeat(20_000));
    texts.push("<@|`##[".repeat(20_000));
    texts
}

fn record(text: &str) -> DeploymentRecord {
    let shared: Arc<str> = text.into();
    DeploymentRecord {
        id: shared.clone(),
        environment_id: shared.clone(),
        environment_name: shared.clone(),
        deployment_name: shared.clone(),
        artifact_id: shared.clone(),
        artifact: Arc::new(RecordedArtifact {
            kind: ArtifactKind::Other(shared.clone()),
            name: shared.clone(),
            digest_text: shared.clone(),
            digest: None,
            version: shared.clone(),
        }),
        status: RecordStatus::Other(shared.clone()),
        created_at: None,
        updated_at: None,
        last_seen_at: None,
        details: Some(Box::new(RecordDetails {
            logical_environment_name: Some(shared),
            tags: Some([(text.to_owned(), text.to_owned())].into()),
            runtime_risks: Some(vec![text.to_owned()]),
        })),
    }
}

const OUTCOMES: [Outcome; 6] =
    [Outcome::Passed, Outcome::Denied, Outcome::Held, Outcome::Warned, Outcome::Skipped, Outcome::Failed];
const ENFORCEMENTS: [Enforcement; 3] = [Enforcement::Enforce, Enforcement::Warn, Enforcement::DryRun];

/// A decision with a finding of each outcome and enforcement, and the text wherever text can be.
fn decisions(text: &str) -> Decisions {
    let finding = |outcome, enforcement| Finding {
        rule: text.to_owned(),
        policy: Some(text.to_owned()),
        plugin: Some(text.to_owned()),
        enforcement,
        outcome,
        code: text.to_owned(),
        title: text.to_owned(),
        message: text.to_owned(),
        remediation: text.to_owned(),
        records: vec![record(text)],
        opens_at: Some(fixture::at("2026-11-20T15:20:00Z")),
        location: Some(Location { path: text.to_owned(), line: 0 }),
        overridden_by: None,
    };
    let mut findings: Vec<Finding> = OUTCOMES
        .iter()
        .flat_map(|outcome| ENFORCEMENTS.iter().map(move |enforcement| finding(*outcome, *enforcement)))
        .collect();
    findings.push(Finding { overridden_by: Some(text.to_owned()), ..finding(Outcome::Denied, Enforcement::Enforce) });
    let mut decision = fixture::decision(Verdict::Deny, findings);
    decision.id = text.into();
    decision.request.artifact.kind = ArtifactKind::Other(text.into());
    decision.request.artifact.name = text.into();
    decision.request.artifact.version = text.into();
    decision.request.artifact.reference = text.into();
    decision.request.environment = text.into();
    decision.request.deployment_name = Some(text.to_owned());
    decision.request.actor = Some(text.to_owned());
    decision.request.reason = Some(text.to_owned());
    decision.request.context = serde_json::json!({ text: text });
    decision.snapshot.sources[0].name = text.into();
    let location = Location { path: text.to_owned(), line: 0 };
    let exception = Override {
        id: text.to_owned(),
        environment: text.to_owned(),
        rules: vec![text.to_owned(); 12],
        reason: text.to_owned(),
        actor: text.to_owned(),
        ticket: Some(text.to_owned()),
        location: location.clone(),
        ..fixture::exception("")
    };
    decision.overrides = vec![OverrideReport { exception, used: true }; 12];
    let (message, remediation) = (text.to_owned(), text.to_owned());
    let notice = OverrideNotice { message, remediation, location: Some(location), ..fixture::notice() };
    decision.override_notices = vec![notice; 12];
    decision.promotion = promotion(text);
    decision.explanations = vec![explanation(text)];
    decision.plugins = vec![plugin(text); 2];
    decision.plugin_calls = vec![call(text, None), call(text, Some(text))];
    Decisions(vec![decision])
}

fn promotion(text: &str) -> Vec<Stage> {
    let record = record(text);
    let slot = |state, requested| Slot {
        target: record.environment_name.clone(),
        deployment_name: Some(record.deployment_name.clone()),
        state,
        artifact: Some(record.artifact.clone()),
        since: None,
        requested,
    };
    let slots = vec![
        slot(SlotState::Deployed, true),
        slot(SlotState::Unknown, false),
        Slot { deployment_name: None, artifact: None, ..slot(SlotState::Empty, false) },
    ];
    let stage = Stage {
        environment: text.to_owned(),
        after: vec![text.to_owned()],
        problem: Some(text.to_owned()),
        slots,
        not_listed: Some(1),
    };
    let apart = Stage { after: vec![text.to_owned(); 2], problem: None, ..stage.clone() };
    vec![stage.clone(), stage, apart]
}

fn plugin(text: &str) -> PluginReport {
    PluginReport {
        name: text.to_owned(),
        version: text.to_owned(),
        digest: fixture::digest(1),
        contract: text.to_owned(),
        origin: None,
        replayable: false,
    }
}

fn call(text: &str, error: Option<&str>) -> PluginCall {
    PluginCall {
        rule: text.to_owned(),
        method: text.to_owned(),
        host: text.to_owned(),
        status: Some(200),
        digest: Some(fixture::digest(2)),
        error: error.map(str::to_owned),
        duration_ms: 34,
    }
}

fn explanation(text: &str) -> Explanation {
    let clause = Clause { location: Location { path: text.to_owned(), line: 0 }, source: text.to_owned() };
    let value = |value, problem| NamedValue { name: text.to_owned(), value, problem };
    let statement = ExplainedStatement {
        outcome: Outcome::Denied,
        code: text.to_owned(),
        message: text.to_owned(),
        clauses: vec![clause; 2],
    };
    let value_of_text = serde_json::json!({ text: [text] });
    Explanation {
        rule: text.to_owned(),
        policy: Some(text.to_owned()),
        plugin: Some(text.to_owned()),
        log: vec![text.to_owned()],
        title: format!("{text}!"),
        enforcement: Enforcement::DryRun,
        parameters: value_of_text.clone(),
        defaults: [(text.to_owned(), text.into())].into_iter().collect(),
        statements: vec![statement; 12],
        values: vec![value(Some(value_of_text), None), value(None, Some(text.to_owned())), value(None, None)],
        values_left_out: 1,
        records: vec![record(text)],
        records_left_out: 1,
        problem: Some(text.to_owned()),
    }
}

fn check(text: &str) {
    let decisions = decisions(text);
    let context = text.chars().take(60).collect::<String>();
    for format in Format::value_variants() {
        if *format == Format::Json && text.len() > LONG {
            continue;
        }
        let context = format!("{format:?} of {context:?}");
        let output = render(&decisions, *format, STYLE);
        assert_harmless(&output, &context);
        if *format != Format::Json {
            assert!(output.len() < 2 * 1024 * 1024, "{context}: {} bytes", output.len());
        }
        match format {
            Format::Text => check_text(&output, &context),
            Format::Json => check_json(&output, &decisions, &context),
            Format::Markdown => check_markdown(&output, &context),
            Format::Github => check_github(&output, &context),
            Format::GithubOutput => check_github_output(&output, &context),
            Format::Junit => check_junit(&output, &context),
            Format::Sarif => check_sarif(&output, &context),
            Format::Tap => check_tap(&output, &context),
        }
    }
}

fn check_records(text: &str) {
    let records = vec![record(text), fixture::record("a", "dev", 1, "DEPLOYED", "2026-11-01T00:00:00Z")];
    let context = text.chars().take(60).collect::<String>();
    for width in [0, 20, 80, usize::MAX] {
        let table = records::render(&records, RecordFormat::Table, Style { color: false, width });
        assert_harmless(&table, &context);
        assert_no_command(&table, &context);
        assert!(table.len() < 200_000, "{context}: {}", table.len());
    }
    if text.len() <= LONG {
        let json = records::render(&records, RecordFormat::Json, STYLE);
        assert_harmless(&json, &context);
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(value["records"], serde_json::to_value(&records).unwrap());
    }

    let csv = records::render(&records, RecordFormat::Csv, STYLE);
    assert_harmless(&csv, &context);
    assert_no_command(&csv, &context);
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 2, "{context}");
    for cell in rows.iter().flatten() {
        assert!(!cell.trim_start().starts_with(['=', '+', '-', '@', '\t', '\r']), "{context}: {cell}");
        assert!(cell.chars().count() < 330_000, "{context}");
    }
}

#[test]
fn no_text_does_harm_in_decisions() {
    for text in hostile_texts() {
        check(&text);
    }
}

#[test]
fn no_text_does_harm_in_records() {
    for text in hostile_texts() {
        check_records(&text);
    }
}

/// Texts of what formats take for markup.
fn markup() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "::", "error", "##", "[", "]", "(", ")", "`", "``", "|", "\\", "\n", "\r", "\t", " ", "#", "@", "<", ">", "&",
        "%0A", "%", ",", ":", "/", "www.", "https://", "]]>", "\"", "'", "=", "+", "-", "*", "_", "...", "---", "SKIP",
        "\u{1b}", "\u{202e}", "\u{fe0f}", "\u{0}", "é", "日", "x",
    ]);
    prop::collection::vec(pieces, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_mixture_does_harm(text in markup()) {
        check(&text);
        check_records(&text);
    }

    #[test]
    fn no_unicode_does_harm(text in any::<String>()) {
        check(&text);
        check_records(&text);
    }
}
