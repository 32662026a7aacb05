//! SARIF 2.1.0: a result for each finding that objects, at the file and line it is from.
//!
//! A result of a rule that does not count is a `warning` or a `note`; only what blocks the verdict is an `error`. All
//! of these are of the kind `fail`, since the standard allows a level with no other kind. An `error` that an override
//! lets pass is suppressed.
//!
//! Source: <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>.

use std::collections::HashMap;

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::domain::decision::{Decision, Decisions};
use crate::domain::digest::Digest;
use crate::domain::finding::Finding;
use crate::domain::verdict::Verdict;

use super::escape::{self, NAME_LIMIT};
use super::finding::{self, Standing};
use super::overrides::{self, Entry};
use super::{json, phrase};

/// The decisions as a SARIF log of one run.
pub(super) fn render(decisions: &Decisions) -> String {
    let rules = Rules::of(decisions);
    log(&Run {
        results: results(decisions, &rules),
        rules: rules.descriptors,
        invocation: invocation(decisions),
        properties: json!({
            "verdict": decisions.verdict(),
            "opens_at": decisions.opens_at(),
            "decisions": decisions.0.iter().map(summary).collect::<Vec<_>>(),
        }),
    })
}

/// One run of holdpoint.
pub(super) struct Run {
    pub(super) rules: Vec<Value>,
    pub(super) invocation: Value,
    pub(super) results: Vec<Value>,
    pub(super) properties: Value,
}

/// A SARIF log of one run.
pub(super) fn log(run: &Run) -> String {
    json::render(&json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "holdpoint",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": run.rules,
            }},
            "invocations": [run.invocation],
            "columnKind": "unicodeCodePoints",
            "results": run.results,
            "properties": run.properties,
        }],
    }))
}

/// The rules of all findings, each once.
struct Rules {
    descriptors: Vec<Value>,
    /// By the id as it is shown.
    positions: HashMap<String, usize>,
}

impl Rules {
    fn of(decisions: &Decisions) -> Self {
        let mut rules = Self { descriptors: Vec::new(), positions: HashMap::new() };
        let findings: Vec<&Finding> = decisions.0.iter().flat_map(|decision| &decision.findings).collect();
        for found in &findings {
            let id = finding::rule(found);
            if rules.positions.contains_key(&id) {
                continue;
            }
            let of_rule = findings.iter().filter(|finding| finding::rule(finding) == id);
            let help = of_rule.map(|finding| finding::remediation(finding)).find(|help| !help.is_empty());
            rules.descriptors.push(json!({
                "id": id,
                "shortDescription": {"text": finding::title(found)},
                "help": {"text": escape::sarif_message(&help.unwrap_or_else(|| finding::title(found)))},
                "defaultConfiguration": {"level": "error"},
            }));
            rules.positions.insert(id, rules.descriptors.len().saturating_sub(1));
        }
        rules
    }
}

fn invocation(decisions: &Decisions) -> Value {
    let verdict = decisions.verdict();
    let mut invocation = json!({
        "executionSuccessful": verdict != Verdict::Undecided,
        "exitCode": verdict.exit_code(),
        "exitCodeDescription": verdict,
    });
    let notifications: Vec<Value> = decisions.0.iter().flat_map(notifications).collect();
    if let (Value::Object(members), false) = (&mut invocation, notifications.is_empty()) {
        members.insert("toolConfigurationNotifications".to_owned(), notifications.into());
    }
    invocation
}

/// Overrides in force, and those that do not apply.
fn notifications(decision: &Decision) -> Vec<Value> {
    let entries = overrides::in_force(decision).into_iter().chain(overrides::notices(decision));
    let notification = |entry: Entry| {
        let text = escape::sarif_message(&entry.line());
        json!({"level": "warning", "descriptor": {"id": "override"}, "message": {"text": text}})
    };
    entries.map(notification).collect()
}

/// What code hosts call dismissed: the finding stays, with who answers for it.
fn suppressions(decision: &Decision, finding: &Finding) -> Vec<Value> {
    let Some(id) = finding.overridden_by.as_deref() else { return Vec::new() };
    let report = decision.overrides.iter().find(|report| report.exception.id == id);
    let justification = match report {
        Some(report) => format!(
            "{} by {}: {}",
            escape::line(id, NAME_LIMIT),
            escape::line(&report.exception.actor, NAME_LIMIT),
            escape::line(&report.exception.reason, escape::MESSAGE_LIMIT)
        ),
        None => escape::line(id, NAME_LIMIT),
    };
    vec![json!({"kind": "external", "status": "accepted", "justification": justification})]
}

