//! Results of the tests of plugins as JSON.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::domain::plugin_test::{
    CaseCounts, CaseOutcome, CaseResult, Difference, PluginTestReport, REACHABLE, Reach, Said,
};

use super::super::json;

#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    counts: CaseCounts,
    cases: Vec<Case<'a>>,
    /// By component.
    coverage: BTreeMap<&'a str, Coverage>,
    duration_ms: f64,
}

#[derive(Serialize)]
struct Case<'a> {
    file: &'a str,
    title: &'a str,
    component: &'a str,
    outcome: &'static str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    differences: &'a [Difference],
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    got: Option<&'a Said>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    log: &'a [String],
    updated: bool,
    duration_ms: f64,
}

#[derive(Serialize)]
struct Coverage {
    #[serde(flatten)]
    reach: Reach,
    not_reached: Vec<&'static str>,
}

pub(super) fn render(report: &PluginTestReport) -> String {
    let coverage = report.reach().into_iter().map(|(component, reach)| {
        let missing = REACHABLE.into_iter().filter(|outcome| !reach.outcomes.contains_key(outcome)).collect();
        (component, Coverage { reach, not_reached: missing })
    });
    json::render(&Document {
        counts: report.counts(),
        cases: report.cases.iter().map(case).collect(),
        coverage: coverage.collect(),
        duration_ms: milliseconds(report.duration),
    })
}

fn case(case: &CaseResult) -> Case<'_> {
    let (outcome, differences, error) = match &case.outcome {
        CaseOutcome::Passed => ("passed", [].as_slice(), None),
        CaseOutcome::Failed(differences) => ("failed", differences.as_slice(), None),
        CaseOutcome::Errored(why) => ("errored", [].as_slice(), Some(why.as_str())),
    };
    Case {
        file: &case.path,
        title: &case.title,
        component: &case.component,
        outcome,
        differences,
        error,
        got: case.said.as_ref(),
        log: &case.log,
        updated: case.updated,
        duration_ms: milliseconds(case.duration),
    }
}

/// With three decimals.
fn milliseconds(duration: std::time::Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
