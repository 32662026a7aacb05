//! Results of tests as JSON: the list of `opa test --format json`, and beside its keys `failure` with what OPA's trace
//! would tell.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use crate::domain::policy_test::{Failure, PolicyTest, TestCase, TestOutcome, TestReport};

use super::super::json;

pub(super) fn render(report: &TestReport) -> String {
    json::render(&report.tests.iter().map(test).collect::<Vec<_>>())
}

#[derive(Serialize)]
struct Test<'a> {
    location: Place<'a>,
    package: String,
    name: &'a str,
    #[serde(skip_serializing_if = "is_false")]
    fail: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Error<'a>>,
    #[serde(skip_serializing_if = "is_false")]
    skip: bool,
    /// Nanoseconds.
    duration: u64,
    /// Base64, as OPA has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    sub_results: BTreeMap<&'a str, Case<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<Why<'a>>,
}

#[derive(Serialize)]
struct Place<'a> {
    file: &'a str,
    row: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    col: Option<u32>,
}

#[derive(Serialize)]
struct Error<'a> {
    code: &'static str,
    message: &'a str,
}

#[derive(Serialize)]
struct Case<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "is_false")]
    fail: bool,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    sub_results: BTreeMap<&'a str, Self>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<Why<'a>>,
}

#[derive(Serialize)]
struct Why<'a> {
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<Place<'a>>,
    source: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    values: BTreeMap<&'a str, &'a str>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}

fn test(test: &PolicyTest) -> Test<'_> {
    let (failed, error) = match &test.outcome {
        TestOutcome::Passed | TestOutcome::ToDo => (None, None),
        TestOutcome::Failed(failure) => (Some(failure), None),
        TestOutcome::Errored(failure) => (None, Some(failure)),
    };
    let mut printed = test.prints.join("\n");
    printed.push('\n');
    Test {
        location: Place { file: &test.location.path, row: test.location.line, col: Some(test.column) },
        package: format!("data.{}", test.package),
        name: &test.name,
        fail: failed.is_some(),
        error: error.map(|failure| Error { code: "eval_error", message: &failure.message }),
        skip: test.outcome == TestOutcome::ToDo,
        duration: u64::try_from(test.duration.as_nanos()).unwrap_or(u64::MAX),
        output: (!test.prints.is_empty()).then(|| STANDARD.encode(printed)),
        sub_results: cases(test.cases.iter().map(|case| (case.name.as_slice(), case)).collect()),
        failure: failed.map(why),
    }
}

/// Cases with several keys lie in each other.
fn cases<'a>(list: Vec<(&'a [String], &'a TestCase)>) -> BTreeMap<&'a str, Case<'a>> {
    let mut groups: BTreeMap<&str, Vec<(&[String], &TestCase)>> = BTreeMap::new();
    for (keys, case) in list {
        if let Some((first, rest)) = keys.split_first() {
            groups.entry(first).or_default().push((rest, case));
        }
    }
    let group = |(name, list): (&'a str, Vec<(&'a [String], &'a TestCase)>)| {
        let fail = list.iter().any(|(_keys, case)| case.failure.is_some());
        let whole = list.iter().find(|(keys, _case)| keys.is_empty());
        let failure = whole.and_then(|(_keys, case)| case.failure.as_ref()).map(why);
        (name, Case { name, fail, failure, sub_results: cases(list) })
    };
    groups.into_iter().map(group).collect()
}

fn why(failure: &Failure) -> Why<'_> {
    Why {
        message: &failure.message,
        location: failure.location.as_ref().map(|place| Place { file: &place.path, row: place.line, col: None }),
        source: &failure.source,
        values: failure.values.iter().map(|(name, value)| (*name, value.as_str())).collect(),
    }
}
