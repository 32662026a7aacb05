//! Warnings: what a user sees beside the result. Kubernetes cuts those that are long, and they share a header.

use super::{Conclusion, JudgedImage, Outcome, phrase};
use crate::admission::settings::Unmapped;
use crate::domain::decision::Decision;
use crate::domain::instant::instant;
use crate::domain::text::{cut, line};
use crate::domain::verdict::Verdict;

const MOST: usize = 10;
/// Under 120 characters, with the sign for what is cut.
const LONGEST: usize = 118;
/// What is looked at of a text before it is cut.
const TEXT_LIMIT: usize = 200;

/// The warnings that go with any mode that lets the user see them.
pub(super) fn of(conclusion: &Conclusion) -> Vec<String> {
    match conclusion {
        Conclusion::Unmapped { handling: Unmapped::Warn, message } => vec![warning(first_line(message))],
        Conclusion::Judged(images) => images.iter().flat_map(of_image).collect(),
        _ => Vec::new(),
    }
}

/// What would have been refused.
pub(super) fn would(verdict: Verdict, what: &str, why: &str) -> String {
    let what = cut(&line(what, TEXT_LIMIT), 60);
    warning(&format!("would be refused ({verdict}): {what}: {}", first_line(why)))
}

/// What is wrong, without what to do.
fn first_line(message: &str) -> &str {
    message.lines().next().unwrap_or_default()
}

/// What is in the way of an artifact, in short.
pub(super) fn objection(judged: &JudgedImage) -> Option<String> {
    let objections = phrase::objections(&judged.outcome);
    let (first, verdict) = (objections.first()?, judged.outcome.verdict()?);
    Some(would(verdict, &phrase::short(&judged.image.reference), first.message))
}

/// The first ones, without those that say the same, and how many are left out.
pub(super) fn bounded(warnings: Vec<String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    let mut more = 0_usize;
    for warning in warnings {
        if kept.contains(&warning) {
            continue;
        }
        if kept.len() < MOST { kept.push(warning) } else { more = more.saturating_add(1) }
    }
    if more > 0 {
        // The last one makes room for this.
        kept.pop();
        kept.push(warning(&format!("{} more warnings", more.saturating_add(1))));
    }
    kept
}

fn of_image(judged: &JudgedImage) -> Vec<String> {
    let name = phrase::short(&judged.image.reference);
    match &judged.outcome {
        Outcome::Readmitted { last_allowed, message, .. } => {
            let last = instant(*last_allowed);
            vec![warning(&format!("readmitted: {name}: last allowed {last}; {message}"))]
        }
        Outcome::Decided(decision) => of_decision(&name, decision),
        Outcome::Refused { .. } | Outcome::Ignored { .. } => Vec::new(),
    }
}

fn of_decision(name: &str, decision: &Decision) -> Vec<String> {
    let used = decision.overrides.iter().filter(|report| report.used && decision.verdict == Verdict::Allow);
    let used = used.map(|report| {
        let exception = &report.exception;
        warning(&format!("override: {name}: {} until {}", cut(&exception.id, 40), instant(exception.expires_at)))
    });
    let warned = decision.findings.iter().filter(|finding| finding.warns());
    let warned = warned.map(|finding| warning(&format!("warning: {name}: {}", finding.message)));
    used.chain(warned).collect()
}

/// One line that says who warns.
fn warning(text: &str) -> String {
    cut(&line(&format!("holdpoint: {text}"), TEXT_LIMIT), LONGEST)
}