fn summary(decision: &Decision) -> Value {
    json!({
        "id": escape::line(&decision.id, NAME_LIMIT),
        "verdict": decision.verdict,
        "opens_at": decision.opens_at,
        "as_of": decision.as_of,
        "artifact": phrase::name(&decision.request.artifact),
        "digest": decision.request.artifact.digest,
        "environment": escape::line(&decision.request.environment, NAME_LIMIT),
    })
}

fn results(decisions: &Decisions, rules: &Rules) -> Vec<Value> {
    let mut repeats: HashMap<Digest, usize> = HashMap::new();
    let mut results = Vec::new();
    for decision in &decisions.0 {
        for finding in &decision.findings {
            let Some(level) = level(finding) else { continue };
            let identity = identity(decision, finding);
            let repeat = repeats.entry(identity).or_default();
            *repeat += 1;
            let mut result = result(decision, finding, &format!("{identity}:{repeat}"));
            result.insert("kind".to_owned(), "fail".into());
            result.insert("level".to_owned(), level.into());
            if finding.overridden_by.is_some() {
                result.insert("suppressions".to_owned(), suppressions(decision, finding).into());
            }
            result.insert("ruleIndex".to_owned(), rules.positions.get(&finding::rule(finding)).copied().into());
            results.push(Value::Object(result));
        }
    }
    results
}

fn level(finding: &Finding) -> Option<&'static str> {
    match Standing::of(finding) {
        Standing::Blocks | Standing::Overridden => Some("error"),
        Standing::Warns => Some("warning"),
        Standing::DryRun => Some("note"),
        // Code hosts show every result as an alert, whatever its kind.
        Standing::Skipped | Standing::Passed => None,
    }
}

/// What a finding is about, the same from run to run: no time, no digest of the artifact, no wording.
fn identity(decision: &Decision, finding: &Finding) -> Digest {
    let name = |text: &str| escape::line(text, NAME_LIMIT);
    let mut slots: Vec<[String; 2]> =
        finding.records.iter().map(|record| [name(&record.environment_name), name(&record.deployment_name)]).collect();
    slots.sort_unstable();
    let request = &decision.request;
    let parts = [&request.artifact.name, &request.environment, &finding.rule, &finding.code].map(|text| name(text));
    hash_of(parts.iter().chain(slots.iter().flatten()))
}

/// A digest of these texts in this order.
pub(super) fn hash_of<'a>(parts: impl Iterator<Item = &'a String>) -> Digest {
    let mut hash = Sha256::new();
    for part in parts {
        // The length keeps `ab` + `c` apart from `a` + `bc`.
        hash.update(part.len().to_string());
        hash.update(":");
        hash.update(part);
    }
    Digest::from_bytes(hash.finalize().into())
}

fn result(decision: &Decision, finding: &Finding, fingerprint: &str) -> Map<String, Value> {
    let result = json!({
        "ruleId": finding::rule(finding),
        "message": {"text": escape::sarif_message(&text(decision, finding))},
        "locations": [location(decision, finding)],
        "partialFingerprints": {"holdpoint/v1": fingerprint},
        "properties": {
            "code": escape::line(&finding.code, NAME_LIMIT),
            "outcome": finding.outcome,
            "enforcement": finding.enforcement,
            "opens_at": finding.opens_at,
            "decision": escape::line(&decision.id, NAME_LIMIT),
        },
    });
    match result {
        Value::Object(result) => result,
        _ => Map::new(),
    }
}

fn text(decision: &Decision, finding: &Finding) -> String {
    let artifact = phrase::name_or_digest(&decision.request.artifact);
    let environment = escape::line(&decision.request.environment, NAME_LIMIT);
    let says = format!("{artifact} to {environment}, {}: {}", finding::outcome(finding), finding::message(finding));
    let mut lines = vec![says];
    lines.extend(finding::way_out(decision, finding));
    lines.join("\n")
}

fn location(decision: &Decision, finding: &Finding) -> Value {
    let environment = escape::line(&decision.request.environment, NAME_LIMIT);
    let name = finding::rule(finding);
    let qualified = format!("{environment}/{name}");
    let logical = json!([{"name": name, "fullyQualifiedName": qualified, "kind": "resource"}]);
    let Some(location) = &finding.location else { return json!({"logicalLocations": logical}) };
    let region = json!({"startLine": location.line.max(1)});
    let physical = json!({"artifactLocation": artifact(&location.path), "region": region});
    if finding.is_of_rule() {
        json!({"physicalLocation": physical})
    } else {
        json!({"physicalLocation": physical, "logicalLocations": logical})
    }
}

/// A file, relative to the repository unless its path is absolute.
pub(super) fn artifact(path: &str) -> Value {
    let uri = escape::uri(&escape::line(path, NAME_LIMIT));
    if uri.starts_with("file:") { json!({"uri": uri}) } else { json!({"uri": uri, "uriBaseId": "%SRCROOT%"}) }
}
