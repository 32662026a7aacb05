//! Hostile text in every field, and what no output may do with it.

use std::sync::Arc;

use clap::ValueEnum as _;
use holdpoint::domain::artifact::{ArtifactKind, RecordedArtifact};
use holdpoint::domain::decision::Decisions;
use holdpoint::domain::finding::{Finding, Location, Outcome};
use holdpoint::domain::record::{DeploymentRecord, RecordDetails, RecordStatus};
use holdpoint::domain::rule::Enforcement;
use holdpoint::domain::verdict::Verdict;
use holdpoint::output::records::{self, RecordFormat};
use holdpoint::output::{Format, Style, escape, render};
use proptest::prelude::*;

use super::fixture;

/// The documents keep every text whole. Many of a megabyte in them take a while and tell nothing new.
const LONG: usize = 10_000;
const STYLE: Style = Style { color: false, width: 100 };

/// Texts that do harm somewhere.
fn hostile_texts() -> Vec<String> {
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
        enforcement,
        outcome,
        code: text.to_owned(),
        title: text.to_owned(),
        message: text.to_owned(),
        remediation: text.to_owned(),
        records: vec![record(text)],
        opens_at: Some(fixture::at("2026-11-20T15:20:00Z")),
        location: Some(Location { path: text.to_owned(), line: 0 }),
    };
    let findings = OUTCOMES
        .iter()
        .flat_map(|outcome| ENFORCEMENTS.iter().map(move |enforcement| finding(*outcome, *enforcement)))
        .collect();
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
    Decisions(vec![decision])
}

/// What holds for every output of every text.
fn assert_harmless(output: &str, context: &str) {
    let acts = |character: &char| {
        escape::is_hidden(*character) && *character != '\n' && !('\u{fe0e}'..='\u{fe0f}').contains(character)
    };
    assert_eq!(output.chars().find(acts), None, "{context}");
    for command in ["##[", "##vso[", "##teamcity["] {
        assert!(!output.contains(command), "{context}");
    }
    assert!(output.ends_with('\n'), "{context}");
}

fn assert_no_command(output: &str, context: &str) {
    let command = output.lines().find(|line| line.trim_start().starts_with("::"));
    assert_eq!(command, None, "{context}");
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
            Format::Junit => check_junit(&output, &context),
            Format::Sarif => check_sarif(&output, &context),
            Format::Tap => check_tap(&output, &context),
        }
    }
}

fn check_text(output: &str, context: &str) {
    assert_no_command(output, context);
    assert!(output.starts_with("✗ deny: "), "{context}");
    assert!(output.lines().all(|line| line.trim_end() == line), "{context}:\n{output}");
}

fn check_json(output: &str, decisions: &Decisions, context: &str) {
    assert_no_command(output, context);
    let value: serde_json::Value = serde_json::from_str(output).unwrap();
    assert_eq!(value, serde_json::to_value(decisions).unwrap(), "{context}");
}

/// A line without its code spans, by the rule that a span ends with as many backticks as it began with.
fn without_code(line: &str) -> String {
    let mut output = String::new();
    let mut rest = line;
    while let Some(start) = rest.find('`') {
        let before = &rest[..start];
        let escaped = before.chars().rev().take_while(|character| *character == '\\').count() % 2 == 1;
        output.push_str(before);
        if escaped {
            output.push('`');
            rest = &rest[start + 1..];
            continue;
        }
        let fence = rest[start..].chars().take_while(|character| *character == '`').count();
        rest = &rest[start + fence..];
        let mut from = 0;
        let end = loop {
            let next = rest[from..].find('`').map(|next| from + next).expect("every code span ends on its line");
            let run = rest[next..].chars().take_while(|character| *character == '`').count();
            if run == fence {
                break next + run;
            }
            from = next + run;
        };
        rest = &rest[end..];
    }
    output.push_str(rest);
    output
}

/// A line with `·` for each backslash and the sign that it takes literally.
fn without_escapes(line: &str) -> String {
    let mut output = String::new();
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        if character == '\\' {
            characters.next();
            output.push('·');
        } else {
            output.push(character);
        }
    }
    output
}

