//! Findings for people, with the line each is about.

use anstyle::Style as Paint;

use crate::domain::lint::{LintFinding, LintReport, Severity};
use crate::domain::text::visible;
use crate::output::Style;
use crate::output::escape::{self, MESSAGE_LIMIT, NAME_LIMIT};
use crate::output::layout::{BOLD, CYAN, DIM, PLAIN, Page, RED, YELLOW, columns};

const INDENT: usize = 2;
/// What is kept of a long line before the place in it.
const CONTEXT: usize = 20;

const fn paint(severity: Severity) -> Paint {
    match severity {
        Severity::Error => RED,
        Severity::Warning => YELLOW,
        Severity::Note => CYAN,
    }
}

pub(super) fn render(report: &LintReport, style: Style) -> String {
    let mut page = Page::new(style);
    for finding in &report.findings {
        one(&mut page, finding);
        page.blank();
    }
    page.line(0, &[(BOLD, super::tally(report))]);
    page.finish()
}

fn one(page: &mut Page, finding: &LintFinding) {
    let severity = finding.code.severity;
    let title = format!("{}[{}]", severity.as_str(), finding.code.name);
    page.line(0, &[(BOLD, format!("{}: ", place(finding))), (paint(severity).bold(), title)]);
    page.wrapped(INDENT, &escape::paragraph(&finding.message, MESSAGE_LIMIT), PLAIN);
    excerpt(page, finding);
    let hint = escape::paragraph(&finding.hint, MESSAGE_LIMIT);
    if !hint.is_empty() {
        page.beside(INDENT, &(CYAN, "→".to_owned()), 2, &hint, CYAN);
    }
}

fn place(finding: &LintFinding) -> String {
    let path = escape::line(&finding.path, NAME_LIMIT);
    match (finding.line, finding.column) {
        (0, _) => path,
        (line, 0) => format!("{path}:{line}"),
        (line, column) => format!("{path}:{line}:{column}"),
    }
}

/// The line, and a mark beneath the word that the finding is about.
fn excerpt(page: &mut Page, finding: &LintFinding) {
    let Some(line) = finding.excerpt.as_deref().filter(|line| !line.trim().is_empty()) else { return };
    let number = finding.line.to_string();
    let room = page.width().saturating_sub(INDENT + number.len() + 3);
    let characters: Vec<char> = line.trim_end().chars().collect();
    let before = usize::try_from(finding.column).unwrap_or(0).saturating_sub(1).min(characters.len());
    let width = word(characters.get(before..).unwrap_or_default());
    // A place that would be beyond the edge is brought into view.
    let start = if before + width < room { 0 } else { before.saturating_sub(CONTEXT) };
    let shown = |from: usize, to: usize| {
        let part: String = characters.get(from..to.min(characters.len())).unwrap_or_default().iter().collect();
        visible(&part.replace('\t', "    "))
    };
    let lead = if start == 0 { String::new() } else { "…".to_owned() };
    let mut text = format!("{lead}{}", shown(start, characters.len()));
    if columns(&text) > room {
        text = text.chars().take(room.saturating_sub(1)).collect::<String>() + "…";
    }
    page.line(INDENT, &[(DIM, format!("{number} | ")), (PLAIN, text)]);
    if finding.column > 0 {
        let gap = columns(&lead) + columns(&shown(start, before));
        let mark = "^".repeat(columns(&shown(before, before + width)).clamp(1, room.saturating_sub(gap).max(1)));
        let gutter = format!("{} | ", " ".repeat(number.len()));
        page.line(INDENT, &[(DIM, gutter), (PLAIN, " ".repeat(gap)), (paint(finding.code.severity), mark)]);
    }
}

/// How many characters the word has that begins here: a text to its closing quote, or a reference.
fn word(characters: &[char]) -> usize {
    let Some((first, rest)) = characters.split_first() else { return 1 };
    if matches!(first, '"' | '`') {
        return rest.iter().position(|next| next == first).map_or(1, |end| end + 2);
    }
    let in_word = |character: &&char| character.is_alphanumeric() || matches!(character, '_' | '.');
    characters.iter().take_while(in_word).count().max(1)
}
