//! What is wrong with a configuration, and where, shown as a compiler does.

use std::fmt::{self, Write as _};
use std::path::{Path, PathBuf};

use super::located::Place;
use crate::domain::text::{nearest, visible};

/// The longest line that is shown below a message, in characters.
const LONGEST_EXCERPT: usize = 160;
/// The longest message, in characters: a cycle may lead through every environment.
const LONGEST_MESSAGE: usize = 1000;
/// The longest value that a message repeats, in characters.
const LONGEST_VALUE: usize = 80;

/// How many problems are collected at most.
pub(crate) const MOST_PROBLEMS: usize = 100;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) place: Place,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    /// The line is not shown: it may hold a secret, or says nothing.
    pub(crate) without_line: bool,
}

impl Problem {
    pub(crate) fn new(place: Place, message: impl Into<String>) -> Self {
        Self { place, message: message.into(), hint: None, without_line: false }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(crate) fn without_line(mut self) -> Self {
        self.without_line = true;
        self
    }
}

/// Why a configuration cannot be used: every problem that was found, in the order of the file.
#[derive(Clone, Debug)]
pub struct ConfigError {
    path: PathBuf,
    text: String,
    problems: Vec<Problem>,
}

impl ConfigError {
    /// These problems in this file with this text. The text is empty when it could not be read.
    pub(crate) fn new(path: &Path, text: &str, mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(|problem| problem.place);
        Self { path: path.to_owned(), text: text.to_owned(), problems }
    }

    /// How many problems there are; at least one.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.problems.len()
    }

    fn write(&self, formatter: &mut fmt::Formatter<'_>, problem: &Problem) -> fmt::Result {
        let Place { line, column } = problem.place;
        formatter.write_str(&visible(&self.path.display().to_string()))?;
        if line > 0 {
            write!(formatter, ":{line}:{column}")?;
        }
        write!(formatter, ": {}", visible(&shorten(&problem.message, LONGEST_MESSAGE)))?;
        if let Some((shown, before, width)) = self.excerpt(problem) {
            let number = line.to_string();
            let gutter = " ".repeat(number.len());
            let (before, width) = (" ".repeat(before), "^".repeat(width));
            write!(formatter, "\n{gutter} |\n{number} | {shown}\n{gutter} | {before}{width}")?;
        }
        match &problem.hint {
            Some(hint) => write!(formatter, "\nhint: {}", visible(hint)),
            None => Ok(()),
        }
    }

    /// The line up to the end of the word that the problem points at, and what is before it and its width, as shown.
    ///
    /// What follows the word is not shown, nor a line that speaks of secrets: a secret that was put in the wrong
    /// place must not end in the log of a pipeline.
    fn excerpt(&self, problem: &Problem) -> Option<(String, usize, usize)> {
        let line = self.text.lines().nth(problem.place.line.checked_sub(1)?)?;
        let line = line.strip_prefix('\u{feff}').unwrap_or(line);
        let before = problem.place.column.checked_sub(1)?;
        let width = word_width(line.chars().skip(before));
        let colon = usize::from(line.chars().nth(before + width) == Some(':'));
        let shown: String = line.chars().take(before + width + colon).collect();
        if problem.without_line || width == 0 || before + width > LONGEST_EXCERPT || speaks_of_secrets(&shown) {
            return None;
        }
        let rest = line.chars().skip(before + width + colon).any(|character| !character.is_whitespace());
        let more = if rest { " …" } else { "" };
        let shown = shown.replace('\t', " ");
        let columns = |from: usize, count: usize| {
            let part: String = shown.chars().skip(from).take(count).collect();
            visible(&part).chars().count()
        };
        Some((visible(&shown) + more, columns(0, before), columns(before, width)))
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, problem) in self.problems.iter().enumerate() {
            if position > 0 {
                formatter.write_str("\n\n")?;
            }
            self.write(formatter, problem)?;
        }
        if self.problems.len() >= MOST_PROBLEMS {
            write!(formatter, "\n\nthese are the first {MOST_PROBLEMS} problems; there may be more")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

/// How many characters the YAML word has that begins here: to its closing quote, or to what ends a plain word.
fn word_width(mut characters: impl Iterator<Item = char>) -> usize {
    match characters.next() {
        None => 0,
        Some(quote @ ('"' | '\'')) => 2 + characters.take_while(|character| *character != quote).count(),
        Some(_) => {
            let ends = |character: char| character.is_whitespace() || ",:]}".contains(character);
            1 + characters.take_while(|character| !ends(*character)).count()
        }
    }
}

fn speaks_of_secrets(line: &str) -> bool {
    let line = line.to_ascii_lowercase();
    ["token", "secret", "password", "credential", "@"].iter().any(|word| line.contains(word))
}

/// The value in backticks, shortened.
pub(crate) fn quote(value: &str) -> String {
    format!("`{}`", shorten(value, LONGEST_VALUE))
}

fn shorten(text: &str, longest: usize) -> String {
    let mut short: String = text.chars().take(longest).collect();
    if text.chars().nth(longest).is_some() {
        short.push('…');
    }
    short
}

/// Says which known name was probably meant, or which there are.
pub(crate) fn suggest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>, what: &str) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean {}?", quote(near)),
        None if known.is_empty() => format!("there are no {what}"),
        None => format!("{what} are {}", list(&known)),
    }
}

/// The names, each in backticks. No more than a reader takes in.
pub(crate) fn list(names: &[&str]) -> String {
    const MOST: usize = 20;
    let mut text = names.iter().take(MOST).map(|name| quote(name)).collect::<Vec<_>>().join(", ");
    if let Some(more @ 1..) = names.len().checked_sub(MOST) {
        write!(text, " and {more} more").unwrap_or_default();
    }
    text
}
