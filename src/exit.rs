//! Exit codes. Pipelines retry `undecided` and `hold`, never `deny`.

use std::process::ExitCode;

use crate::domain::verdict::Verdict;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: allowed, or the command did its work.
    Allow,
    /// 1: a rule denies.
    Deny,
    /// 2: wrong usage or configuration; nothing was decided.
    Usage,
    /// 3: it could not be decided.
    Undecided,
    /// 4: a rule holds.
    Hold,
}

impl Exit {
    /// The number that the shell sees.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Allow => Verdict::Allow.exit_code(),
            Self::Deny => Verdict::Deny.exit_code(),
            Self::Usage => 2,
            Self::Undecided => Verdict::Undecided.exit_code(),
            Self::Hold => Verdict::Hold.exit_code(),
        }
    }
}

impl From<Verdict> for Exit {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Allow => Self::Allow,
            Verdict::Deny => Self::Deny,
            Verdict::Undecided => Self::Undecided,
            Verdict::Hold => Self::Hold,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
