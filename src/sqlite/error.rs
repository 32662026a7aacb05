//! What goes wrong with a file, and what to do about it.

use std::io;
use std::path::Path;

use sqlx::error::DatabaseError;
use thiserror::Error;

use super::Schema;
use crate::domain::text::line;

/// The longest text of the library that a message shows.
const SHOWN: usize = 200;

/// What kind of fault a file, or the work on it, has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SqliteErrorKind {
    /// There is no such file.
    Missing,
    /// Another process writes, and did not end in time.
    Locked,
    /// The disk, or a limit on the file, is full.
    Full,
    /// The file is damaged.
    Damaged,
    /// It is a file of another program.
    Foreign,
    /// A newer holdpoint made it.
    Newer,
    /// An older holdpoint made it, and it was only to be read.
    Older,
    /// It may only be read.
    ReadOnly,
    /// It cannot be opened.
    NotOpened,
    /// The disk failed.
    Disk,
    /// A rule of the schema forbids what was asked.
    Constraint,
    /// Anything else.
    Other,
}

/// Why a file cannot be used. `Display` is the message and the hint, on a line of its own.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}\nhint: {hint}")]
pub struct SqliteError {
    /// The kind of fault.
    pub kind: SqliteErrorKind,
    /// What happened, to what.
    pub message: String,
    /// What to do about it.
    pub hint: &'static str,
}

const RESTORE: &str = "restore a backup; `sqlite3 FILE .recover` may save more of it. Nothing was written";

impl SqliteError {
    fn new(kind: SqliteErrorKind, path: &Path, what: &str, hint: &'static str) -> Self {
        Self { kind, message: format!("`{}` {what}", path.display()), hint }
    }

    pub(super) fn missing(path: &Path) -> Self {
        Self::new(SqliteErrorKind::Missing, path, "does not exist", "name another file, or create it first")
    }

    pub(super) fn io(path: &Path, error: &io::Error) -> Self {
        use io::ErrorKind::{NotFound, PermissionDenied, QuotaExceeded, StorageFull};
        match error.kind() {
            NotFound => Self::missing(path),
            StorageFull | QuotaExceeded => Self::full(path),
            PermissionDenied => Self::not_opened(path, &error.to_string()),
            _ => {
                Self::new(SqliteErrorKind::NotOpened, path, &format!("cannot be used: {error}"), "name a regular file")
            }
        }
    }

    pub(super) fn not_created(path: &Path, error: &io::Error) -> Self {
        if error.kind() != io::ErrorKind::NotFound {
            return Self::io(path, error);
        }
        let what = "cannot be created: its folder does not exist";
        Self::new(SqliteErrorKind::Missing, path, what, "create the folder first, or name another file")
    }

    pub(super) fn damaged(path: &Path, found: &str) -> Self {
        let what = format!("is damaged: {}", line(found, SHOWN));
        Self::new(SqliteErrorKind::Damaged, path, &what, RESTORE)
    }

    pub(super) fn foreign(path: &Path, schema: &Schema) -> Self {
        let what = format!("is no {} of holdpoint: another program made it", schema.name);
        Self::new(SqliteErrorKind::Foreign, path, &what, "name another file; this one was not changed")
    }

    pub(super) fn newer(path: &Path, schema: &Schema, version: i64) -> Self {
        let known = schema.migrations.len();
        let what = format!("is of a newer holdpoint: its schema has version {version}, and this program knows {known}");
        Self::new(SqliteErrorKind::Newer, path, &what, "use a newer holdpoint, or a backup from before it was upgraded")
    }

    pub(super) fn older(path: &Path, schema: &Schema) -> Self {
        let what = format!("is a {} of an older holdpoint, and can only be read once it is upgraded", schema.name);
        Self::new(SqliteErrorKind::Older, path, &what, "open it once with a command that writes, after a backup")
    }

    pub(super) fn empty(path: &Path, schema: &Schema) -> Self {
        let what = format!("is empty, and no {}", schema.name);
        Self::new(SqliteErrorKind::Missing, path, &what, "name another file, or write to it first")
    }

    pub(super) fn changed(path: &Path) -> Self {
        let what = "was written while it was read, in a folder where it cannot be locked";
        Self::new(SqliteErrorKind::Locked, path, what, "try again, or make its folder writable for this user")
    }

    fn full(path: &Path) -> Self {
        let what = "cannot be written: there is no room left on the disk, or a limit on the file is reached";
        Self::new(SqliteErrorKind::Full, path, what, "make room and try again; what was stored before is whole")
    }

    fn not_opened(path: &Path, why: &str) -> Self {
        let what = format!("cannot be opened: {}", line(why, SHOWN));
        let hint = "this user must be able to read it, and to write the folder that it is in";
        Self::new(SqliteErrorKind::NotOpened, path, &what, hint)
    }

    /// What an error of the library means for this file.
    pub(super) fn explain(path: &Path, error: &sqlx::Error) -> Self {
        let kind = kind_of(error);
        let text = match error {
            sqlx::Error::Database(error) => error.message().to_owned(),
            error => error.to_string(),
        };
        let text = line(&text, SHOWN);
        let other = |what: &str, hint| Self::new(kind, path, &format!("{what}: {text}"), hint);
        match kind {
            SqliteErrorKind::Locked => {
                let what = "is locked: another process is writing it, and did not end in time";
                Self::new(kind, path, what, "wait until that one has ended, then try again; nothing was lost")
            }
            SqliteErrorKind::Full => Self::full(path),
            SqliteErrorKind::Damaged => Self::damaged(path, &text),
            SqliteErrorKind::NotOpened => Self::not_opened(path, &text),
            SqliteErrorKind::ReadOnly => other("may only be read", "change its permissions, or those of its folder"),
            SqliteErrorKind::Disk => {
                other("cannot be read or written", "look at the disk, its quota and its limits; try again afterwards")
            }
            SqliteErrorKind::Constraint => other("refuses this", "this is a fault of holdpoint; please report it"),
            _ => other("cannot be used", "try again; if it stays so, please report it"),
        }
    }
}

/// The kind of an error of the library.
#[must_use]
pub fn kind_of(error: &sqlx::Error) -> SqliteErrorKind {
    match error {
        sqlx::Error::Database(error) => kind_of_code(&**error),
        sqlx::Error::PoolTimedOut => SqliteErrorKind::Locked,
        // A value that the schema does not allow there.
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => SqliteErrorKind::Damaged,
        _ => SqliteErrorKind::Other,
    }
}

/// By `SQLite`'s primary result codes, <https://www.sqlite.org/rescode.html>.
fn kind_of_code(error: &dyn DatabaseError) -> SqliteErrorKind {
    let code = error.code().and_then(|code| code.parse::<i32>().ok()).unwrap_or_default();
    match code & 0xff {
        5 | 6 => SqliteErrorKind::Locked,
        8 => SqliteErrorKind::ReadOnly,
        10 => SqliteErrorKind::Disk,
        11 | 26 => SqliteErrorKind::Damaged,
        13 => SqliteErrorKind::Full,
        14 => SqliteErrorKind::NotOpened,
        19 => SqliteErrorKind::Constraint,
        _ => SqliteErrorKind::Other,
    }
}
