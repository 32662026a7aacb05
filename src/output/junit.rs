//! A `JUnit` report: a suite for each decision, a case for each finding and one for the verdict.

use std::collections::HashMap;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};

use crate::domain::decision::{Decision, Decisions};
use crate::domain::finding::{Finding, Outcome};
use crate::domain::verdict::Verdict;

use super::escape::{self, NAME_LIMIT};
use super::{finding, overrides, phrase};

/// The decisions as a `JUnit` report.
///
/// A report that cannot be written becomes a line that says so, which no reader takes for a report.
pub(super) fn render(decisions: &Decisions) -> String {
    let mut report = Report::new("holdpoint");
    report.add_test_suites(decisions.0.iter().map(suite));
    if decisions.0.is_empty() {
        let mut suite = TestSuite::new("holdpoint");
        suite.add_test_case(verdict_case(decisions.verdict(), "no artifact was judged"));
        report.add_test_suite(suite);
    }
    report.to_string().unwrap_or_else(|error| format!("the report could not be written: {error}\n"))
}

fn suite(decision: &Decision) -> TestSuite {
    let request = &decision.request;
    let artifact = phrase::name_or_digest(&request.artifact);
    let environment = escape::line(&request.environment, NAME_LIMIT);
    let mut suite = TestSuite::new(format!("{environment}: {artifact}"));
    suite.set_time(Duration::from_millis(decision.duration_ms));
    for (name, value) in properties(decision) {
        suite.add_property(Property::new(name, value));
    }
    let mut seen: HashMap<String, usize> = HashMap::new();
    for finding in &decision.findings {
        let count = seen.entry(finding::rule(finding)).or_default();
        *count += 1;
        suite.add_test_case(case(decision, finding, *count));
    }
    suite.add_test_case(verdict_case(decision.verdict, &phrase::answer(decision, &artifact, &environment)));
    suite
}

fn properties(decision: &Decision) -> Vec<(&'static str, String)> {
    let request = &decision.request;
    let mut properties = vec![
        ("verdict", decision.verdict.as_str().to_owned()),
        ("artifact", phrase::name(&request.artifact)),
        ("digest", request.artifact.digest.to_string()),
        ("environment", phrase::environment(request)),
        ("as_of", decision.as_of.to_string()),
        ("decision", escape::line(&decision.id, NAME_LIMIT)),
    ];
    if let Some(opens_at) = decision.opens_at {
        properties.push(("opens_at", opens_at.to_string()));
    }
    properties.extend(overrides::in_force(decision).iter().map(|entry| ("override", entry.line())));
    properties.extend(overrides::notices(decision).iter().map(|entry| ("override_notice", entry.line())));
    properties
}

/// One finding; `count` tells the findings of one rule apart, since readers merge cases of one name.
fn case(decision: &Decision, finding: &Finding, count: usize) -> TestCase {
    let rule = finding::rule(finding);
    let name = if count == 1 { rule } else { format!("{rule} ({count})") };
    let mut case = TestCase::new(name, status(decision, finding));
    let class = finding.policy.as_deref().or(finding.plugin.as_deref()).map(|name| escape::line(name, NAME_LIMIT));
    case.set_classname(class.unwrap_or_else(|| "holdpoint".to_owned()));
    let says = text(decision, finding);
    if !finding.blocks() && !matches!(finding.outcome, Outcome::Passed | Outcome::Skipped) {
        case.set_system_out(format!("{}: {says}", finding::outcome(finding)));
    }
    case
}

fn status(decision: &Decision, finding: &Finding) -> TestCaseStatus {
    if finding.outcome == Outcome::Skipped {
        let mut status = TestCaseStatus::skipped();
        status.set_message(finding::message_line(finding));
        return status;
    }
    let Some(verdict) = finding.verdict().filter(|verdict| *verdict != Verdict::Allow) else {
        return TestCaseStatus::success();
    };
    let mut status = TestCaseStatus::non_success(kind(verdict));
    status.set_type(verdict.as_str());
    status.set_message(finding::message_line(finding));
    status.set_description(text(decision, finding));
    status
}

/// What could not be decided is an error of the check; a denial or a hold is its failure.
const fn kind(verdict: Verdict) -> NonSuccessKind {
    match verdict {
        Verdict::Undecided => NonSuccessKind::Error,
        Verdict::Allow | Verdict::Hold | Verdict::Deny => NonSuccessKind::Failure,
    }
}

fn text(decision: &Decision, finding: &Finding) -> String {
    let mut lines = vec![finding::title(finding), finding::message(finding)];
    lines.extend(finding::way_out(decision, finding));
    if let Some(location) = &finding.location {
        lines.push(format!("at {}:{}", escape::line(&location.path, NAME_LIMIT), location.line));
    }
    lines.join("\n")
}

fn verdict_case(verdict: Verdict, text: &str) -> TestCase {
    let mut status = TestCaseStatus::success();
    if verdict != Verdict::Allow {
        status = TestCaseStatus::non_success(kind(verdict));
        status.set_type(verdict.as_str());
        status.set_message(text);
    }
    let mut case = TestCase::new("verdict", status);
    case.set_classname("holdpoint");
    case
}
