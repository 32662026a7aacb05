//! An earlier decision, as its summary tells: what `--require-vsa` asks for beside the rules.
//!
//! Whether the summary is true is for whoever verified its signature to say. Here it is held against the decision at
//! hand: the same digest, environment and policies, and not too long ago.

use std::cmp::Reverse;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{PREDICATE_TYPE, VERIFIER, level, policy_uri};
use crate::domain::decision::Decision;
use crate::domain::digest::Digest;
use crate::domain::finding::{Finding, Outcome};
use crate::domain::instant::duration;
use crate::domain::rule::Enforcement;
use crate::domain::text::line;
use crate::domain::unique::{Limits, Reading};

/// The rule's id in the finding.
pub const RULE: &str = "earlier_decision";
const TITLE: &str = "Decided before";
const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
/// How far the clocks of two doors may differ.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);
/// The most values of a file that are read. A signature and what proves it are not among them.
const MOST_VALUES: usize = 100_000;
const DEEPEST: usize = 64;
/// The most characters of an error, which may repeat a key.
const ERROR_LIMIT: usize = 500;

/// What a summary says, as far as it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    subject: Digest,
    policy_uri: String,
    policies: Digest,
    passed: bool,
    levels: Vec<String>,
    time: Option<Timestamp>,
}

/// Reads the summaries of holdpoint in a text: what `gh attestation verify --format json` prints, a list of such, an
/// in-toto statement, or a predicate alone, whose subject is in its `resourceUri`. What others verified is left out.
///
/// # Errors
/// When it is no such text, or a summary lacks what it must have.
pub fn read(text: &str) -> Result<Vec<Summary>, String> {
    let reading = &Reading::But(&[("attestation", Reading::LeftOut)]);
    let limits = Limits { values: MOST_VALUES, depth: DEEPEST, reading };
    // What `gh` prints is a list, and what is left out stands in its items.
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = limits.read(&mut reader).and_then(|value| reader.end().map(|()| value));
    let value = value.map_err(|error| line(&format!("it is not JSON that can be read: {error}"), ERROR_LIMIT))?;
    let items = match value {
        Value::Array(items) => items,
        other => vec![other],
    };
    let read = items.iter().map(one).collect::<Result<Vec<_>, _>>()?;
    Ok(read.into_iter().flatten().collect())
}

/// One summary; none when it is another kind of statement, or another's.
fn one(item: &Value) -> Result<Option<Summary>, String> {
    let verified = item.get("verificationResult").and_then(|result| result.get("statement"));
    let statement = verified.unwrap_or(item);
    let Some(kind) = statement.get("_type") else { return of_predicate(item, None) };
    if kind != STATEMENT_TYPE {
        return Err(format!("a statement is not of the type `{STATEMENT_TYPE}`"));
    }
    if statement.get("predicateType").and_then(Value::as_str) != Some(PREDICATE_TYPE) {
        return Ok(None);
    }
    let subjects = statement.get("subject").and_then(Value::as_array).ok_or("a statement has no `subject`")?;
    let digest = |subject: &Value| digest(subject.get("digest")?.get("sha256")?.as_str()?).ok();
    let predicate = statement.get("predicate").ok_or("a statement has no `predicate`")?;
    of_predicate(predicate, Some(subjects.iter().filter_map(digest).collect()))
}

fn of_predicate(predicate: &Value, subjects: Option<Vec<Digest>>) -> Result<Option<Summary>, String> {
    let text = |path: &[&str]| -> Result<&str, String> {
        let found = path.iter().try_fold(predicate, |value, key| value.get(key)).and_then(Value::as_str);
        found.ok_or_else(|| format!("it has no `{}`: it is neither a summary nor a statement of one", path.join(".")))
    };
    if text(&["verifier", "id"])? != VERIFIER {
        return Ok(None);
    }
    let (_, named) = text(&["resourceUri"])?.rsplit_once("@sha256:").ok_or("the `resourceUri` has no digest")?;
    let subject = digest(named)?;
    if subjects.is_some_and(|subjects| !subjects.contains(&subject)) {
        return Err("the digest in the `resourceUri` is not that of a subject".to_owned());
    }
    let levels = predicate.get("verifiedLevels").and_then(Value::as_array).ok_or("it has no `verifiedLevels`")?;
    let time = predicate.get("timeVerified").map(|time| time.as_str().and_then(|time| time.parse().ok()));
    Ok(Some(Summary {
        subject,
        policy_uri: text(&["policy", "uri"])?.to_owned(),
        policies: digest(text(&["policy", "digest", "sha256"])?)?,
        passed: text(&["verificationResult"])? == "PASSED",
        levels: levels.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        time: time.map(|time| time.ok_or("the `timeVerified` is no instant")).transpose()?,
    }))
}

