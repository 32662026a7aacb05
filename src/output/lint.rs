//! What is wrong with policies, as text, JSON, SARIF or annotations.

mod github;
mod json;
mod sarif;
mod text;

use clap::ValueEnum;

use crate::domain::lint::{LintCode, LintReport, Severity};

use super::{Style, escape};

/// How findings are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LintFormat {
    /// For people: each finding with the line it is about.
    #[default]
    Text,
    /// For programs: `holdpoint.lint/v1`.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Annotations of a GitHub Actions run.
    Github,
}

/// The findings in this format, ending in one line break. The style counts for [`LintFormat::Text`] only.
#[must_use]
pub fn render(report: &LintReport, format: LintFormat, style: Style) -> String {
    let output = match format {
        LintFormat::Text => escape::inert(&text::render(report, style)),
        LintFormat::Json => json::render(report),
        LintFormat::Sarif => sarif::render(report),
        LintFormat::Github => github::render(report),
    };
    format!("{}\n", output.trim_end_matches('\n'))
}

/// What these codes mean and how to repair what they name, in Markdown.
#[must_use]
pub fn explain(codes: &[&LintCode]) -> String {
    let section = |code: &&LintCode| {
        let LintCode { name, severity, summary, why, repair } = code;
        format!("### `{name}`\n\n*{}*: {summary}. {why}\n\n{repair}\n", severity.as_str())
    };
    codes.iter().map(section).collect::<Vec<_>>().join("\n")
}

/// How many findings of each severity there are, in words.
fn tally(report: &LintReport) -> String {
    let files = plural(report.files, "file");
    let counts: Vec<String> = [Severity::Error, Severity::Warning, Severity::Note]
        .into_iter()
        .map(|severity| (report.count(severity), severity.as_str()))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| plural(count, word))
        .collect();
    if counts.is_empty() { format!("no findings in {files}") } else { format!("{} in {files}", counts.join(", ")) }
}

fn plural(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}
