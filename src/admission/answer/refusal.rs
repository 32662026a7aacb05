//! Refusals: what people and machines are told of why an object may not pass.

use std::cmp::Reverse;
use std::time::Duration;

use super::phrase::{self, NAME_LIMIT, TEXT_LIMIT};
use super::{Cause, Conclusion, Facts, JudgedImage, Refusal, warnings};
use crate::domain::text::{cut, line};
use crate::domain::verdict::Verdict;

/// Kubernetes has no limit; events, and those who read them, do.
const MOST_BYTES: usize = 7_500;
/// The most characters of one line.
const LINE_LIMIT: usize = 900;
/// The most characters of the first line.
const FIRST_LINE_LIMIT: usize = 500;
const MOST_CAUSES: usize = 32;
/// How many rules or uses are named for one artifact.
const MOST_NAMED: usize = 3;

/// The refusal of a conclusion that is no allow.
pub(super) fn of(conclusion: &Conclusion, verdict: Verdict, facts: &Facts) -> Refusal {
    match conclusion {
        Conclusion::Judged(images) if images.is_empty() => whole(
            verdict,
            "not_judged",
            "no image of it was judged\nhint: report this; it is a fault of holdpoint",
            facts,
        ),
        Conclusion::Judged(images) => {
            let warnings = images.iter().filter_map(warnings::objection).collect();
            let causes = images.iter().flat_map(phrase::causes).take(MOST_CAUSES).collect();
            refusal(verdict, judged(images, verdict, facts), causes, warnings, Some(facts.retry_after))
        }
        Conclusion::Unknown { message } => whole(verdict, "not_understood", message, facts),
        Conclusion::Unmapped { message, .. } => whole(verdict, "unmapped", message, facts),
        Conclusion::Exempt { reason } | Conclusion::Passes { reason } => whole(verdict, "not_judged", reason, facts),
    }
}

/// The refusal of an object for what it is, whatever its images are. It will be the same in a minute, so clients must
/// not wait for that.
fn whole(verdict: Verdict, code: &str, message: &str, facts: &Facts) -> Refusal {
    let text = format!("{}: {}", first_line(verdict, facts), paragraph(message));
    let warnings = vec![warnings::would(verdict, &facts.object, message)];
    refusal(verdict, text, vec![cause(code, message)], warnings, None)
}

/// The refusal of what is no review.
pub(super) fn unreadable(message: &str) -> Refusal {
    let (message, causes) = (paragraph(message), vec![cause("unreadable", message)]);
    let warnings = vec![warnings::would(Verdict::Undecided, "the review", &message)];
    Refusal { code: 400, reason: "BadRequest", message, causes, retry_after: None, warnings }
}

/// The refusal when no answer could be worked out.
pub(super) fn failed(message: &str, retry_after: Duration) -> Refusal {
    let warnings = vec![warnings::would(Verdict::Undecided, "the review", message)];
    refusal(Verdict::Undecided, paragraph(message), vec![cause("failed", message)], warnings, Some(retry_after))
}

fn refusal(
    verdict: Verdict,
    message: String,
    causes: Vec<Cause>,
    warnings: Vec<String>,
    retry_after: Option<Duration>,
) -> Refusal {
    let undecided = verdict == Verdict::Undecided;
    let (code, reason) = if undecided { (503, "ServiceUnavailable") } else { (403, "Forbidden") };
    Refusal { code, reason, message, causes, retry_after: retry_after.filter(|_| undecided), warnings }
}

fn cause(reason: &str, message: &str) -> Cause {
    Cause { reason: reason.to_owned(), message: line(message, TEXT_LIMIT), field: String::new() }
}

/// A message of our own, whose lines stay.
fn paragraph(message: &str) -> String {
    let lines: Vec<String> = message.lines().take(4).map(|text| cut(&line(text, LINE_LIMIT), LINE_LIMIT)).collect();
    lines.join("\n")
}

fn first_line(verdict: Verdict, facts: &Facts) -> String {
    let object = cut(&line(&facts.object, NAME_LIMIT), NAME_LIMIT);
    let sentence = match &facts.environment {
        Some(environment) => verdict.sentence(&object, &cut(&line(environment, NAME_LIMIT), NAME_LIMIT)),
        None if verdict == Verdict::Undecided => format!("it could not be decided whether {object} may be deployed"),
        None => format!("{object} may not be deployed"),
    };
    cut(&sentence, FIRST_LINE_LIMIT)
}

/// Which object may not go where, and a line for each artifact that is in the way, the worst first.
fn judged(images: &[JudgedImage], verdict: Verdict, facts: &Facts) -> String {
    let mut refused: Vec<&JudgedImage> = images
        .iter()
        .filter(|image| image.outcome.verdict().is_some_and(|verdict| verdict != Verdict::Allow))
        .collect();
    refused.sort_by_key(|image| Reverse(image.outcome.verdict()));
    let mut lines = alike(&refused).into_iter();
    let mut message = first_line(verdict, facts);
    while let Some(text) = lines.next() {
        if message.len().saturating_add(text.len()) > MOST_BYTES {
            let more = lines.count().saturating_add(1);
            message.extend(["\n… and ", &more.to_string(), " more"]);
            break;
        }
        message.extend(["\n", &text]);
    }
    message
}

/// One line for all uses of a reference that have the same fate.
fn alike(refused: &[&JudgedImage]) -> Vec<String> {
    let mut groups: Vec<(&JudgedImage, String, Vec<String>)> = Vec::new();
    for image in refused {
        let why = why(image);
        let same = |(other, reasons, _): &&mut (&JudgedImage, String, Vec<String>)| {
            other.image.reference == image.image.reference && *reasons == why
        };
        match groups.iter_mut().find(same) {
            Some((_, _, uses)) => uses.push(phrase::usage(&image.image)),
            None => groups.push((image, why, vec![phrase::usage(&image.image)])),
        }
    }
    let text = |(image, why, uses): (&JudgedImage, String, Vec<String>)| {
        let reference = line(&image.image.reference, NAME_LIMIT);
        let reference = if reference.is_empty() { "an image without a name" } else { &reference };
        let text = format!("{}: {reference} ({}): {why}", phrase::verdict(&image.outcome), listed(&uses, ", "));
        cut(&text, LINE_LIMIT)
    };
    groups.into_iter().map(text).collect()
}

fn why(image: &JudgedImage) -> String {
    let objections = phrase::objections(&image.outcome);
    let texts: Vec<String> = objections
        .iter()
        .map(|objection| {
            let (message, remediation) = (line(objection.message, TEXT_LIMIT), line(objection.remediation, TEXT_LIMIT));
            if remediation.is_empty() { message } else { format!("{message} → {remediation}") }
        })
        .collect();
    listed(&texts, "; ")
}

fn listed(texts: &[String], separator: &str) -> String {
    let named: Vec<&str> = texts.iter().take(MOST_NAMED).map(String::as_str).collect();
    let named = named.join(separator);
    match texts.len().saturating_sub(MOST_NAMED) {
        0 => named,
        more => format!("{named}{separator}{more} more"),
    }
}
