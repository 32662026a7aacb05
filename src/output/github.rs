//! Workflow commands: annotations of a GitHub Actions run.
//!
//! GitHub shows ten annotations of each level for a step and drops the rest without a word, so the tenth says how many
//! more there are.

use crate::domain::decision::{Decision, Decisions};
use crate::domain::finding::{Finding, Location};
use crate::domain::text::cut;
use crate::domain::verdict::Verdict;

use super::escape::{self, NAME_LIMIT};
use super::finding::{self, Standing};
use super::{overrides, phrase};

/// The annotations of one level that GitHub shows for a step.
pub(super) const LEVEL_LIMIT: usize = 10;
/// The runner cuts a longer message without a word, in UTF-16 code units.
const MESSAGE_LIMIT: usize = 4_096;
/// The longest title of an annotation that GitHub takes, in characters, less one for a sign of what was cut.
const TITLE_LIMIT: usize = 254;

/// The decisions as workflow commands, one on a line: the verdict, what is in the way, warnings, dry runs.
pub(super) fn render(decisions: &Decisions) -> String {
    let blocking = finding::all_standing(decisions, Standing::Blocks);
    let mut commands = vec![verdict(decisions, blocking.is_empty())];
    let exceptions = exceptions(decisions);
    // The verdict takes one place of its level.
    let errors = LEVEL_LIMIT - usize::from(blocking.is_empty());
    let mut warnings = finding::all_standing(decisions, Standing::Overridden);
    warnings.extend(finding::all_standing(decisions, Standing::Warns));
    commands.extend(exceptions.clone());
    let levels = [
        ("error", blocking, errors),
        ("warning", warnings, LEVEL_LIMIT - usize::from(exceptions.is_some())),
        ("notice", finding::all_standing(decisions, Standing::DryRun), LEVEL_LIMIT - 1),
    ];
    for (level, findings, limit) in levels {
        commands.extend(annotations(level, &findings, limit));
    }
    commands.join("\n")
}

/// A notice, since what is in the way has its own errors; an error when nothing else would say so.
fn verdict(decisions: &Decisions, unexplained: bool) -> String {
    let verdict = decisions.verdict();
    let mut lines: Vec<String> = decisions.0.iter().map(summary).collect();
    if lines.len() != 1 {
        let cut = lines.len().saturating_sub(LEVEL_LIMIT);
        lines.truncate(LEVEL_LIMIT);
        lines.insert(0, phrase::tally(decisions));
        if cut > 0 {
            lines.push(format!("and {cut} more artifacts"));
        }
    }
    let mut level = "notice";
    if unexplained && verdict != Verdict::Allow {
        level = "error";
        lines.push(phrase::unexplained(verdict).to_owned());
    }
    command(level, None, &format!("holdpoint: {verdict}"), &lines.join("\n"))
}

/// One warning for all overrides and notices of them: an exception is never to be overlooked.
fn exceptions(decisions: &Decisions) -> Option<String> {
    let of_one = |decision| overrides::in_force(decision).into_iter().chain(overrides::notices(decision));
    let mut lines: Vec<String> = decisions.0.iter().flat_map(of_one).map(|entry| entry.line()).collect();
    let more = lines.len().saturating_sub(LEVEL_LIMIT);
    lines.truncate(LEVEL_LIMIT);
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    let place = overrides::first_place(decisions).map(place);
    (!lines.is_empty()).then(|| command("warning", place, "holdpoint: overrides", &lines.join("\n")))
}

fn summary(decision: &Decision) -> String {
    let artifact = phrase::name_or_digest(&decision.request.artifact);
    let environment = escape::line(&decision.request.environment, NAME_LIMIT);
    let sentence = phrase::answer(decision, &artifact, &environment);
    match phrase::opening(decision) {
        Some(opening) => format!("{sentence}; opens: {opening}"),
        None => sentence,
    }
}

fn annotations(level: &str, findings: &[(&Decision, &Finding)], limit: usize) -> Vec<String> {
    commands(level, findings, limit, |(decision, finding)| {
        (finding.location.as_ref().map(place), heading(finding), body(decision, finding))
    })
}

/// Where an annotation is shown: a file, a line from 1, and a column from 1 or 0 for none.
pub(super) type Place<'a> = (&'a str, u32, u32);

fn place(location: &Location) -> Place<'_> {
    (&location.path, location.line.max(1), 0)
}

/// One command for each thing to show, with its place, title and lines; the last of those that GitHub shows says how
/// many more there are.
pub(super) fn commands<'a, T>(
    level: &str,
    items: &'a [T],
    limit: usize,
    annotation: impl Fn(&'a T) -> (Option<Place<'a>>, String, Vec<String>),
) -> Vec<String> {
    let more = items.len().saturating_sub(limit);
    let shown = items.iter().take(limit).enumerate();
    shown
        .map(|(number, item)| {
            let (place, title, mut lines) = annotation(item);
            if more > 0 && number + 1 == limit {
                let noun = if more == 1 { "finding" } else { "findings" };
                let note = format!("and {more} more {noun} like this, which GitHub would not show");
                let said = escape::inert(&lines.join("\n"));
                lines = vec![within(&said, MESSAGE_LIMIT - note.len() - 1), note];
            }
            command(level, place, &title, &lines.join("\n"))
        })
        .collect()
}

fn heading(finding: &Finding) -> String {
    let (title, rule) = (finding::title(finding), finding::rule(finding));
    if title == rule { rule } else { format!("{title} ({rule})") }
}

fn body(decision: &Decision, finding: &Finding) -> Vec<String> {
    let outcome = finding::outcome(finding);
    let artifact = phrase::name_or_digest(&decision.request.artifact);
    let environment = escape::line(&decision.request.environment, NAME_LIMIT);
    let mut lines = vec![format!("{outcome}: {}", finding::message(finding)), format!("{artifact} to {environment}")];
    lines.extend(finding::way_out(decision, finding));
    lines
}

/// One workflow command.
pub(super) fn command(level: &str, place: Option<Place<'_>>, title: &str, text: &str) -> String {
    let mut properties = Vec::new();
    if let Some((path, line, column)) = place {
        let file = escape::line(path, NAME_LIMIT);
        properties.push(format!("file={}", escape::command_property(&file)));
        properties.push(format!("line={}", line.max(1)));
        properties.extend((column > 0).then(|| format!("col={column}")));
    }
    properties.push(format!("title={}", escape::command_property(&cut(&escape::inert(title), TITLE_LIMIT))));
    // What is made harmless may be longer than it was.
    let text = within(&escape::inert(text), MESSAGE_LIMIT);
    format!("::{level} {}::{}", properties.join(","), escape::command_data(&text))
}

/// As much of the text as fits, in UTF-16 code units, with a sign of what was cut.
fn within(text: &str, limit: usize) -> String {
    let units = |text: &str| text.encode_utf16().count();
    if units(text) <= limit {
        return text.to_owned();
    }
    let mut used = 1;
    let kept = text.chars().take_while(|character| {
        used += character.len_utf16();
        used <= limit
    });
    format!("{}…", kept.collect::<String>())
}
