//! Findings, at length and one on a line.

use anstyle::Style as Paint;
use jiff::Timestamp;

use crate::domain::finding::{Finding, Outcome};
use crate::domain::record::DeploymentRecord;
use crate::output::escape::{self, NAME_LIMIT};
use crate::output::layout::{BOLD, CYAN, DIM, GREEN, MAGENTA, PLAIN, Page, RED, Span, YELLOW, columns, pad};
use crate::output::{finding, phrase};

/// The most records shown for one finding. The decision document has them all.
const RECORD_LIMIT: usize = 8;
/// The longest cell, in characters, that is shown whole.
pub(super) const CELL_LIMIT: usize = 40;
const WIDEST_COLUMN: usize = 40;
const SYMBOL_WIDTH: usize = 2;
/// The least room in which a message beside other columns still reads well.
const LEAST_ROOM: usize = 24;

const fn symbol(outcome: Outcome) -> (Paint, &'static str) {
    match outcome {
        Outcome::Passed => (GREEN, "✓"),
        Outcome::Denied => (RED, "✗"),
        Outcome::Held => (YELLOW, "◷"),
        Outcome::Warned => (YELLOW, "!"),
        Outcome::Skipped => (DIM, "-"),
        Outcome::Failed => (MAGENTA, "?"),
    }
}

/// Each finding with its message, what to do, when it opens and the records it rests on.
pub(super) fn details(page: &mut Page, indent: usize, findings: &[&Finding], as_of: Timestamp) {
    for (number, finding) in findings.iter().enumerate() {
        if number > 0 {
            page.blank();
        }
        title(page, indent, finding);
        let indent = indent + SYMBOL_WIDTH;
        page.wrapped(indent, &finding::message(finding), PLAIN);
        if let Some(overridden) = finding::overridden_by(finding) {
            page.beside(indent, &(YELLOW, "!".to_owned()), 2, &overridden, BOLD);
        }
        let remediation = finding::remediation(finding);
        if !remediation.is_empty() {
            page.beside(indent, &(CYAN, "→".to_owned()), 2, &remediation, CYAN);
        }
        if let Some(opens_at) = finding.opens_at {
            let opening = format!("opens {}", phrase::instant_from(opens_at, as_of));
            page.beside(indent, &(YELLOW, "◷".to_owned()), 2, &opening, PLAIN);
        }
        records(page, indent, &finding.records, as_of);
    }
}

fn title(page: &mut Page, indent: usize, finding: &Finding) {
    let (paint, symbol) = symbol(finding.outcome);
    let title = finding::title(finding);
    let rule = finding::rule(finding);
    let code = escape::line(&finding.code, NAME_LIMIT);
    let mut tags = vec![finding::outcome(finding)];
    // A code that only repeats the rule's last word tells nothing new.
    let code = if rule.ends_with(&code) { String::new() } else { code };
    tags.extend([rule, code].into_iter().filter(|tag| !tag.is_empty() && *tag != title));
    tags.rotate_left(1);
    let tags = tags.join(" · ");
    let symbol = pad(symbol, SYMBOL_WIDTH);
    if indent + SYMBOL_WIDTH + columns(&title) + 2 + columns(&tags) <= page.width() {
        page.line(indent, &[(paint.bold(), symbol), (BOLD, title), (DIM, format!("  {tags}"))]);
    } else {
        page.beside(indent, &(paint.bold(), symbol), SYMBOL_WIDTH, &title, BOLD);
        page.wrapped(indent + SYMBOL_WIDTH, &tags, DIM);
    }
}

fn records(page: &mut Page, indent: usize, records: &[DeploymentRecord], as_of: Timestamp) {
    let shown: Vec<&DeploymentRecord> = records.iter().take(RECORD_LIMIT).collect();
    let cells: Vec<[String; 4]> = shown.iter().map(|record| cells(record)).collect();
    let widths = widths(&cells);
    let lead = |row: &[String; 4]| row.iter().zip(widths).map(|(cell, width)| pad(cell, width + 2)).collect::<String>();
    let leads: Vec<String> = cells.iter().map(lead).collect();
    let rows = |since: fn(&DeploymentRecord, Timestamp) -> String| -> Vec<String> {
        leads.iter().zip(&shown).map(|(lead, record)| format!("{lead}{}", since(record, as_of))).collect()
    };
    // A narrow terminal keeps the columns and loses the absolute time.
    let fits = |rows: &[String]| rows.iter().all(|row| indent + columns(row) <= page.width());
    let rows = Some(rows(since)).filter(|rows| fits(rows)).unwrap_or_else(|| rows(since_relative));
    for row in rows {
        if indent + columns(&row) <= page.width() {
            page.line(indent, &[(DIM, row)]);
        } else {
            page.beside(indent, &(DIM, String::new()), 2, &row, DIM);
        }
    }
    if let more @ 1.. = records.len().saturating_sub(RECORD_LIMIT) {
        page.line(indent, &[(DIM, format!("and {more} more records"))]);
    }
}

