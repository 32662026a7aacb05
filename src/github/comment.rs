//! What people read at the run: Markdown of at most 1,024 characters.

use std::cmp::Reverse;
use std::iter;

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
/// Characters of a digest where there is no room for all: `sha256:` and twelve digits.
const SHORT_DIGEST: usize = 19;

/// What GitHub shows.
#[must_use]
pub fn comment(outcome: &Outcome, waiting: &Waiting) -> String {
    match outcome {
        Outcome::Decided(decisions) => of_decisions(decisions),
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

/// As much of each artifact as fits: all, or what is first in its way, or its name.
fn of_decisions(decisions: &Decisions) -> String {
    let mut sorted: Vec<&Decision> = decisions.0.iter().collect();
    // What stops the others comes first.
    sorted.sort_by_key(|decision| Reverse(decision.verdict));
    let ids: Vec<String> = sorted.iter().map(|decision| code(&decision.id)).collect();
    let mut full: Vec<String> = sorted.iter().flat_map(|decision| in_full(decision)).collect();
    full.push(format!("Decision {}", ids.join(", ")));
    let Some(first) = sorted.first().filter(|_first| sorted.len() > 1) else { return within_limit(full) };
    let blocking = sorted.iter().filter(|decision| decision.verdict == first.verdict).count();
    let count = format!("**{}**: {blocking} of {} artifacts", first.verdict, sorted.len());
    let brief = iter::once(count.clone()).chain(sorted.iter().map(|decision| in_brief(decision))).collect();
    let names = iter::once(count).chain(sorted.iter().map(|decision| short(decision))).collect();
    let fits = |lines: &Vec<String>| lines.iter().map(|line| length(line).saturating_add(2)).sum::<usize>() <= LIMIT;
    within_limit([full, brief].into_iter().find(fits).unwrap_or(names))
}

fn in_full(decision: &Decision) -> Vec<String> {
    let blocking = decision.findings.iter().filter(|finding| finding.blocks());
    iter::once(headline(decision)).chain(blocking.map(line)).collect()
}

fn in_brief(decision: &Decision) -> String {
    let first = decision.findings.iter().find(|finding| finding.blocks());
    let why = first.map(|one| format!(": {}", escape::markdown(&escape::line(&one.message, NAME)))).unwrap_or_default();
    format!("{}{why}", short(decision))
}

/// The verdict, and which artifact it is: so many digits tell digests apart.
fn short(decision: &Decision) -> String {
    let artifact = &decision.request.artifact;
    let name = artifact.name.rsplit('/').next().unwrap_or_default();
    let digest: String = artifact.digest.to_string().chars().take(SHORT_DIGEST).collect();
    let name = if name.is_empty() { digest } else { format!("{}@{digest}", escape::line(name, NAME)) };
    format!("- **{}** {}", decision.verdict, escape::markdown_code(&name))
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
