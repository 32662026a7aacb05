//! What people read at the run: Markdown of at most 1,024 characters.

use crate::domain::decision::{Decision, Decisions};
use crate::domain::finding::Finding;
use crate::domain::instant;
use crate::domain::verdict::Verdict;
use crate::output::escape;

use super::event::Waiting;
use super::outcome::Outcome;

/// So many characters GitHub takes. They are counted as it counts them in other places, in units of UTF-16, so that
/// fewer are sent rather than more.
pub const LIMIT: usize = 1_024;
/// Characters of a name, a message and a hint.
const NAME: usize = 100;
const MESSAGE: usize = 300;

/// What GitHub shows.
#[must_use]
pub fn comment(outcome: &Outcome, waiting: &Waiting) -> String {
    match outcome {
        Outcome::Decided(decisions) => within_limit(of_decisions(decisions)),
        Outcome::NoArtifact(why) => within_limit(vec![
            format!("**undecided**: no artifact was found, because {}", text(why)),
            "Say which digest is deployed: see `github_app.artifact` and `github_app.lookup` in the configuration of \
             holdpoint."
                .to_owned(),
            "Without a digest nothing is approved.".to_owned(),
        ]),
        Outcome::NoEnvironment(name) => within_limit(vec![
            format!("**undecided**: the configuration of holdpoint has no environment {}", code(name)),
            format!("Define it, or add {} to `github_app.environments`.", code(&waiting.environment)),
        ]),
        Outcome::Failed => "**undecided**: a part of holdpoint failed; its log says more".to_owned(),
    }
}

fn of_decisions(decisions: &Decisions) -> Vec<String> {
    let mut lines = Vec::new();
    for decision in &decisions.0 {
        lines.push(headline(decision));
        let blocking = decision.findings.iter().filter(|finding| finding.blocks());
        lines.extend(blocking.map(line));
    }
    let ids: Vec<String> = decisions.0.iter().map(|decision| code(&decision.id)).collect();
    lines.push(format!("Decision {}", ids.join(", ")));
    lines
}

fn headline(decision: &Decision) -> String {
    let request = &decision.request;
    let (name, digest) = (&request.artifact.name, request.artifact.digest.to_string());
    let artifact = if name.is_empty() { digest } else { format!("{}@{digest}", escape::line(name, NAME)) };
    let artifact = escape::markdown_code(&artifact);
    let sentence = decision.verdict.sentence(&artifact, &code(&request.environment));
    let used = decision.verdict == Verdict::Allow && decision.overrides.iter().any(|report| report.used);
    let by_override = if used { ", by override" } else { "" };
    let opening = match (decision.verdict, decision.opens_at) {
        (Verdict::Hold, Some(time)) => format!("; opens at {}", instant::instant(time)),
        (Verdict::Hold, None) => "; when it opens is not known".to_owned(),
        _ => String::new(),
    };
    format!("**{}**: {sentence}{by_override}{opening}", decision.verdict)
}

fn line(finding: &Finding) -> String {
    let opening = finding.opens_at.map(|time| format!(" (opens at {})", instant::instant(time))).unwrap_or_default();
    let remedy = escape::line(&finding.remediation, MESSAGE);
    let remedy = if remedy.is_empty() { remedy } else { format!(" → {}", escape::markdown(&remedy)) };
    format!("- {}: {}{opening}{remedy}", code(&finding.rule), text(&finding.message))
}

fn code(name: &str) -> String {
    escape::markdown_code(&escape::line(name, NAME))
}

fn text(message: &str) -> String {
    escape::markdown(&escape::line(message, MESSAGE))
}

/// The lines that fit, and how many did not. Each is shorter than the limit, or left out as a whole: half of a line of
/// Markdown is another one.
fn within_limit(lines: Vec<String>) -> String {
    let count = lines.len();
    let mut text = String::new();
    for (number, line) in lines.into_iter().enumerate() {
        let left = count.saturating_sub(number);
        let note = format!("\n\n… {left} more");
        let is_last = left == 1;
        let room = if is_last { 0 } else { length(&note) };
        if length(&text).saturating_add(length(&line)).saturating_add(room).saturating_add(2) > LIMIT {
            text.push_str(&note);
            break;
        }
        if !text.is_empty() {
            text.push_str(if line.starts_with("- ") { "\n" } else { "\n\n" });
        }
        text.push_str(&line);
    }
    text
}

fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

#[cfg(test)]
pub(super) mod tests;
