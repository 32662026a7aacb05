//! Between holdpoint's types and the contract's.

use jiff::Timestamp;
use serde_json::Value;

use crate::domain::artifact::RecordedArtifact;
use crate::domain::plugin::PluginMetadata;
use crate::domain::record::DeploymentRecord;
use crate::domain::request::Request;
use crate::gate::engine::{Answer, Question, Statement};

use super::bindings::types;
use super::limits::{MOST_FINDINGS, MOST_RECORDS_NAMED};
use super::view;

/// Ids of records that are kept for explanations.
pub(super) const MOST_SHOWN: usize = 500;
/// The longest JSON Schema that a plugin may have, in bytes.
const LONGEST_SCHEMA: usize = 256 << 10;

/// A record as plugins see it.
///
/// # Errors
/// When a time is missing that the contract always has. A made-up one would pass for old or for young.
pub(super) fn record(environment: &str, record: &DeploymentRecord) -> Result<types::DeploymentRecord, String> {
    let time = |name: &str, time: Option<Timestamp>| {
        time.and_then(milliseconds)
            .ok_or_else(|| format!("the record `{}` has no `{name}` that plugins could be given", record.id))
    };
    let tags = record.details.as_ref().and_then(|details| details.tags.as_ref());
    Ok(types::DeploymentRecord {
        id: (*record.id).to_owned(),
        environment: environment.to_owned(),
        target: (*record.environment_name).to_owned(),
        deployment_name: (*record.deployment_name).to_owned(),
        artifact: artifact(&record.artifact),
        status: view::status(&record.status),
        status_text: record.status.as_str().to_owned(),
        created_at: time("created_at", record.created_at)?,
        updated_at: time("updated_at", record.updated_at)?,
        last_seen_at: record.last_seen_at.and_then(milliseconds),
        tags: tags.into_iter().flatten().map(|(name, value)| attribute(name, value.clone())).collect(),
    })
}

fn artifact(artifact: &RecordedArtifact) -> types::Artifact {
    types::Artifact {
        kind: artifact.kind.as_str().to_owned(),
        name: (*artifact.name).to_owned(),
        // One that is not usable is kept, and marked by being empty.
        digest: artifact.digest.map(|digest| digest.to_string()).unwrap_or_default(),
        version: (*artifact.version).to_owned(),
    }
}

fn milliseconds(time: Timestamp) -> Option<u64> {
    u64::try_from(time.as_millisecond()).ok()
}

/// What a plugin is asked.
///
/// # Errors
/// When the instant is before 1970.
pub(super) fn input(
    question: &Question<'_>,
    environments: &[String],
    parameters: &str,
) -> Result<types::EvaluationInput, String> {
    let as_of = milliseconds(question.as_of).ok_or("plugins cannot be asked about an instant before 1970")?;
    Ok(types::EvaluationInput {
        request: request(question.request),
        as_of,
        channel: channel(question.request.channel).to_owned(),
        environments: environments.to_vec(),
        parameters: parameters.to_owned(),
    })
}

/// The contract's word for a door.
fn channel(channel: &str) -> &str {
    match channel {
        "check" => "command-line",
        "action" => "github-action",
        other => other,
    }
}

fn request(request: &Request) -> types::Request {
    let mut context = Vec::new();
    flatten("", &request.context, &mut context);
    types::Request {
        artifact: types::Artifact {
            kind: request.artifact.kind.as_str().to_owned(),
            name: request.artifact.name.clone(),
            digest: request.artifact.digest.to_string(),
            version: request.artifact.version.clone(),
        },
        reference: request.artifact.reference.clone(),
        environment: request.environment.clone(),
        deployment_name: request.deployment_name.clone().unwrap_or_default(),
        intent: request.intent.as_str().to_owned(),
        actor: request.actor.clone().unwrap_or_default(),
        reason: request.reason.clone().unwrap_or_default(),
        context,
    }
}

/// The members of objects by their paths, such as `github.ref`; a text as it is, anything else as JSON.
fn flatten(path: &str, value: &Value, into: &mut Vec<types::Attribute>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flatten(&path, value, into);
            }
        }
        Value::Null if path.is_empty() => {}
        Value::String(text) => into.push(attribute(path, text.clone())),
        other => into.push(attribute(path, other.to_string())),
    }
}

fn attribute(name: &str, value: String) -> types::Attribute {
    types::Attribute { name: name.to_owned(), value }
}

/// What a plugin says, in the gate's words. `redact` is put over every text.
///
/// # Errors
/// What is wrong with a finding.
pub(super) fn answer(verdict: types::Verdict, redact: impl Fn(&str) -> String) -> Result<Answer, String> {
    let mut answer = Answer::default();
    match verdict {
        types::Verdict::Skipped(reason) if reason.trim().is_empty() => {
            return Err("it does not apply, and it does not say why".to_owned());
        }
        types::Verdict::Skipped(reason) => answer.skip_reason = Some(redact(&reason)),
        types::Verdict::Evaluated(findings) if findings.len() > MOST_FINDINGS => {
            return Err(format!("it has {} findings, and {MOST_FINDINGS} are the most", findings.len()));
        }
        types::Verdict::Evaluated(findings) => {
            for finding in findings {
                let effect = finding.effect;
                let statement = statement(finding, &redact)?;
                match effect {
                    types::Effect::Deny => answer.denials.push(statement),
                    types::Effect::Hold => answer.holds.push(statement),
                    types::Effect::Warn => answer.warnings.push(statement),
                }
            }
        }
    }
    Ok(answer)
}

fn statement(finding: types::Finding, redact: &impl Fn(&str) -> String) -> Result<Statement, String> {
    if finding.message.trim().is_empty() {
        return Err("one of its findings has no message".to_owned());
    }
    let opens_at = finding.opens_at.map(|at| {
        let at = i64::try_from(at).ok().and_then(|at| Timestamp::from_millisecond(at).ok());
        at.ok_or_else(|| "the `opens-at` of one of its findings is no instant".to_owned())
    });
    Ok(Statement {
        message: redact(&finding.message),
        code: redact(&finding.code),
        remediation: redact(&finding.remediation.unwrap_or_default()),
        records: finding.records.into_iter().take(MOST_RECORDS_NAMED).collect(),
        opens_at: opens_at.transpose()?,
        location: None,
    })
}

/// What a plugin says of itself. `redact` is put over every text.
///
/// # Errors
/// A schema that is too long or no JSON.
pub(super) fn metadata(metadata: types::Metadata, redact: impl Fn(&str) -> String) -> Result<PluginMetadata, String> {
    let schema = |text: String| {
        if text.len() > LONGEST_SCHEMA {
            return Err(format!("the JSON Schema of its parameters is longer than {} KiB", LONGEST_SCHEMA >> 10));
        }
        serde_json::from_str(&redact(&text))
            .map_err(|error| format!("the JSON Schema of its parameters is no JSON: {error}"))
    };
    Ok(PluginMetadata {
        name: redact(&metadata.name),
        version: redact(&metadata.version),
        title: redact(&metadata.title),
        description: redact(&metadata.description),
        parameters: metadata.parameters_schema.map(schema).transpose()?,
        documentation_url: metadata.documentation_url.as_deref().map(redact),
    })
}

#[cfg(test)]
mod tests;