/// Environment, deployment, digest, status.
fn cells(record: &DeploymentRecord) -> [String; 4] {
    [
        escape::line(&record.environment_name, CELL_LIMIT),
        escape::line(&record.deployment_name, CELL_LIMIT),
        phrase::digest(&record.artifact, CELL_LIMIT),
        escape::line(record.status.as_str(), CELL_LIMIT),
    ]
}

fn since(record: &DeploymentRecord, as_of: Timestamp) -> String {
    match record.created_at {
        Some(time) => format!("since {}", phrase::instant_from(time, as_of)),
        None => "since an unknown time".to_owned(),
    }
}

fn since_relative(record: &DeploymentRecord, as_of: Timestamp) -> String {
    record.created_at.map_or_else(|| "unknown time".to_owned(), |time| phrase::relative(time, as_of))
}

pub(super) fn widths<const N: usize>(rows: &[[String; N]]) -> [usize; N] {
    let mut widths = [0; N];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = columns(cell).max(*width).min(WIDEST_COLUMN);
        }
    }
    widths
}

/// One line for each finding: sign, title, rule, and what it says, in columns.
pub(super) fn rows(page: &mut Page, indent: usize, findings: &[&Finding]) {
    let rows: Vec<[String; 2]> = findings.iter().map(|finding| names(finding)).collect();
    let [title_width, rule_width] = widths(&rows);
    for (finding, [title, rule]) in findings.iter().zip(rows) {
        let (paint, symbol) = symbol(finding.outcome);
        let says = escape::line(&finding.message, escape::MESSAGE_LIMIT);
        let symbol: Span = (paint, pad(symbol, SYMBOL_WIDTH));
        let title: Span = (PLAIN, pad(&title, title_width));
        let rule: Span = (DIM, format!("  {}", pad(&rule, rule_width)));
        let used = columns(&symbol.1) + columns(&title.1) + columns(&rule.1);
        let spans = if rule_width > 0 { vec![symbol, title, rule] } else { vec![symbol, title] };
        let room = page.width().saturating_sub(indent + used + 2);
        if says.is_empty() || room < LEAST_ROOM || columns(&says) > room {
            fit(page, indent, spans);
            if !says.is_empty() {
                page.wrapped(indent + SYMBOL_WIDTH, &says, DIM);
            }
        } else {
            page.line(indent, &[spans, vec![(DIM, format!("  {says}"))]].concat());
        }
    }
}

/// One line of the spans, or each on lines of its own when they do not fit.
fn fit(page: &mut Page, indent: usize, spans: Vec<Span>) {
    let used: usize = spans.iter().map(|(_, text)| columns(text)).sum();
    if indent + used <= page.width() {
        page.line(indent, &spans);
        return;
    }
    let mut spans = spans.into_iter();
    let symbol = spans.next().unwrap_or_default();
    let title = spans.next().unwrap_or_default();
    page.beside(indent, &symbol, SYMBOL_WIDTH, title.1.trim_end(), title.0);
    for (paint, text) in spans.filter(|(_, text)| !text.trim().is_empty()) {
        page.wrapped(indent + SYMBOL_WIDTH, text.trim(), paint);
    }
}

/// The title, and the rule's id when it is not the title; with the enforcement when the rule does not count.
fn names(finding: &Finding) -> [String; 2] {
    let title = finding::title(finding);
    let rule = finding::rule(finding);
    let rule = if rule == title { String::new() } else { rule };
    let outcome = finding::outcome(finding);
    let note = outcome.strip_prefix(finding.outcome.as_str()).unwrap_or_default();
    [title, format!("{rule}{note}")]
}
