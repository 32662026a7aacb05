//! What can be told of a file before `SQLite` opens it.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use super::{Access, Schema, SqliteError};
use crate::private;
use crate::source::file;

/// How each file begins.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// Finds the file, or makes an empty one, and returns its length. `SQLite` would take any file for an empty one that is
/// shorter than a page.
pub(super) fn examine(path: &Path, schema: &Schema, access: Access) -> Result<u64, SqliteError> {
    let mut opened = file::open(path);
    if access == Access::Create && opened.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
        create(path).map_err(|error| SqliteError::not_created(path, &error))?;
        opened = file::open(path);
    }
    let file = opened.map_err(|error| SqliteError::io(path, &error))?;
    let length = file.metadata().map_err(|error| SqliteError::io(path, &error))?.len();
    if length == 0 {
        // Made a moment ago, or by a run that was killed before it wrote.
        return if access == Access::Create { Ok(0) } else { Err(SqliteError::empty(path, schema)) };
    }
    let mut start = Vec::with_capacity(MAGIC.len());
    file.take(16).read_to_end(&mut start).map_err(|error| SqliteError::io(path, &error))?;
    if start == MAGIC { Ok(length) } else { Err(SqliteError::damaged(path, "it does not begin as a SQLite file does")) }
}

fn create(path: &Path) -> io::Result<()> {
    match private::create(path) {
        // Another process was first.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        created => created.map(drop),
    }
}

/// The path in a form that `SQLite` does not take for a URI or for a database in memory.
pub(super) fn unambiguous(path: &Path) -> PathBuf {
    if path.is_absolute() { path.to_owned() } else { Path::new(".").join(path) }
}

/// What shows whether a file was written that could not be locked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Still {
    length: u64,
    modified: Option<Duration>,
}

impl Still {
    /// As it is now; `None` when somebody has it open for writing, or left a log that belongs to it.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let beside = |suffix: &str| {
            let mut name = OsString::from(path);
            name.push(suffix);
            fs::symlink_metadata(name).is_ok()
        };
        let metadata = fs::metadata(path).ok().filter(|_| !beside("-wal") && !beside("-journal"))?;
        let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        Some(Self { length: metadata.len(), modified })
    }

    pub(super) fn check(&self, path: &Path) -> Result<(), SqliteError> {
        if Self::of(path).as_ref() == Some(self) { Ok(()) } else { Err(SqliteError::changed(path)) }
    }
}
