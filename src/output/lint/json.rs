//! Findings for programs: `holdpoint.lint/v1`.

use serde::Serialize;

use crate::domain::lint::{LintFinding, LintReport, Severity};
use crate::output::json;

/// The name of the document's form.
const SCHEMA: &str = "holdpoint.lint/v1";

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    files: usize,
    errors: usize,
    warnings: usize,
    notes: usize,
    findings: Vec<Finding<'a>>,
}

#[derive(Serialize)]
struct Finding<'a> {
    code: &'static str,
    severity: Severity,
    path: &'a str,
    /// Null when it is of the whole file.
    line: Option<u32>,
    /// Null when it is not known.
    column: Option<u32>,
    message: &'a str,
    hint: &'a str,
}

pub(super) fn render(report: &LintReport) -> String {
    json::render(&Document {
        schema: SCHEMA,
        files: report.files,
        errors: report.count(Severity::Error),
        warnings: report.count(Severity::Warning),
        notes: report.count(Severity::Note),
        findings: report.findings.iter().map(finding).collect(),
    })
}

fn finding(finding: &LintFinding) -> Finding<'_> {
    let known = |number: u32| (number > 0).then_some(number);
    Finding {
        code: finding.code.name,
        severity: finding.code.severity,
        path: &finding.path,
        line: known(finding.line),
        column: known(finding.column),
        message: &finding.message,
        hint: &finding.hint,
    }
}
