//! Findings as SARIF 2.1.0.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::domain::lint::{LintCode, LintFinding, LintReport};
use crate::output::escape::{self, MESSAGE_LIMIT, NAME_LIMIT};
use crate::output::sarif::{self, Run};

pub(super) fn render(report: &LintReport) -> String {
    let mut codes: Vec<&LintCode> = report.findings.iter().map(|finding| finding.code).collect();
    codes.sort_by_key(|code| code.name);
    codes.dedup();
    sarif::log(&Run {
        rules: codes.iter().map(|code| descriptor(code)).collect(),
        invocation: json!({"executionSuccessful": true}),
        results: results(report, &codes),
        properties: json!({"files": report.files}),
    })
}

fn descriptor(code: &LintCode) -> Value {
    json!({
        "id": code.name,
        "shortDescription": {"text": code.summary},
        "fullDescription": {"text": code.why},
        "help": {"text": format!("{}\n{}", code.why, code.repair)},
        "defaultConfiguration": {"level": code.severity},
    })
}

fn results(report: &LintReport, codes: &[&LintCode]) -> Vec<Value> {
    let mut repeats: BTreeMap<String, usize> = BTreeMap::new();
    let mut result = |finding: &LintFinding| {
        let identity = identity(finding);
        let repeat = repeats.entry(identity.clone()).or_default();
        *repeat += 1;
        json!({
            "ruleId": finding.code.name,
            "ruleIndex": codes.iter().position(|code| code.name == finding.code.name),
            "kind": "fail",
            "level": finding.code.severity,
            "message": {"text": escape::sarif_message(&message(finding))},
            "locations": [{"physicalLocation": location(finding)}],
            "partialFingerprints": {"holdpoint/v1": format!("{identity}:{repeat}")},
        })
    };
    report.findings.iter().map(&mut result).collect()
}

fn message(finding: &LintFinding) -> String {
    let message = escape::paragraph(&finding.message, MESSAGE_LIMIT);
    let hint = escape::paragraph(&finding.hint, MESSAGE_LIMIT);
    if hint.is_empty() { message } else { format!("{message}\n→ {hint}") }
}

/// What a finding is about, the same when lines are added above it.
fn identity(finding: &LintFinding) -> String {
    let line = finding.excerpt.as_deref().unwrap_or_default().trim().to_owned();
    let parts = [finding.code.name.to_owned(), escape::line(&finding.path, NAME_LIMIT), line];
    sarif::hash_of(parts.iter()).to_string()
}

fn location(finding: &LintFinding) -> Value {
    let artifact = sarif::artifact(&finding.path);
    match (finding.line, finding.column) {
        (0, _) => json!({"artifactLocation": artifact}),
        (line, 0) => json!({"artifactLocation": artifact, "region": {"startLine": line}}),
        (line, column) => json!({
            "artifactLocation": artifact,
            "region": {"startLine": line, "startColumn": column},
        }),
    }
}
