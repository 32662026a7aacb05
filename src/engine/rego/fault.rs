//! What is wrong with a policy's text, and where.

use std::fmt;

/// One fault in one policy file.
///
/// `Display` is `path:line:column: message`; the hint is apart, so that each output can place it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PolicyFault {
    /// The file as it was named when it was loaded.
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
        match (self.line, self.column) {
            (0, _) => write!(formatter, "{}: {}", self.path, self.message),
            (line, 0) => write!(formatter, "{}:{line}: {}", self.path, self.message),
            (line, column) => write!(formatter, "{}:{line}:{column}: {}", self.path, self.message),
        }
    }
}

impl std::error::Error for PolicyFault {}

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
