//! A decision made again: what a decision document says, and what differs when its question is asked anew.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::artifact::ArtifactKind;
use super::attestation::earlier;
use super::decision::{DECISION_SCHEMA, DECISIONS_SCHEMA, Decision};
use super::digest::Digest;
use super::request::{Intent, Request, RequestedArtifact};
use super::text::line;
use super::unique::{Limits, Reading};
use super::verdict::Verdict;

/// The doors that requests come through. Policies and plugins may look at it.
const CHANNELS: [&str; 5] = ["check", "action", "admission", "protection-rule", "test"];
const MOST_VALUES: usize = 2_000_000;
const DEEPEST: usize = 100;
const MOST_DECISIONS: usize = 1_000;
/// The most findings that are told to differ, of one decision.
const MOST_FINDINGS: usize = 20;
/// The most characters of an error, which may repeat the document.
const ERROR_LIMIT: usize = 500;

/// What a decision document says, as far as it is asked again.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The decision's id.
    pub id: String,
    /// The question.
    pub request: Request,
    /// The instant it is about.
    pub as_of: Timestamp,
    document: Document,
}

#[derive(Clone, Debug, Deserialize)]
struct Document {
    id: String,
    verdict: Verdict,
    opens_at: Option<Timestamp>,
    request: RecordedRequest,
    as_of: Timestamp,
    findings: Vec<RecordedFinding>,
    snapshot: RecordedSnapshot,
    policies_digest: Digest,
    #[serde(default)]
    plugins: Vec<RecordedPlugin>,
    input_digest: Digest,
    holdpoint_version: String,
}

#[derive(Clone, Debug, Deserialize)]
struct RecordedRequest {
    artifact: RecordedArtifact,
    environment: String,
    deployment_name: Option<String>,
    intent: Intent,
    actor: Option<String>,
    reason: Option<String>,
    channel: String,
    context: Value,
}

#[derive(Clone, Debug, Deserialize)]
struct RecordedArtifact {
    kind: String,
    name: String,
    digest: Digest,
    version: String,
    reference: String,
}

/// What of a finding has to come out the same. Where its policy lies is no part of it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
struct RecordedFinding {
    rule: String,
    enforcement: String,
    outcome: String,
    code: String,
    message: String,
    remediation: String,
    records: Vec<Value>,
    opens_at: Option<Timestamp>,
    overridden_by: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct RecordedSnapshot {
    sources: Vec<RecordedSource>,
}

#[derive(Clone, Debug, Deserialize)]
struct RecordedSource {
    name: String,
    digest: Option<Digest>,
    #[serde(default)]
    related_only: bool,
}

#[derive(Clone, Debug, Deserialize)]
struct RecordedPlugin {
    name: String,
    replayable: bool,
}

/// Reads the decisions of a document.
///
/// # Errors
/// When it is no decision document, or one that goes beyond all bounds.
pub fn read(text: &str) -> Result<Vec<Recorded>, String> {
    let limits = Limits { values: MOST_VALUES, depth: DEEPEST, reading: &Reading::Whole };
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = limits.read(&mut reader).and_then(|value| reader.end().map(|()| value));
    let mut value = value.map_err(|error| line(&format!("it is not JSON that can be read: {error}"), ERROR_LIMIT))?;
    let schema = value.get("schema").and_then(Value::as_str).map(str::to_owned);
    let documents = match (schema.as_deref(), value.get_mut("decisions").map(Value::take)) {
        (Some(DECISION_SCHEMA), _) => vec![value],
        (Some(DECISIONS_SCHEMA), Some(Value::Array(decisions))) if decisions.len() <= MOST_DECISIONS => decisions,
        (Some(DECISIONS_SCHEMA), Some(Value::Array(_))) => {
            return Err(format!("it has more than {MOST_DECISIONS} decisions"));
        }
        _ => return Err(format!("it is no decision document (`{DECISION_SCHEMA}`)")),
    };
    documents.into_iter().map(one).collect()
}

fn one(document: Value) -> Result<Recorded, String> {
    let document: Document = serde_json::from_value(document)
        .map_err(|error| line(&format!("it is no whole decision document: {error}"), ERROR_LIMIT))?;
    let asked = &document.request;
    let channel = CHANNELS.iter().find(|channel| **channel == asked.channel);
    let channel = channel.ok_or_else(|| {
        line(&format!("its request came through `{}`, which this version does not know", asked.channel), ERROR_LIMIT)
    })?;
    let request = Request {
        artifact: RequestedArtifact {
            kind: ArtifactKind::from_text(&asked.artifact.kind),
            name: asked.artifact.name.clone(),
            digest: asked.artifact.digest,
            version: asked.artifact.version.clone(),
            reference: asked.artifact.reference.clone(),
        },
        environment: asked.environment.clone(),
        deployment_name: asked.deployment_name.clone(),
        intent: asked.intent,
        actor: asked.actor.clone(),
        reason: asked.reason.clone(),
        channel,
        context: asked.context.clone(),
    };
    Ok(Recorded { id: document.id.clone(), request, as_of: document.as_of, document })
}

impl Recorded {
    /// Why it cannot be made again: it rests on what is neither in the document nor in records and policies.
    #[must_use]
    pub fn obstacle(&self) -> Option<String> {
        let asks = |plugin: &&RecordedPlugin| !plugin.replayable;
        if let Some(plugin) = self.document.plugins.iter().find(asks) {
            return Some(line(
                &format!("plugin `{}` asks others, who may answer differently now", plugin.name),
                ERROR_LIMIT,
            ));
        }
        let earlier = self.document.findings.iter().any(|finding| finding.rule == earlier::RULE);
        earlier.then(|| "it rests on an earlier decision (`--require-vsa`), which is not in the document".to_owned())
    }

