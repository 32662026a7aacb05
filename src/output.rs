//! Renderers: from decisions and records to text.
//!
//! Pure functions: no clock, no file, no terminal. Whoever calls them knows where the text goes and says so in
//! [`Style`]. All text that came from outside passes through [`escape`].

pub mod audit;
pub mod catalogue;
pub mod doctor;
pub mod escape;
pub mod lint;
pub mod plugin;
pub mod plugin_tests;
pub mod policy_tests;
pub mod records;
pub mod replay;
pub mod vsa;

mod explanation;
mod finding;
mod github;
mod github_output;
mod json;
mod junit;
mod layout;
mod markdown;
mod overrides;
mod phrase;
mod plugins;
mod promotion;
mod sarif;
mod tap;
mod text;

use clap::ValueEnum;

use crate::domain::decision::Decisions;

/// How decisions are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// The decision document.
    Json,
    /// For a job summary or a comment.
    Markdown,
    /// Annotations of a GitHub Actions run.
    Github,
    /// Outputs of a step of GitHub Actions: verdict, reason, opens-at and digests, for the file that it reads them from.
    GithubOutput,
    /// A `JUnit` report.
    #[value(help = "A JUnit report")]
    Junit,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Test Anything Protocol, version 14.
    Tap,
}

/// Where a text for people goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether the reader's terminal shows colours. They never carry meaning of their own.
    pub color: bool,
    /// How many columns it has. Texts are wrapped to it, but never to fewer than 40.
    pub width: usize,
}

/// The decisions in this format, ending in one line break.
///
/// The style counts for [`Format::Text`] only. No output but the JSON document has more than a bounded part of any one
/// text, and none has a line that a CI runner takes for a command that is not holdpoint's own.
#[must_use]
pub fn render(decisions: &Decisions, format: Format, style: Style) -> String {
    let output = match format {
        Format::Text => escape::inert(&text::render(decisions, style)),
        Format::Json => json::render(decisions),
        Format::Markdown => escape::inert(&markdown::render(decisions)),
        Format::Github => github::render(decisions),
        Format::GithubOutput => github_output::render(decisions),
        Format::Junit => escape::inert(&junit::render(decisions)),
        Format::Sarif => sarif::render(decisions),
        Format::Tap => escape::inert(&tap::render(decisions)),
    };
    ended(&output)
}

/// The output, ending in one line break.
fn ended(output: &str) -> String {
    format!("{}\n", output.trim_end_matches('\n'))
}
