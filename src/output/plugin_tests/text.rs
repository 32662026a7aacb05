//! Results of the tests of plugins for people: what failed and why, what is reached, then the sum.

use crate::domain::plugin_test::{CaseOutcome, CaseResult, Difference, PluginTestReport, REACHABLE, Reach};

use super::super::Style;
use super::super::escape::{self, MESSAGE_LIMIT, NAME_LIMIT};
use super::super::layout::{BOLD, DIM, GREEN, MAGENTA, PLAIN, Page, RED, YELLOW};
use super::super::phrase;

const INDENT: usize = 2;
const LABEL_WIDTH: usize = 10;

pub(super) fn render(report: &PluginTestReport, verbose: bool, style: Style) -> String {
    let mut page = Page::new(style);
    let shown = |case: &&CaseResult| verbose || case.updated || case.outcome != CaseOutcome::Passed;
    for case in report.cases.iter().filter(shown) {
        one(&mut page, case);
        page.blank();
    }
    for (component, reach) in report.reach() {
        reached(&mut page, component, &reach);
        page.blank();
    }
    sum(&mut page, report);
    page.finish()
}

fn one(page: &mut Page, case: &CaseResult) {
    let (paint, word) = match case.outcome {
        CaseOutcome::Passed if case.updated => (YELLOW, "wrote"),
        CaseOutcome::Passed => (GREEN, "pass "),
        CaseOutcome::Failed(_) => (RED, "FAIL "),
        CaseOutcome::Errored(_) => (MAGENTA, "ERROR"),
    };
    let time = if case.said.is_some() { format!("  {}", phrase::elapsed(case.duration)) } else { String::new() };
    page.line(0, &[(paint, format!("{word} ")), (BOLD, escape::line(&case.path, NAME_LIMIT)), (DIM, time)]);
    if !case.title.is_empty() {
        page.wrapped(INDENT * 3, &escape::line(&case.title, NAME_LIMIT), PLAIN);
    }
    match &case.outcome {
        CaseOutcome::Passed => {}
        CaseOutcome::Failed(differences) => differences.iter().for_each(|one| difference(page, one)),
        CaseOutcome::Errored(why) => page.wrapped(INDENT * 3, &escape::paragraph(why, MESSAGE_LIMIT), PLAIN),
    }
    if !case.log.is_empty() {
        page.line(INDENT * 3, &[(DIM, "log:".to_owned())]);
        for line in &case.log {
            page.wrapped(INDENT * 4, &escape::paragraph(line, MESSAGE_LIMIT), PLAIN);
        }
    }
}

fn difference(page: &mut Page, difference: &Difference) {
    page.line(INDENT * 3, &[(PLAIN, difference.what.to_owned())]);
    for (label, paint, text) in [("expected:", GREEN, &difference.expected), ("got:", RED, &difference.got)] {
        let text = text.as_ref().map_or_else(|| "nothing".to_owned(), |text| escape::paragraph(text, MESSAGE_LIMIT));
        page.beside(INDENT * 4, &(paint, label.to_owned()), LABEL_WIDTH, &text, PLAIN);
    }
}

fn reached(page: &mut Page, component: &str, reach: &Reach) {
    page.line(0, &[(BOLD, escape::line(component, NAME_LIMIT))]);
    let counted = reach.outcomes.iter().map(|(outcome, count)| format!("{outcome} {count}")).collect::<Vec<_>>();
    let missing = REACHABLE.iter().filter(|outcome| !reach.outcomes.contains_key(*outcome)).copied();
    let codes = reach.codes.iter().map(|code| escape::line(code, NAME_LIMIT)).collect::<Vec<_>>();
    let rows = [
        ("reached:", counted.join(", ")),
        ("not:", missing.collect::<Vec<_>>().join(", ")),
        ("codes:", codes.join(", ")),
    ];
    for (label, text) in rows.into_iter().filter(|(_, text)| !text.is_empty()) {
        page.beside(INDENT, &(DIM, label.to_owned()), LABEL_WIDTH, &text, PLAIN);
    }
    if !reach.objects() {
        let text = "no case is denied or held: a plugin that passes everything would pass these tests";
        page.wrapped(INDENT, text, YELLOW);
    }
}

fn sum(page: &mut Page, report: &PluginTestReport) {
    let counts = report.counts();
    let (paint, word) = if report.is_good() { (GREEN, "passed") } else { (RED, "FAILED") };
    let noun = if counts.total == 1 { "case" } else { "cases" };
    let verb = if report.is_good() { "" } else { " passed" };
    let mut text = format!(": {} of {} {noun}{verb}", counts.passed, counts.total);
    for (count, what) in [(counts.failed, "failed"), (counts.errored, "could not be run")] {
        if count > 0 {
            text.extend([", ", count.to_string().as_str(), " ", what]);
        }
    }
    let time = format!(" ({})", phrase::elapsed(report.duration));
    page.line(0, &[(paint.bold(), word.to_owned()), (PLAIN, text), (DIM, time)]);
}
