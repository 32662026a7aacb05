//! What came of the tests of plugins, and how far they reach.

mod json;
mod junit;
mod text;

use crate::domain::plugin_test::PluginTestReport;

use super::policy_tests::TestFormat;
use super::{Style, escape};

/// The results in this format, ending in one line break. Style and `verbose` count for [`TestFormat::Text`] only.
#[must_use]
pub fn render(report: &PluginTestReport, format: TestFormat, verbose: bool, style: Style) -> String {
    let output = match format {
        TestFormat::Text => escape::inert(&text::render(report, verbose, style)),
        TestFormat::Json => json::render(report),
        TestFormat::Junit => escape::inert(&junit::render(report)),
    };
    super::ended(&output)
}
