//! What came of the tests of policies, and which lines they reached.

mod coverage;
mod json;
mod junit;
mod text;

use clap::ValueEnum;

use crate::domain::policy_test::{Coverage, TestReport};

use super::{Style, escape};

/// How the results of tests are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum TestFormat {
    /// For people.
    #[default]
    Text,
    /// For programs. Of policies, it is the list that `opa test --format json` writes, with more about failures.
    #[value(help = "For programs")]
    Json,
    /// A `JUnit` report.
    #[value(help = "A JUnit report")]
    Junit,
}

/// How coverage is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum CoverageFormat {
    /// For people.
    #[default]
    Text,
    /// The document that `opa test --coverage` writes.
    Json,
    /// LCOV's `lcov.info`, for editors and code hosts.
    Lcov,
}

/// The results in this format, ending in one line break. Style and `verbose` count for [`TestFormat::Text`] only.
#[must_use]
pub fn render(report: &TestReport, format: TestFormat, verbose: bool, style: Style) -> String {
    let output = match format {
        TestFormat::Text => escape::inert(&text::render(report, verbose, style)),
        TestFormat::Json => json::render(report),
        TestFormat::Junit => escape::inert(&junit::render(report)),
    };
    super::ended(&output)
}

/// The coverage in this format, ending in one line break. Style and threshold count for [`CoverageFormat::Text`] only.
#[must_use]
pub fn render_coverage(coverage: &Coverage, format: CoverageFormat, threshold: Option<f64>, style: Style) -> String {
    let output = match format {
        CoverageFormat::Text => escape::inert(&coverage::text(coverage, threshold, style)),
        CoverageFormat::Json => coverage::json(coverage),
        CoverageFormat::Lcov => escape::inert(&coverage::lcov(coverage)),
    };
    super::ended(&output)
}
