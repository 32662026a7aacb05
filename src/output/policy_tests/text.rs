//! Results of tests for people: what failed and why, then the sum.

use crate::domain::policy_test::{Failure, PolicyTest, TestOutcome, TestReport};

use super::super::Style;
use super::super::escape::{self, MESSAGE_LIMIT, NAME_LIMIT};
use super::super::layout::{BOLD, CYAN, DIM, GREEN, MAGENTA, PLAIN, Page, RED, YELLOW};
use super::super::phrase;

const INDENT: usize = 2;
/// The columns of a line's number beside its text.
const GUTTER: usize = 2;
const LABEL_WIDTH: usize = 12;
/// The most lines of one test's prints.
const PRINTS: usize = 40;

pub(super) fn render(report: &TestReport, verbose: bool, style: Style) -> String {
    let mut page = Page::new(style);
    let mut file = None;
    for test in &report.tests {
        if !verbose && matches!(test.outcome, TestOutcome::Passed | TestOutcome::ToDo) {
            continue;
        }
        if file != Some(&test.location.path) {
            if file.is_some() {
                page.blank();
            }
            page.line(0, &[(BOLD, escape::line(&test.location.path, NAME_LIMIT))]);
            file = Some(&test.location.path);
        }
        one(&mut page, test, verbose);
    }
    if file.is_some() {
        page.blank();
    }
    sum(&mut page, report);
    page.finish()
}

fn one(page: &mut Page, test: &PolicyTest, verbose: bool) {
    let (paint, word) = match test.outcome {
        TestOutcome::Passed => (GREEN, "pass "),
        TestOutcome::Failed(_) => (RED, "FAIL "),
        TestOutcome::Errored(_) => (MAGENTA, "ERROR"),
        TestOutcome::ToDo => (YELLOW, "to do"),
    };
    let name = escape::line(&test.name, NAME_LIMIT);
    let time =
        if test.outcome == TestOutcome::ToDo { String::new() } else { format!("  {}", phrase::elapsed(test.duration)) };
    page.line(INDENT, &[(paint, format!("{word} ")), (PLAIN, name), (DIM, time)]);
    let is_table = !test.cases.is_empty();
    if let TestOutcome::Failed(failure) | TestOutcome::Errored(failure) = &test.outcome {
        if is_table {
            page.wrapped(INDENT * 4, &escape::paragraph(&failure.message, MESSAGE_LIMIT), PLAIN);
        } else {
            explain(page, INDENT * 4, failure);
        }
    }
    for case in test.cases.iter().filter(|case| verbose || case.failure.is_some()) {
        let name = escape::line(&case.name.join(" / "), NAME_LIMIT);
        let (paint, word) = if case.failure.is_some() { (RED, "FAIL ") } else { (GREEN, "pass ") };
        page.line(INDENT * 4, &[(paint, format!("{word} ")), (PLAIN, name)]);
        if let Some(failure) = &case.failure {
            explain(page, INDENT * 7, failure);
        }
    }
    prints(page, test);
}

/// The place, what was found there, the line, and the values in it.
fn explain(page: &mut Page, indent: usize, failure: &Failure) {
    let message = escape::paragraph(&failure.message, MESSAGE_LIMIT);
    let place = failure.location.as_ref().map(|location| {
        let path = escape::line(&location.path, NAME_LIMIT);
        format!("{path}:{}: ", location.line)
    });
    page.wrapped(indent, &format!("{}{message}", place.unwrap_or_default()), PLAIN);
    let source = escape::paragraph(&outdented(&failure.source), MESSAGE_LIMIT);
    for line in source.lines() {
        page.line(indent, &[(DIM, "│ ".to_owned()), (CYAN, line.to_owned())]);
    }
    for (name, value) in &failure.values {
        let lead = (DIM, format!("{name}:"));
        page.beside(indent + GUTTER, &lead, LABEL_WIDTH, &escape::paragraph(value, MESSAGE_LIMIT), PLAIN);
    }
}

/// The text with tabs as spaces, and without the indentation that its further lines share.
fn outdented(text: &str) -> String {
    let text = text.replace('\t', "  ");
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let shared = text.lines().skip(1).filter(|line| !line.trim().is_empty()).map(indent).min().unwrap_or(0);
    let lines = text.lines().enumerate().map(
        |(number, line)| {
            if number == 0 { line } else { line.get(shared..).unwrap_or_default() }
        },
    );
    lines.collect::<Vec<_>>().join("\n")
}

fn prints(page: &mut Page, test: &PolicyTest) {
    if test.prints.is_empty() {
        return;
    }
    page.line(INDENT * 4, &[(DIM, "printed:".to_owned())]);
    for line in test.prints.iter().take(PRINTS) {
        page.wrapped(INDENT * 5, &escape::paragraph(line, MESSAGE_LIMIT), PLAIN);
    }
    let more = test.prints.len().saturating_sub(PRINTS);
    if more > 0 {
        page.line(INDENT * 5, &[(DIM, format!("… {more} more lines; `--format json` has them"))]);
    }
}

fn sum(page: &mut Page, report: &TestReport) {
    let counts = report.counts();
    let is_good = counts.failed == 0 && counts.errored == 0;
    let (paint, word) = if is_good { (GREEN, "passed") } else { (RED, "FAILED") };
    let noun = if counts.total == 1 { "test" } else { "tests" };
    let verb = if is_good { "" } else { " passed" };
    let mut text = format!(": {} of {} {noun}{verb}", counts.passed, counts.total);
    for (count, what) in [(counts.failed, "failed"), (counts.errored, "could not be run"), (counts.to_do, "to do")] {
        if count > 0 {
            text.extend([", ", count.to_string().as_str(), " ", what]);
        }
    }
    page.line(
        0,
        &[(paint.bold(), word.to_owned()), (PLAIN, text), (DIM, format!(" ({})", phrase::elapsed(report.duration)))],
    );
}