    /// Whether only those records were read for it that its rules look at.
    #[must_use]
    pub fn is_of_related_records(&self) -> bool {
        self.document.snapshot.sources.iter().any(|source| source.related_only)
    }

    /// What differs between the document and the decision that was made now.
    #[must_use]
    pub fn compare(&self, decision: &Decision) -> Replay {
        let document = &self.document;
        let mut differences = Vec::new();
        let mut differ = |what: &str, recorded: String, replayed: String| {
            if recorded != replayed {
                differences.push(Difference { what: what.to_owned(), recorded, replayed });
            }
        };
        differ("verdict", document.verdict.to_string(), decision.verdict.to_string());
        differ("opens_at", opening(document.opens_at), opening(decision.opens_at));
        differ("policies_digest", document.policies_digest.to_string(), decision.policies_digest.to_string());
        differ("input_digest", document.input_digest.to_string(), decision.input_digest.to_string());
        differ("records", sources_of(document), sources(decision));
        differences.extend(self.findings(decision));
        Replay {
            id: self.id.clone(),
            artifact: self.request.artifact.digest,
            environment: self.request.environment.clone(),
            as_of: self.as_of,
            recorded: document.verdict,
            recorded_version: document.holdpoint_version.clone(),
            replayed: decision.verdict,
            differences,
        }
    }

    fn findings(&self, decision: &Decision) -> Vec<Difference> {
        let mut recorded = self.document.findings.clone();
        let mut replayed: Vec<RecordedFinding> = Vec::new();
        for finding in &decision.findings {
            // What was serialised reads back; were it not to, it differs.
            let read = serde_json::to_value(finding).and_then(serde_json::from_value);
            let Ok(now) = read else { continue };
            match recorded.iter().position(|before| *before == now) {
                Some(position) => drop(recorded.remove(position)),
                None => replayed.push(now),
            }
        }
        let only = |finding: &RecordedFinding| {
            format!("{}: {} ({}): {}", finding.rule, finding.outcome, finding.code, finding.message)
        };
        let gone = recorded.iter().map(|finding| (only(finding), String::new()));
        let new = replayed.iter().map(|finding| (String::new(), only(finding)));
        let all = recorded.len() + replayed.len();
        let mut differences: Vec<Difference> = gone
            .chain(new)
            .take(MOST_FINDINGS)
            .map(|(recorded, replayed)| Difference { what: "finding".to_owned(), recorded, replayed })
            .collect();
        if all > MOST_FINDINGS {
            let more = format!("{} more", all - MOST_FINDINGS);
            differences.push(Difference { what: "findings".to_owned(), recorded: more.clone(), replayed: more });
        }
        differences
    }
}

fn opening(time: Option<Timestamp>) -> String {
    time.map(|time| time.to_string()).unwrap_or_default()
}

fn sources_of(document: &Document) -> String {
    shown(document.snapshot.sources.iter().map(|source| (source.name.as_str(), source.digest)))
}

fn sources(decision: &Decision) -> String {
    shown(decision.snapshot.sources.iter().map(|source| (source.name.as_str(), source.digest)))
}

fn shown<'a>(sources: impl Iterator<Item = (&'a str, Option<Digest>)>) -> String {
    let one = |(name, digest): (&str, Option<Digest>)| match digest {
        Some(digest) => format!("{name} {digest}"),
        None => format!("{name} unread"),
    };
    sources.map(one).collect::<Vec<_>>().join(", ")
}

/// What came of making a decision again.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Replay {
    /// The id in the document.
    pub id: String,
    /// What was asked about.
    pub artifact: Digest,
    /// Where it was to go.
    pub environment: String,
    /// The instant.
    pub as_of: Timestamp,
    /// The verdict in the document.
    pub recorded: Verdict,
    /// The version that decided then.
    pub recorded_version: String,
    /// The verdict now.
    pub replayed: Verdict,
    /// What is not the same; empty when everything is.
    pub differences: Vec<Difference>,
}

/// One thing that is not the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The name of it.
    pub what: String,
    /// As the document has it; empty when it has nothing like it.
    pub recorded: String,
    /// As it is now; empty when there is nothing like it.
    pub replayed: String,
}