/// A digest as in-toto writes it, without its algorithm.
fn digest(hex: &str) -> Result<Digest, String> {
    format!("sha256:{hex}").parse().map_err(|error| format!("a digest in it is none: {error}"))
}

/// What is asked of an earlier decision.
#[derive(Clone, Copy, Debug)]
pub struct Requirement {
    /// The instant it is: held against beside the one that is asked about, which a caller may choose.
    pub clock: Timestamp,
    /// How long ago it may have been made.
    pub longest: SignedDuration,
}

impl Requirement {
    /// The finding for a decision: whether the same was decided before. Of several summaries for its digest and
    /// environment, the newest counts; one that does not say when it was made may be newer than any.
    #[must_use]
    pub fn judge(&self, summaries: &Result<Vec<Summary>, String>, decision: &Decision) -> Finding {
        let summaries = match summaries {
            Ok(summaries) => summaries,
            Err(why) => return unusable("earlier_unreadable", &format!("the earlier decision cannot be read: {why}")),
        };
        let (digest, environment) = (decision.request.artifact.digest, &decision.request.environment);
        let uri = policy_uri(environment);
        let concerns = |summary: &&Summary| summary.subject == digest && summary.policy_uri == uri;
        let mut concerning: Vec<&Summary> = summaries.iter().filter(concerns).collect();
        concerning.sort_by_key(|summary| (summary.time.is_some(), Reverse(summary.time), summary.passed));
        match concerning.first() {
            Some(newest) => self.judge_newest(newest, decision),
            None => missing(environment, summaries.len()),
        }
    }

    fn judge_newest(&self, newest: &Summary, decision: &Decision) -> Finding {
        if !newest.passed || !newest.levels.contains(&level(&decision.request.environment)) {
            let remediation = "see why it was not allowed there, and decide it there again";
            return denied("earlier_failed", "the earlier decision is no allow", remediation);
        }
        if newest.policies != decision.policies_digest {
            let message = format!(
                "the earlier decision was made by other policies ({}) than these ({})",
                newest.policies, decision.policies_digest
            );
            return denied("earlier_other_policies", &message, "decide it there again, by the same policies");
        }
        let Some(time) = newest.time else {
            return unusable("earlier_timeless", "the earlier decision does not say when it was made");
        };
        let (first, last) = (self.clock.min(decision.as_of), self.clock.max(decision.as_of));
        if time.duration_since(first) > CLOCK_SKEW {
            return unusable("earlier_in_future", &format!("the earlier decision is of {time}, which is yet to come"));
        }
        let age = last.duration_since(time);
        if age > self.longest {
            let message = format!("the earlier decision is {} old, and may be {}", words(age), words(self.longest));
            return denied("earlier_too_old", &message, "decide it there again, or allow more with `--vsa-max-age`");
        }
        finding(Outcome::Passed, "passed", &format!("decided before, at {time}"), "")
    }
}

fn words(length: SignedDuration) -> String {
    duration(u64::try_from(length.as_secs()).unwrap_or_default())
}

fn missing(environment: &str, others: usize) -> Finding {
    let beside = match others {
        0 => String::new(),
        1 => "; there is 1 for another".to_owned(),
        more => format!("; there are {more} for others"),
    };
    let message = format!("there is no earlier decision for this digest in `{environment}`{beside}");
    denied("earlier_missing", &message, "decide it there first, and hand on the summary of that decision")
}

fn denied(code: &str, message: &str, remediation: &str) -> Finding {
    finding(Outcome::Denied, code, message, remediation)
}

fn unusable(code: &str, message: &str) -> Finding {
    finding(Outcome::Failed, code, message, "hand over the summary as `--vsa` wrote it, or as it was verified")
}

fn finding(outcome: Outcome, code: &str, message: &str, remediation: &str) -> Finding {
    Finding {
        rule: RULE.to_owned(),
        policy: None,
        plugin: None,
        enforcement: Enforcement::Enforce,
        outcome,
        code: code.to_owned(),
        title: TITLE.to_owned(),
        message: message.to_owned(),
        remediation: remediation.to_owned(),
        records: Vec::new(),
        opens_at: None,
        location: None,
        overridden_by: None,
    }
}
