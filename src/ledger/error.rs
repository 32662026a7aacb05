//! What goes wrong with a ledger.

use thiserror::Error;

use crate::sqlite::{SqliteError, SqliteErrorKind};

/// What kind of failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LedgerErrorKind {
    /// What was asked for makes no sense: a name, a filter, a page.
    Invalid,
    /// There is no such environment, deployment or token.
    NotFound,
    /// It is not as the one who asked believes: another digest is deployed, a name is taken.
    Conflict,
    /// No token, or one that is unknown or has expired.
    Unauthorized,
    /// A token that may not do this.
    Forbidden,
    /// Not now: locked, no room, no connection. Nothing was stored.
    Unavailable,
    /// The store is damaged, or is none.
    Damaged,
    /// The store fails otherwise.
    Failed,
}

/// Why a ledger did not do what it was asked. `Display` is the message and the hint, on a line of its own.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}\nhint: {hint}")]
pub struct LedgerError {
    /// The kind of failure.
    pub kind: LedgerErrorKind,
    /// What happened, to what.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

impl LedgerError {
    /// An error of this kind.
    pub fn new(kind: LedgerErrorKind, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: hint.into() }
    }

    pub(super) fn invalid(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(LedgerErrorKind::Invalid, message, hint)
    }

    /// The records contradict themselves.
    pub(super) fn damaged(what: &str) -> Self {
        let message = format!("the ledger is damaged: {what}");
        Self::new(LedgerErrorKind::Damaged, message, "restore a backup; nothing was written")
    }

    /// Whether the store failed, and not only this request.
    pub(super) const fn is_of_store(&self) -> bool {
        matches!(self.kind, LedgerErrorKind::Unavailable | LedgerErrorKind::Damaged | LedgerErrorKind::Failed)
    }
}

impl From<SqliteError> for LedgerError {
    fn from(error: SqliteError) -> Self {
        let kind = match error.kind {
            SqliteErrorKind::Locked | SqliteErrorKind::Full | SqliteErrorKind::Disk => LedgerErrorKind::Unavailable,
            SqliteErrorKind::Damaged => LedgerErrorKind::Damaged,
            _ => LedgerErrorKind::Failed,
        };
        Self { kind, message: error.message, hint: error.hint.to_owned() }
    }
}
