//! What runs in a cluster and would not be let in now, as text or JSON.

use anstyle::Style as Paint;
use clap::ValueEnum;
use serde::Serialize;

use crate::domain::audit::{Audit, AuditLine, DigestFrom, JudgedBy};
use crate::domain::instant::instant_from;
use crate::domain::verdict::Verdict;

use super::escape::{self, MESSAGE_LIMIT, NAME_LIMIT};
use super::layout::{BOLD, CYAN, DIM, GREEN, MAGENTA, PLAIN, Page, RED, YELLOW};
use super::{Style, json};

/// The name of the document's form.
const SCHEMA: &str = "holdpoint.audit/v1";
const INDENT: usize = 2;

/// How an audit is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum AuditFormat {
    /// For people: what would not be let in.
    #[default]
    Text,
    /// For programs: `holdpoint.audit/v1`, with what would be let in.
    Json,
}

/// The audit in this format, ending in one line break. Style and `all`, which lists what would be let in too, count for
/// [`AuditFormat::Text`] only.
#[must_use]
pub fn render(audit: &Audit, format: AuditFormat, all: bool, style: Style) -> String {
    let output = match format {
        AuditFormat::Text => escape::inert(&text(audit, all, style)),
        AuditFormat::Json => document(audit),
    };
    super::ended(&output)
}

fn document(audit: &Audit) -> String {
    #[derive(Serialize)]
    struct Document<'a> {
        schema: &'static str,
        verdict: Verdict,
        #[serde(flatten)]
        audit: &'a Audit,
    }
    json::render(&Document { schema: SCHEMA, verdict: audit.verdict(), audit })
}

fn text(audit: &Audit, all: bool, style: Style) -> String {
    let mut page = Page::new(style);
    for line in audit.workloads.iter().filter(|line| all || line.verdict != Verdict::Allow) {
        one(&mut page, line, audit);
        page.blank();
    }
    let allowed = !audit.workloads.iter().any(|line| line.verdict != Verdict::Allow);
    page.wrapped(0, &tally(audit), if allowed { GREEN } else { BOLD });
    if let Some(passed) = passed_over(audit) {
        page.wrapped(0, &passed, DIM);
    }
    if let Some(by) = judged_by(audit.judged_by) {
        page.wrapped(0, by, DIM);
    }
    page.finish()
}

fn one(page: &mut Page, line: &AuditLine, audit: &Audit) {
    let verdict = match line.opens_at {
        Some(opens_at) => format!("{} until {}", line.verdict, instant_from(opens_at, audit.as_of)),
        None => line.verdict.to_string(),
    };
    let workload = format!(" {} {}/{}", shown(&line.kind), shown(&line.namespace), shown(&line.name));
    let place = line.environment.as_deref().map(|name| format!(" in {}", shown(name))).unwrap_or_default();
    let profile = line.profile.as_deref().map(|name| format!(", by the profile {}", shown(name))).unwrap_or_default();
    let place = format!("{place}{profile}");
    page.line(0, &[(paint(line.verdict).bold(), verdict), (BOLD, workload), (DIM, place)]);
    if !line.image.is_empty() {
        let status =
            if line.digest_from == DigestFrom::Status { " (the digest that a node runs under the tag)" } else { "" };
        page.wrapped(INDENT, &format!("{}{status}", escape::line(&line.image, MESSAGE_LIMIT)), DIM);
    }
    if !line.message.is_empty() {
        page.wrapped(INDENT, &escape::paragraph(&line.message, MESSAGE_LIMIT), PLAIN);
    }
    if !line.remediation.is_empty() {
        page.beside(INDENT, &(CYAN, "→".to_owned()), 2, &escape::paragraph(&line.remediation, MESSAGE_LIMIT), CYAN);
    }
}

const fn paint(verdict: Verdict) -> Paint {
    match verdict {
        Verdict::Allow => GREEN,
        Verdict::Hold => YELLOW,
        Verdict::Undecided => MAGENTA,
        Verdict::Deny => RED,
    }
}

fn shown(name: &str) -> String {
    escape::line(name, NAME_LIMIT)
}

fn tally(audit: &Audit) -> String {
    let count = |verdict| audit.workloads.iter().filter(|line| line.verdict == verdict).count();
    let words: Vec<String> = [Verdict::Deny, Verdict::Undecided, Verdict::Hold, Verdict::Allow]
        .into_iter()
        .map(|verdict| (count(verdict), verdict))
        .filter(|(count, _)| *count > 0)
        .map(|(count, verdict)| format!("{count} {verdict}"))
        .collect();
    let uses = if words.is_empty() { "nothing to judge".to_owned() } else { words.join(", ") };
    format!("{uses} ({} objects)", audit.objects)
}

const fn judged_by(by: JudgedBy) -> Option<&'static str> {
    match by {
        JudgedBy::Settings => None,
        JudgedBy::SettingsWithoutWebhooks => Some(
            "judged as at /validate, and by no profile: no webhook of holdpoint is among the objects; --profile judges \
             by one",
        ),
        JudgedBy::Profile => Some("everything was judged by one profile"),
        JudgedBy::Webhooks => Some("judged by the webhooks that are installed, each by its profile"),
    }
}

fn passed_over(audit: &Audit) -> Option<String> {
    let passed = &audit.passed_over;
    let counts = [
        (passed.not_sent, "that no webhook is called for"),
        (passed.exempt, "in exempt namespaces"),
        (passed.unmapped, "without a place"),
        (passed.finished, "finished"),
        (passed.ignored_images, "of ignored images"),
    ];
    let words: Vec<String> =
        counts.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    (!words.is_empty()).then(|| format!("not judged: {}", words.join(", ")))
}
