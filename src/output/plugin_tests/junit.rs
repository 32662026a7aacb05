//! Results of the tests of plugins as a `JUnit` report: a suite for each component, a case for each case.

use std::collections::BTreeMap;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::domain::plugin_test::{CaseOutcome, CaseResult, Difference, PluginTestReport};

use super::super::escape::{self, MESSAGE_LIMIT, NAME_LIMIT};

/// A report that cannot be written becomes a line that says so, which no reader takes for a report.
pub(super) fn render(report: &PluginTestReport) -> String {
    let mut suites: BTreeMap<&str, Vec<&CaseResult>> = BTreeMap::new();
    for case in &report.cases {
        suites.entry(&case.component).or_default().push(case);
    }
    let mut junit = Report::new("holdpoint plugin test");
    junit.set_time(report.duration);
    junit.add_test_suites(suites.into_iter().map(|(component, cases)| {
        let name = if component.is_empty() { "no component" } else { component };
        let mut suite = TestSuite::new(escape::line(name, NAME_LIMIT));
        suite.set_time(cases.iter().map(|case| case.duration).sum());
        suite.add_test_cases(cases.into_iter().map(test_case));
        suite
    }));
    junit.to_string().unwrap_or_else(|error| format!("the report could not be written: {error}\n"))
}

fn test_case(case: &CaseResult) -> TestCase {
    let status = match &case.outcome {
        CaseOutcome::Passed => TestCaseStatus::success(),
        CaseOutcome::Failed(differences) => {
            let lines: Vec<String> = differences.iter().map(line).collect();
            status(NonSuccessKind::Failure, "something else came than was expected", &lines.join("\n"))
        }
        CaseOutcome::Errored(why) => status(NonSuccessKind::Error, "it could not be run", why),
    };
    let name = if case.title.is_empty() { &case.path } else { &case.title };
    let mut test = TestCase::new(escape::line(name, NAME_LIMIT), status);
    test.set_classname(escape::line(&case.component, NAME_LIMIT));
    test.extra.insert("file".into(), escape::line(&case.path, NAME_LIMIT).into());
    test.set_time(case.duration);
    if !case.log.is_empty() {
        test.set_system_out(escape::paragraph(&case.log.join("\n"), MESSAGE_LIMIT));
    }
    test
}

fn line(difference: &Difference) -> String {
    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "nothing".to_owned());
    format!("{}: expected {}, got {}", difference.what, text(&difference.expected), text(&difference.got))
}

fn status(kind: NonSuccessKind, message: &str, description: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(if kind == NonSuccessKind::Failure { "failed" } else { "error" });
    status.set_message(message);
    status.set_description(escape::paragraph(description, MESSAGE_LIMIT));
    status
}
