//! Overrides in words: the same in every format, and never to be overlooked.

use jiff::Timestamp;

use crate::domain::decision::{Decision, Decisions};
use crate::domain::finding::Location;
use crate::domain::overrides::{OverrideNotice, OverrideReport};

use super::escape::{self, MESSAGE_LIMIT, NAME_LIMIT};
use super::phrase;

/// The most overrides, and the most notices, that one decision shows. The decision document has them all.
const SHOWN_LIMIT: usize = 10;

/// One override or notice, as lines without line breaks.
pub(super) struct Entry {
    /// Who lets what pass, or what does not apply.
    pub(super) headline: String,
    /// Why, and until when; or what to do about it.
    pub(super) details: Vec<String>,
    /// Where it is written; empty when that is nowhere.
    pub(super) place: String,
}

impl Entry {
    /// All of it on one line.
    pub(super) fn line(&self) -> String {
        let place = if self.place.is_empty() { String::new() } else { format!(" ({})", self.place) };
        format!("{}; {}{place}", self.headline, self.details.join("; "))
    }
}

/// The overrides in force for a decision.
pub(super) fn in_force(decision: &Decision) -> Vec<Entry> {
    bounded(decision.overrides.iter().map(|report| entry(report, decision.as_of)).collect())
}

/// What is to be said of overrides that do not apply.
pub(super) fn notices(decision: &Decision) -> Vec<Entry> {
    bounded(decision.override_notices.iter().map(of_notice).collect())
}

/// Whether an override let anything pass.
pub(super) fn used(decision: &Decision) -> bool {
    decision.overrides.iter().any(|report| report.used)
}

/// Where the first override or notice of all decisions is written.
pub(super) fn first_place(decisions: &Decisions) -> Option<&Location> {
    let overrides = decisions.0.iter().flat_map(|decision| &decision.overrides);
    let notices = decisions.0.iter().flat_map(|decision| &decision.override_notices);
    let notices = notices.filter_map(|notice| notice.location.as_ref());
    overrides.map(|report| &report.exception.location).chain(notices).next()
}

fn entry(report: &OverrideReport, as_of: Timestamp) -> Entry {
    let exception = &report.exception;
    let name = |text: &str| escape::line(text, NAME_LIMIT);
    let ticket = exception.ticket.as_deref().map(|ticket| format!(", {}", name(ticket))).unwrap_or_default();
    let shown: Vec<String> = exception.rules.iter().take(SHOWN_LIMIT).map(|rule| name(rule)).collect();
    let more = match exception.rules.len().saturating_sub(SHOWN_LIMIT) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let used = if report.used { "in use" } else { "not needed" };
    let end = phrase::instant_from(exception.expires_at, as_of);
    Entry {
        headline: format!("override {} by {}{ticket}, {used}", name(&exception.id), name(&exception.actor)),
        details: vec![
            format!("reason: {}", escape::line(&exception.reason, MESSAGE_LIMIT)),
            format!("lets {}{more} pass until {end}", shown.join(", ")),
        ],
        place: place(&exception.location),
    }
}

fn of_notice(notice: &OverrideNotice) -> Entry {
    Entry {
        headline: format!("{}: {}", notice.code, escape::line(&notice.message, MESSAGE_LIMIT)),
        details: vec![format!("→ {}", escape::line(&notice.remediation, MESSAGE_LIMIT))],
        place: notice.location.as_ref().map(place).unwrap_or_default(),
    }
}

fn place(location: &Location) -> String {
    format!("{}:{}", escape::line(&location.path, NAME_LIMIT), location.line)
}

fn bounded(mut entries: Vec<Entry>) -> Vec<Entry> {
    let more = entries.len().saturating_sub(SHOWN_LIMIT);
    entries.truncate(SHOWN_LIMIT);
    if more > 0 {
        let headline = format!("and {more} more");
        let details = vec!["the JSON decision document has them all".to_owned()];
        entries.push(Entry { headline, details, place: String::new() });
    }
    entries
}
