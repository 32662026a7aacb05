//! Coverage for people, for programs that read OPA's, and as LCOV.
//!
//! LCOV is described in `man geninfo`: a record for each file, `DA:line,times` for each line, `LF` and `LH` for how many
//! there are and how many were reached. How often is not known, so it is 1 or 0.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::domain::policy_test::{Coverage, FileCoverage, LineCounts};

use super::super::escape::{self, NAME_LIMIT};
use super::super::layout::{BOLD, DIM, GREEN, PLAIN, Page, RED, Span, columns, pad};
use super::super::{Style, json as document};

pub(super) fn text(coverage: &Coverage, threshold: Option<f64>, style: Style) -> String {
    let mut page = Page::new(style);
    let names: Vec<String> = coverage.files.iter().map(|file| escape::line(&file.path, NAME_LIMIT)).collect();
    let widest = names.iter().map(|name| columns(name)).max().unwrap_or(0).max("all policies".len());
    page.line(0, &[(BOLD, "Coverage".to_owned())]);
    for (file, name) in coverage.files.iter().zip(&names) {
        page.line(2, &row(name, widest, file.lines()));
        if !file.not_covered.is_empty() {
            page.beside(4, &(DIM, "not reached:".to_owned()), 13, &ranges_text(&file.not_covered), PLAIN);
        }
    }
    let all = coverage.lines();
    page.line(2, &row("all policies", widest, all));
    if let Some(least) = threshold.filter(|least| all.percent() < *least) {
        page.line(0, &[(RED.bold(), "FAILED".to_owned()), (PLAIN, format!(": the coverage is under {least}%"))]);
    }
    page.finish()
}

fn row(name: &str, width: usize, lines: LineCounts) -> Vec<Span> {
    let paint = if lines.not_covered == 0 { GREEN } else { PLAIN };
    let count = format!("  {} of {} lines", lines.covered, lines.total());
    vec![(PLAIN, pad(name, width)), (paint, format!("  {:>6.2}%", lines.percent())), (DIM, count)]
}

/// `3, 7-9`.
fn ranges_text(lines: &[u32]) -> String {
    let range = |range: &Range| match range {
        Range { start, end } if start == end => start.row.to_string(),
        Range { start, end } => format!("{}-{}", start.row, end.row),
    };
    ranges(lines).iter().map(range).collect::<Vec<_>>().join(", ")
}

#[derive(Serialize)]
struct Document<'a> {
    files: BTreeMap<&'a str, File>,
    covered_lines: usize,
    not_covered_lines: usize,
    coverage: f64,
}

#[derive(Serialize)]
struct File {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    covered: Vec<Range>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_covered: Vec<Range>,
    covered_lines: usize,
    not_covered_lines: usize,
    coverage: f64,
}

#[derive(Serialize)]
struct Range {
    start: Row,
    end: Row,
}

#[derive(Clone, Copy, PartialEq, Serialize)]
struct Row {
    row: u32,
}

/// Lines that follow each other, taken together.
fn ranges(lines: &[u32]) -> Vec<Range> {
    let mut ranges: Vec<Range> = Vec::new();
    for &row in lines {
        match ranges.last_mut() {
            Some(last) if last.end.row.checked_add(1) == Some(row) => last.end = Row { row },
            _ => ranges.push(Range { start: Row { row }, end: Row { row } }),
        }
    }
    ranges
}

pub(super) fn json(coverage: &Coverage) -> String {
    let all = coverage.lines();
    let file = |file: &FileCoverage| {
        let lines = file.lines();
        File {
            covered: ranges(&file.covered),
            not_covered: ranges(&file.not_covered),
            covered_lines: lines.covered,
            not_covered_lines: lines.not_covered,
            coverage: lines.percent(),
        }
    };
    document::render(&Document {
        files: coverage.files.iter().map(|one| (one.path.as_str(), file(one))).collect(),
        covered_lines: all.covered,
        not_covered_lines: all.not_covered,
        coverage: all.percent(),
    })
}

pub(super) fn lcov(coverage: &Coverage) -> String {
    coverage.files.iter().map(record).collect()
}

fn record(file: &FileCoverage) -> String {
    let reached = file.covered.iter().map(|line| (*line, 1));
    let lines: BTreeMap<u32, u32> = reached.chain(file.not_covered.iter().map(|line| (*line, 0))).collect();
    let counts = file.lines();
    let mut record = format!("TN:\nSF:{}\n", escape::line(&file.path, usize::MAX));
    let fields = lines.into_iter().map(|(line, times)| format!("DA:{line},{times}"));
    let sums = [format!("LF:{}", counts.total()), format!("LH:{}", counts.covered), "end_of_record".to_owned()];
    for field in fields.chain(sums) {
        record.extend([field.as_str(), "\n"]);
    }
    record
}
