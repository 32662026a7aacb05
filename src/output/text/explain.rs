//! What each rule rested on, when that was asked for.

use jiff::Timestamp;

use crate::domain::decision::Decision;
use crate::domain::explanation::{ExplainedStatement, Explanation};
use crate::output::escape::{self, MESSAGE_LIMIT};
use crate::output::explanation;
use crate::output::layout::{BOLD, CYAN, DIM, MAGENTA, PLAIN, Page, columns, pad};

use super::block::widths;
use super::{INDENT, section};

/// The widest column of names; a longer name is not padded.
const WIDEST_NAME: usize = 28;

/// A block for each rule; nothing when no explanation was asked for.
pub(super) fn explanations(page: &mut Page, decision: &Decision) {
    for (number, explanation) in decision.explanations.iter().enumerate() {
        if number == 0 {
            section(page, "Explained");
        } else {
            page.blank();
        }
        one(page, explanation, decision.as_of);
    }
}

fn one(page: &mut Page, explanation: &Explanation, as_of: Timestamp) {
    page.wrapped(INDENT, &explanation::heading(explanation), BOLD);
    let indent = 2 * INDENT;
    if let Some(problem) = &explanation.problem {
        page.beside(indent, &(MAGENTA, "?".to_owned()), 2, &escape::line(problem, MESSAGE_LIMIT), PLAIN);
    }
    let (shown, more) = explanation::statements(explanation);
    for statement in shown {
        said(page, indent, statement, explanation.policy.is_some());
    }
    if more > 0 {
        page.line(indent, &[(DIM, format!("and {more} more statements"))]);
    }
    if shown.is_empty() && explanation.problem.is_none() {
        page.line(indent, &[(PLAIN, explanation::NOTHING.to_owned())]);
    }
    named(page, indent, "parameters", &explanation::parameters(explanation));
    named(page, indent, "values", &explanation::values(explanation));
    log(page, indent, &explanation::log(explanation));
    records(page, indent, explanation, as_of);
}

fn log(page: &mut Page, indent: usize, lines: &[String]) {
    if !lines.is_empty() {
        page.line(indent, &[(DIM, "log".to_owned())]);
    }
    for line in lines {
        page.wrapped(indent + INDENT, line, PLAIN);
    }
}

/// Only policies have clauses.
fn said(page: &mut Page, indent: usize, statement: &ExplainedStatement, has_clauses: bool) {
    let lead = (BOLD, statement.outcome.as_str().to_owned());
    let width = columns(&lead.1) + 1;
    page.beside(indent, &lead, width, &escape::line(&statement.message, MESSAGE_LIMIT), PLAIN);
    for clause in &statement.clauses {
        page.wrapped(indent + INDENT, &format!("at {}", explanation::place(clause)), CYAN);
        page.wrapped(indent + 2 * INDENT, &explanation::source(clause), DIM);
    }
    if has_clauses && statement.clauses.is_empty() {
        page.wrapped(indent + INDENT, "no single clause says so", DIM);
    }
}

fn named(page: &mut Page, indent: usize, title: &str, rows: &[[String; 2]]) {
    if rows.is_empty() {
        return;
    }
    page.line(indent, &[(DIM, title.to_owned())]);
    let indent = indent + INDENT;
    let widest = WIDEST_NAME.min(page.width() / 3);
    let width = rows.iter().map(|[name, _value]| columns(name)).filter(|width| *width <= widest).max();
    let width = width.unwrap_or_default();
    for [name, value] in rows {
        if columns(name) <= width {
            page.beside(indent, &(PLAIN, pad(name, width)), width + 2, value, PLAIN);
        } else {
            page.wrapped(indent, name, PLAIN);
            page.wrapped(indent + INDENT, value, PLAIN);
        }
    }
}

fn records(page: &mut Page, indent: usize, explanation: &Explanation, as_of: Timestamp) {
    if explanation.records.is_empty() {
        return;
    }
    page.line(indent, &[(DIM, "records".to_owned())]);
    let indent = indent + INDENT;
    let rows: Vec<[String; 5]> = explanation.records.iter().map(|record| explanation::record(record, as_of)).collect();
    let widths = widths(&rows);
    for row in &rows {
        let names = row.iter().zip(widths).take(4).map(|(cell, width)| pad(cell, width + 2)).collect::<String>();
        let names = names.trim_end();
        if names.is_empty() {
            page.wrapped(indent, "no name", DIM);
        } else if indent + columns(names) <= page.width() {
            page.line(indent, &[(PLAIN, names.to_owned())]);
        } else {
            page.wrapped(indent, names, PLAIN);
        }
        let [.., times] = row;
        page.wrapped(indent + INDENT, times, DIM);
    }
    if let more @ 1.. = explanation.records_left_out {
        page.line(indent, &[(DIM, format!("and {more} more records"))]);
    }
}
