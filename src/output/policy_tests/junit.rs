//! Results of tests as a `JUnit` report: a suite for each package, a case for each test or each case of one.

use std::collections::BTreeMap;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::domain::policy_test::{Failure, PolicyTest, TestOutcome, TestReport};

use super::super::escape::{self, MESSAGE_LIMIT, NAME_LIMIT};

/// A report that cannot be written becomes a line that says so, which no reader takes for a report.
pub(super) fn render(report: &TestReport) -> String {
    let mut packages: BTreeMap<&str, Vec<&PolicyTest>> = BTreeMap::new();
    for test in &report.tests {
        packages.entry(&test.package).or_default().push(test);
    }
    let mut junit = Report::new("holdpoint policy test");
    junit.set_time(report.duration);
    junit.add_test_suites(packages.into_iter().map(|(package, tests)| suite(package, &tests)));
    junit.to_string().unwrap_or_else(|error| format!("the report could not be written: {error}\n"))
}

fn suite(package: &str, tests: &[&PolicyTest]) -> TestSuite {
    let mut suite = TestSuite::new(escape::line(package, NAME_LIMIT));
    suite.set_time(tests.iter().map(|test| test.duration).sum());
    for test in tests {
        suite.add_test_cases(cases(test));
    }
    suite
}

/// The cases of a test, or the test itself when it has none.
fn cases(test: &PolicyTest) -> Vec<TestCase> {
    let name = escape::line(&test.name, NAME_LIMIT);
    let mut cases: Vec<TestCase> = if test.cases.is_empty() {
        let status = match &test.outcome {
            TestOutcome::Passed => TestCaseStatus::success(),
            TestOutcome::Failed(failure) => status(NonSuccessKind::Failure, failure),
            TestOutcome::Errored(failure) => status(NonSuccessKind::Error, failure),
            TestOutcome::ToDo => TestCaseStatus::skipped(),
        };
        vec![TestCase::new(name, status)]
    } else {
        let case = |case: &crate::domain::policy_test::TestCase| {
            let failed = case.failure.as_ref().map(|failure| status(NonSuccessKind::Failure, failure));
            let keys = escape::line(&case.name.join(" / "), NAME_LIMIT);
            TestCase::new(format!("{name}[{keys}]"), failed.unwrap_or_else(TestCaseStatus::success))
        };
        test.cases.iter().map(case).collect()
    };
    for case in &mut cases {
        case.set_classname(escape::line(&test.package, NAME_LIMIT));
        case.extra.insert("file".into(), escape::line(&test.location.path, NAME_LIMIT).into());
        case.extra.insert("line".into(), test.location.line.to_string().into());
    }
    // The time and the prints are the test's, whose cases are evaluated together.
    if let Some(first) = cases.first_mut() {
        first.set_time(test.duration);
        if !test.prints.is_empty() {
            first.set_system_out(escape::paragraph(&test.prints.join("\n"), MESSAGE_LIMIT));
        }
    }
    cases
}

fn status(kind: NonSuccessKind, failure: &Failure) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(if kind == NonSuccessKind::Failure { "failed" } else { "error" });
    status.set_message(escape::line(&failure.message, MESSAGE_LIMIT));
    let place = failure.location.as_ref();
    let place = place.map(|place| format!("{}:{}", escape::line(&place.path, NAME_LIMIT), place.line));
    let mut lines: Vec<String> = place.into_iter().collect();
    lines.push(escape::paragraph(&failure.source, MESSAGE_LIMIT));
    let value = |(name, value): &(&str, String)| format!("{name}: {}", escape::paragraph(value, MESSAGE_LIMIT));
    lines.extend(failure.values.iter().map(value));
    status.set_description(lines.join("\n"));
    status
}
