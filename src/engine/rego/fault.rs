//! What is wrong with a policy's text, and where.

use std::fmt;

use crate::domain::finding::Location;
use crate::domain::rule::Rule;
use crate::domain::text::nearest;
use crate::engine::Hinted;

/// One fault in one policy file.
///
/// `Display` is `path:line:column: message`; the hint is apart, so that each output can place it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PolicyFault {
    /// The file as it was named when it was loaded; empty when the fault is no file's.
    pub path: String,
    /// The line, from 1; 0 when the fault is of the whole file.
    pub line: u32,
    /// The column, from 1; 0 when it is not known.
    pub column: u32,
    /// A stable name for the kind of fault, such as `unknown_function`.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

impl Hinted for PolicyFault {
    fn hint(&self) -> &str {
        &self.hint
    }
}

impl PolicyFault {
    /// A fault at a place in a file.
    pub fn at(
        path: &str,
        (line, column): (u32, u32),
        code: &'static str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self { path: path.to_owned(), line, column, code, message: message.into(), hint: hint.into() }
    }
}

impl fmt::Display for PolicyFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            return formatter.write_str(&self.message);
        }
        match (self.line, self.column) {
            (0, _) => write!(formatter, "{}: {}", self.path, self.message),
            (line, 0) => write!(formatter, "{}:{line}: {}", self.path, self.message),
            (line, column) => write!(formatter, "{}:{line}:{column}: {}", self.path, self.message),
        }
    }
}

impl std::error::Error for PolicyFault {}

/// The engine's errors quote the source over several lines; this takes out where (`path:line:column`) and what.
fn place_and_words(error: &anyhow::Error) -> (Option<String>, String) {
    let text = format!("{error:#}");
    let after = |mark: &str| text.lines().find_map(|line| line.trim_start().strip_prefix(mark)).map(str::trim);
    match (after("--> "), after("error: ")) {
        (place, Some(words)) => (place.map(str::to_owned), words.to_owned()),
        _ => (None, text.split_whitespace().collect::<Vec<_>>().join(" ")),
    }
}

/// An error of the engine on one line.
pub(super) fn one_line(error: &anyhow::Error) -> String {
    match place_and_words(error) {
        (Some(place), words) => format!("{words} ({place})"),
        (None, words) => words,
    }
}

/// A fault that the engine found in the file at `path`, or, when that is empty, in the one that the error names.
pub(super) fn of_engine(path: &str, error: &anyhow::Error) -> PolicyFault {
    let (place, message) = place_and_words(error);
    let mut parts = place.as_deref().unwrap_or_default().rsplitn(3, ':');
    let number = |part: Option<&str>| part.and_then(|part| part.parse().ok()).unwrap_or(0);
    let (column, line) = (number(parts.next()), number(parts.next()));
    let path = if path.is_empty() { parts.next().unwrap_or_default() } else { path };
    PolicyFault::at(path, (line, column), "policy_invalid", message, "correct the policy")
}

/// A rule of the configuration names a policy that says nothing.
pub(super) fn of_silent_policy(location: Option<&Location>, policy: &str) -> PolicyFault {
    let (path, line) = location.map_or(("", 0), |location| (location.path.as_str(), location.line));
    let message = format!("policy `{policy}` has no rule that objects: none of `deny`, `hold`, `violations`, `result`");
    PolicyFault::at(path, (line, 0), "policy_silent", message, "write `deny contains message if …`")
}

/// A rule of the configuration names a package of tests, in which a policy may replace its own evidence.
pub(super) fn of_test_policy(location: Option<&Location>, policy: &str) -> PolicyFault {
    let (path, line) = location.map_or(("", 0), |location| (location.path.as_str(), location.line));
    let message = format!("`{policy}` is a package of tests, which decides nothing");
    PolicyFault::at(path, (line, 0), "policy_of_tests", message, "name the policy it tests")
}

/// A rule of the configuration names a policy that is not loaded.
pub(super) fn of_missing_policy<'a>(rule: &Rule, known: impl Iterator<Item = &'a str>) -> PolicyFault {
    let policy = rule.kind.name();
    let known: Vec<&str> = known.collect();
    let hint = match nearest(policy, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => "no policy is loaded; name its file or folder under `policies`".to_owned(),
        None => format!("loaded are `{}`", known.join("`, `")),
    };
    let message = format!("a rule names policy `{policy}`, which is not loaded");
    of_rule(rule, "policy_missing", message, hint)
}

/// A fault of the line of the configuration that names a policy.
pub(super) fn of_rule(
    rule: &Rule,
    code: &'static str,
    message: impl Into<String>,
    hint: impl Into<String>,
) -> PolicyFault {
    let (path, line) = rule.location.as_ref().map_or(("", 0), |location| (location.path.as_str(), location.line));
    PolicyFault::at(path, (line, 0), code, message, hint)
}

#[cfg(test)]
mod tests {
    use super::PolicyFault;

    #[test]
    fn display_names_the_place_as_far_as_it_is_known() {
        let shown = [(0, 0), (3, 0), (3, 7)]
            .map(|place| PolicyFault::at("a.rego", place, "code", "what is wrong", "what to do").to_string());
        assert_eq!(shown, ["a.rego: what is wrong", "a.rego:3: what is wrong", "a.rego:3:7: what is wrong"]);
    }
}
