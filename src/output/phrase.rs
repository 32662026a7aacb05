//! Words for verdicts, artifacts and times.

use std::time::Duration;

use crate::domain::artifact::RecordedArtifact;
use crate::domain::decision::{Decision, Decisions};
use crate::domain::request::{Request, RequestedArtifact};
use crate::domain::verdict::Verdict;

use super::escape::{self, NAME_LIMIT};
use super::overrides;

pub(super) use crate::domain::instant::{instant, instant_from, relative};

/// The sign beside a verdict's word.
pub(super) const fn symbol(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allow => "✓",
        Verdict::Hold => "◷",
        Verdict::Undecided => "?",
        Verdict::Deny => "✗",
    }
}

/// What a decision says of `subject` and the environment, which is escaped already; and whether it took an override.
pub(super) fn answer(decision: &Decision, subject: &str, environment: &str) -> String {
    let sentence = decision.verdict.sentence(subject, environment);
    format!("{sentence}{}", by_override(decision))
}

/// `, by override` when an allow took one, and nothing otherwise.
pub(super) fn by_override(decision: &Decision) -> &'static str {
    if decision.verdict == Verdict::Allow && overrides::used(decision) { ", by override" } else { "" }
}

/// The name with its version, on one line; empty when only a digest was given.
pub(super) fn name(artifact: &RequestedArtifact) -> String {
    let name = escape::line(&artifact.name, NAME_LIMIT);
    let version = escape::line(&artifact.version, NAME_LIMIT);
    match (name.is_empty(), version.is_empty()) {
        (_, true) => name,
        (true, false) => version,
        (false, false) => format!("{name}:{version}"),
    }
}

/// The name, or the digest when there is none.
pub(super) fn name_or_digest(artifact: &RequestedArtifact) -> String {
    let name = name(artifact);
    if name.is_empty() { artifact.digest.to_string() } else { name }
}

/// The digest of a record, short, or why there is none.
pub(super) fn digest(artifact: &RecordedArtifact, limit: usize) -> String {
    if let Some(digest) = artifact.digest {
        return digest.short();
    }
    let text = escape::line(&artifact.digest_text, limit);
    if text.is_empty() { "no digest".to_owned() } else { format!("unusable digest `{text}`") }
}

/// The environment on one line, with the deployment name when the request has one.
pub(super) fn environment(request: &Request) -> String {
    let environment = escape::line(&request.environment, NAME_LIMIT);
    match request.deployment_name.as_deref() {
        Some(deployment) if !deployment.is_empty() => {
            format!("{environment}, deployment {}", escape::line(deployment, NAME_LIMIT))
        }
        _ => environment,
    }
}

/// Why no finding explains a verdict, for the verdicts that block.
pub(super) const fn unexplained(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allow => "nothing is in the way",
        Verdict::Hold | Verdict::Deny => "no finding says why",
        Verdict::Undecided => "no rule that counts was evaluated, so there is nothing to rest a verdict on",
    }
}

/// `12 ms`, `0.3 ms`, `2.51 s`.
pub(super) fn elapsed(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    match duration.as_millis() {
        0..10 => format!("{:.1} ms", seconds * 1000.0),
        10..1000 => format!("{:.0} ms", seconds * 1000.0),
        _ => format!("{seconds:.2} s"),
    }
}

/// When a decision that holds opens: `opens 2026-11-20 15:20 UTC (in 3 h 20 min)`; nothing for other verdicts.
pub(super) fn opening(decision: &Decision) -> Option<String> {
    if decision.verdict != Verdict::Hold {
        return None;
    }
    Some(match decision.opens_at {
        Some(time) => instant_from(time, decision.as_of),
        None => "not known: a rule that holds does not say when it will pass".to_owned(),
    })
}

/// The combined verdict of several decisions: `3 artifacts: 1 allow, 2 hold`.
pub(super) fn tally(decisions: &Decisions) -> String {
    let count = decisions.0.len();
    let noun = if count == 1 { "artifact" } else { "artifacts" };
    let verdicts = [Verdict::Allow, Verdict::Hold, Verdict::Undecided, Verdict::Deny];
    let counts: Vec<String> = verdicts
        .iter()
        .map(|verdict| (decisions.0.iter().filter(|decision| decision.verdict == *verdict).count(), verdict))
        .filter(|(count, _)| *count > 0)
        .map(|(count, verdict)| format!("{count} {verdict}"))
        .collect();
    if counts.is_empty() {
        "no artifact was judged".to_owned()
    } else {
        format!("{count} {noun}: {}", counts.join(", "))
    }
}
