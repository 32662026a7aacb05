//! What is found in policies before they decide anything.

use serde::Serialize;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Most likely a mistake.
    Warning,
    /// The policy cannot be loaded, or does not do what it says.
    Error,
}

impl Severity {
    /// The word used in every output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One kind of mistake.
#[derive(Debug, PartialEq, Eq)]
pub struct LintCode {
    /// The name it has in every output, in the documentation and in suppressions.
    pub name: &'static str,
    /// How much its findings matter.
    pub severity: Severity,
    /// What is found, in a few words.
    pub summary: &'static str,
    /// Why it matters.
    pub why: &'static str,
    /// How to repair it.
    pub repair: &'static str,
}

/// One mistake at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LintFinding {
    /// The file as it was named or found.
    pub path: String,
    /// The line, from 1; 0 when the finding is of the whole file.
    pub line: u32,
    /// The character of the line, from 1; 0 when it is not known.
    pub column: u32,
    /// Its kind.
    pub code: &'static LintCode,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: String,
    /// The line's text, when there is one.
    pub excerpt: Option<String>,
}

/// What was found in a set of policies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LintReport {
    /// How many files were read.
    pub files: usize,
    /// By file, line and column.
    pub findings: Vec<LintFinding>,
}

impl LintReport {
    /// How many findings have this severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.code.severity == severity).count()
    }
}
