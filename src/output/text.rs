//! Decisions for people: the verdict first, then what is in the way and how to open it, then the rest.

mod block;
mod explain;
mod promotion;

use crate::domain::decision::{Decision, Decisions};
use crate::domain::request::{Intent, Request};
use crate::domain::snapshot::SourceReport;
use crate::domain::verdict::Verdict;

use super::Style;
use super::escape::{self, MESSAGE_LIMIT, NAME_LIMIT};
use super::finding::{self, Standing};
use super::layout::{BOLD, DIM, GREEN, MAGENTA, PLAIN, Page, RED, YELLOW};
use super::{overrides, phrase, plugins};

const INDENT: usize = 2;
const LABEL_WIDTH: usize = 13;
const WIDEST_LINE: usize = 72;

/// The decisions as text; each, and the combination when there are several.
pub(super) fn render(decisions: &Decisions, style: Style) -> String {
    let mut page = Page::new(style);
    for (number, decision) in decisions.0.iter().enumerate() {
        if number > 0 {
            separate(&mut page);
        }
        one(&mut page, decision);
    }
    if decisions.0.len() != 1 {
        if !decisions.0.is_empty() {
            separate(&mut page);
        }
        combined(&mut page, decisions);
    }
    page.finish()
}

fn separate(page: &mut Page) {
    page.blank();
    let line = "─".repeat(page.width().min(WIDEST_LINE));
    page.line(0, &[(DIM, line)]);
    page.blank();
}

fn one(page: &mut Page, decision: &Decision) {
    let environment = escape::line(&decision.request.environment, NAME_LIMIT);
    heading(page, decision.verdict, &phrase::answer(decision, "this artifact", &environment));
    page.blank();
    question(page, decision);
    exceptions(page, decision);
    in_the_way(page, decision);
    let detailed = [("Overridden", Standing::Overridden), ("Warnings", Standing::Warns), ("Dry run", Standing::DryRun)];
    for (title, standing) in detailed {
        let findings = finding::standing(decision, standing);
        if !findings.is_empty() {
            section(page, title);
            block::details(page, INDENT, &findings, decision.as_of);
        }
    }
    for (title, standing) in [("Skipped", Standing::Skipped), ("Passed", Standing::Passed)] {
        let findings = finding::standing(decision, standing);
        if !findings.is_empty() {
            section(page, title);
            block::rows(page, INDENT, &findings);
        }
    }
    promotion::map(page, decision);
    explain::explanations(page, decision);
    page.blank();
    footer(page, decision);
}

/// The colour that stands beside a verdict's sign and word.
pub(super) const fn paint(verdict: Verdict) -> anstyle::Style {
    match verdict {
        Verdict::Allow => GREEN,
        Verdict::Hold => YELLOW,
        Verdict::Undecided => MAGENTA,
        Verdict::Deny => RED,
    }
}

fn heading(page: &mut Page, verdict: Verdict, text: &str) {
    let lead = format!("{} {verdict}: ", phrase::symbol(verdict));
    let width = super::layout::columns(&lead);
    page.beside(0, &(paint(verdict).bold(), lead), width, text, BOLD);
}

fn section(page: &mut Page, title: &str) {
    page.blank();
    page.line(0, &[(BOLD, title.to_owned())]);
}

fn labelled(page: &mut Page, label: &str, text: &str) {
    page.beside(INDENT, &(DIM, label.to_owned()), LABEL_WIDTH, text, PLAIN);
}

fn question(page: &mut Page, decision: &Decision) {
    let request = &decision.request;
    let digest = request.artifact.digest.to_string();
    let name = phrase::name(&request.artifact);
    labelled(page, "Artifact", &if name.is_empty() { digest.clone() } else { name.clone() });
    if !name.is_empty() && INDENT + LABEL_WIDTH + digest.len() <= page.width() {
        labelled(page, "", &digest);
    } else if !name.is_empty() {
        // Further to the left it fits 80 columns in one piece, to be copied.
        page.wrapped(2 * INDENT, &digest, PLAIN);
    }
    labelled(page, "Environment", &phrase::environment(request));
    if let Some(opening) = phrase::opening(decision) {
        labelled(page, "Opens", &opening);
    }
    if let Some(wish) = wish(request) {
        labelled(page, "Request", &wish);
    }
}