fn check_markdown(output: &str, context: &str) {
    assert_no_command(output, context);
    assert!(output.len() <= 1024 * 1024, "{context}");
    for line in output.lines() {
        let mut markup = without_escapes(&without_code(line));
        for own in ["<br>", "<code>", "</code>", "&#124;", "<span>@</span>", "<span>#</span>", "<sub>", "</sub>"] {
            markup = markup.replace(own, "");
        }
        assert!(!markup.contains(['<', '@', '[', ']']), "{context}: {line}");
        assert!(!markup.contains("://") && !markup.contains("www."), "{context}: {line}");
        assert!(!markup.trim_start_matches('#').contains('#'), "{context}: {line}");
        if line.starts_with('|') {
            assert_eq!(line.matches('|').count(), 6, "{context}: {line}");
        } else {
            let known = ["", "## ", "### ", "**", "- `", "<sub>", "> **Cut"];
            assert!(known.iter().any(|start| line.starts_with(start)), "{context}: {line}");
        }
    }
}

/// A workflow command as the runner reads it.
fn parse_command(line: &str) -> (String, Vec<(String, String)>, String) {
    let (head, data) = line.strip_prefix("::").unwrap().split_once("::").unwrap();
    let (name, properties) = head.split_once(' ').unwrap();
    let decode = |text: &str| text.replace("%0D", "\r").replace("%0A", "\n").replace("%3A", ":").replace("%2C", ",");
    let properties = properties.split(',').map(|property| {
        let (key, value) = property.split_once('=').unwrap();
        (key.to_owned(), decode(value).replace("%25", "%"))
    });
    (name.to_owned(), properties.collect(), data.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%"))
}

fn check_github(output: &str, context: &str) {
    let commands: Vec<_> = output.lines().map(parse_command).collect();
    // The verdict, three that block, two and one that warn, four of a dry run.
    let names: Vec<&str> = commands.iter().map(|(name, _, _)| name.as_str()).collect();
    let expected = ["notice", "error", "error", "error", "warning", "warning", "warning", "warning", "warning"];
    assert_eq!(names[..9], expected, "{context}");
    assert!(names[9..].iter().all(|name| *name == "notice") && names.len() == 13, "{context}: {names:?}");
    for (_, properties, data) in commands {
        let keys: Vec<&str> = properties.iter().map(|(key, _)| key.as_str()).collect();
        assert!([&["title"][..], &["file", "line", "title"]].contains(&&keys[..]), "{context}: {keys:?}");
        assert!(!data.contains('\r'), "{context}");
    }
}

fn check_junit(output: &str, context: &str) {
    assert_no_command(output, context);
    let report = quick_junit::Report::deserialize_from_str(output).unwrap_or_else(|error| panic!("{context}: {error}"));
    assert_eq!((report.tests, report.failures, report.errors), (19, 3, 1), "{context}");
}

fn check_sarif(output: &str, context: &str) {
    assert_no_command(output, context);
    let log: serde_json::Value = serde_json::from_str(output).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 15, "{context}");
    for result in results {
        let location = &result["locations"][0]["physicalLocation"];
        let uri = location["artifactLocation"]["uri"].as_str().unwrap();
        assert!(uri.bytes().all(|byte| byte.is_ascii_graphic()) && !uri.contains(['?', '#']), "{context}: {uri}");
        assert!(!uri.contains(':') || uri.starts_with("file:///"), "{context}: {uri}");
        assert_eq!(location["region"]["startLine"], 1, "{context}");
        assert!(!result["message"]["text"].as_str().unwrap().replace("\\](", "").contains("]("), "{context}");
    }
}

fn check_tap(output: &str, context: &str) {
    assert_no_command(output, context);
    let mut lines = output.lines();
    assert_eq!((lines.next(), lines.next()), (Some("TAP version 14"), Some("1..19")), "{context}");
    let (mut points, mut failures) = (0, 0);
    for line in lines {
        if line.starts_with("  ") {
            assert!(["  ---", "  ..."].contains(&line) || line.contains(": \""), "{context}: {line}");
            continue;
        }
        points += 1;
        let result = line.strip_prefix("not ").unwrap_or(line);
        failures += usize::from(result.len() < line.len());
        assert!(result.starts_with(&format!("ok {points} - ")), "{context}: {line}");
        let directive = line.replace("\\\\", "").replace("\\#", "");
        assert_eq!(directive.matches('#').count(), directive.matches(" # SKIP").count(), "{context}: {line}");
    }
    assert_eq!((points, failures), (19, 4), "{context}");
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
        assert_eq!(value["deployment_records"], serde_json::to_value(&records).unwrap());
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
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

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
