//! What is wrong with a policy, and where.

use std::fmt;

use crate::domain::finding::Location;

/// A fault of a policy file that keeps it from being loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyFault {
    /// The file, empty when the fault is no file's.
    pub path: String,
    /// The line, from 1; 0 when it is unknown.
    pub line: u32,
    /// The column, from 1; 0 when it is unknown.
    pub column: u32,
    /// A stable word for machines.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

impl fmt::Display for PolicyFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(formatter, "{}:{}:{}: ", self.path, self.line, self.column)?;
        }
        formatter.write_str(&self.message)
    }
}
// --- lead ---
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

/// A fault that the engine found in the file at `path`.
pub(super) fn of_engine(path: &str, error: &anyhow::Error) -> PolicyFault {
    let (place, message) = place_and_words(error);
    let mut numbers = place.as_deref().unwrap_or_default().rsplitn(3, ':').map(str::parse::<u32>);
    let (column, line) = (numbers.next(), numbers.next());
    PolicyFault {
        path: path.to_owned(),
        line: line.and_then(Result::ok).unwrap_or(0),
        column: column.and_then(Result::ok).unwrap_or(0),
        code: "policy_invalid",
        message,
        hint: "correct the policy".to_owned(),
    }
}

/// A rule of the configuration names a policy that says nothing.
pub(super) fn of_silent_policy(location: Option<&Location>, policy: &str) -> PolicyFault {
    PolicyFault {
        path: location.map(|location| location.path.clone()).unwrap_or_default(),
        line: location.map_or(0, |location| location.line),
        column: 1,
        code: "policy_silent",
        message: format!("policy `{policy}` defines none of `deny`, `hold`, `warn`, `violations`"),
        hint: "write `deny contains message if …`".to_owned(),
    }
}

/// A rule of the configuration names a policy that is not loaded.
pub(super) fn of_missing_policy<'a>(policy: &str, known: impl Iterator<Item = &'a str>) -> PolicyFault {
    let mut known: Vec<&str> = known.collect();
    known.sort_by_key(|name| strsim::damerau_levenshtein(name, policy));
    let hint = match known.as_slice() {
        [] => "no policy is loaded; name its file or folder under `policies`".to_owned(),
        [near, ..] if strsim::normalized_damerau_levenshtein(near, policy) > 0.6 => format!("did you mean `{near}`?"),
        _ => format!("loaded are `{}`", known.join("`, `")),
    };
    PolicyFault {
        path: String::new(),
        line: 0,
        column: 0,
        code: "policy_missing",
        message: format!("a rule names policy `{policy}`, which is not loaded"),
        hint,
    }
}