/// The intent, who asks and why, when the request says any of it.
fn wish(request: &Request) -> Option<String> {
    let actor = request.actor.as_deref().map(|actor| escape::line(actor, NAME_LIMIT)).unwrap_or_default();
    let reason = request.reason.as_deref().map(|reason| escape::line(reason, MESSAGE_LIMIT)).unwrap_or_default();
    if request.intent == Intent::Deploy && actor.is_empty() && reason.is_empty() {
        return None;
    }
    let intent = request.intent.as_str();
    let who = if actor.is_empty() { intent.to_owned() } else { format!("{intent} by {actor}") };
    Some(if reason.is_empty() { who } else { format!("{who}: {reason}") })
}

/// Above everything else that is said: who lets what pass, and what does not though it was meant to.
fn exceptions(page: &mut Page, decision: &Decision) {
    let kinds = [
        ("Overrides", overrides::in_force(decision), YELLOW.bold()),
        ("Overrides that do not apply", overrides::notices(decision), YELLOW),
    ];
    for (title, entries, paint) in kinds.into_iter().filter(|(_, entries, _)| !entries.is_empty()) {
        section(page, title);
        for entry in entries {
            page.beside(INDENT, &(paint, "!".to_owned()), 2, &entry.headline, BOLD);
            for line in entry.details.iter().chain([&entry.place]).filter(|line| !line.is_empty()) {
                page.wrapped(2 * INDENT, line, PLAIN);
            }
        }
    }
}

fn in_the_way(page: &mut Page, decision: &Decision) {
    let findings = finding::standing(decision, Standing::Blocks);
    if !findings.is_empty() {
        section(page, "In the way");
        block::details(page, INDENT, &findings, decision.as_of);
    } else if decision.verdict != Verdict::Allow {
        section(page, "In the way");
        page.wrapped(INDENT, phrase::unexplained(decision.verdict), PLAIN);
    }
}

fn footer(page: &mut Page, decision: &Decision) {
    if decision.snapshot.sources.is_empty() {
        footnote(page, "Records", "none were read");
    }
    for (number, source) in decision.snapshot.sources.iter().enumerate() {
        let label = if number == 0 { "Records" } else { "" };
        footnote(page, label, &source_line(source, decision));
    }
    let policies = decision.policies_digest.short();
    footnote(page, "Policies", &format!("{policies}, judged by holdpoint {}", decision.holdpoint_version));
    for (number, line) in plugins::lines(decision).iter().enumerate() {
        footnote(page, if number == 0 { "Plugins" } else { "" }, line);
    }
    let id = escape::line(&decision.id, NAME_LIMIT);
    let as_of = phrase::instant(decision.as_of);
    footnote(page, "Decision", &format!("{id}, as of {as_of}"));
}

fn footnote(page: &mut Page, label: &str, text: &str) {
    page.beside(INDENT, &(DIM, label.to_owned()), LABEL_WIDTH, text, DIM);
}

/// `saved (snapshot): 48 records, complete, observed 2026-11-20 11:59 UTC (1 min ago)`.
pub(super) fn source_line(source: &SourceReport, decision: &Decision) -> String {
    let name = escape::line(&source.name, NAME_LIMIT);
    let name = if name == source.kind { name } else { format!("{name} ({})", source.kind) };
    if source.digest.is_none() {
        return format!("{name}: none could be read");
    }
    let noun = match (source.related_only, source.records) {
        (false, 1) => "record",
        (false, _) => "records",
        (true, 1) => "related record",
        (true, _) => "related records",
    };
    let complete = if source.complete { "complete" } else { "not complete" };
    let observed = match source.observed_at {
        Some(time) => format!("observed {}", phrase::instant_from(time, decision.as_of)),
        None => "observed at an unknown time".to_owned(),
    };
    format!("{name}: {} {noun}, {complete}, {observed}", source.records)
}

fn combined(page: &mut Page, decisions: &Decisions) {
    let verdict = decisions.verdict();
    let tally = phrase::tally(decisions);
    let text = match (decisions.opens_at(), decisions.0.first()) {
        (Some(opens_at), Some(decision)) => {
            format!("{tally}; all may go from {}", phrase::instant_from(opens_at, decision.as_of))
        }
        _ => tally,
    };
    heading(page, verdict, &text);
    for decision in &decisions.0 {
        let lead = (paint(decision.verdict), phrase::symbol(decision.verdict).to_owned());
        let name = phrase::name(&decision.request.artifact);
        let digest = decision.request.artifact.digest.short();
        let environment = phrase::environment(&decision.request);
        let artifact = if name.is_empty() { digest } else { format!("{name} ({digest})") };
        let verdict = format!("{}{}", decision.verdict, phrase::by_override(decision));
        page.beside(INDENT, &lead, 2, &format!("{artifact} to {environment}: {verdict}"), PLAIN);
    }
}
