//! `SQLite` files that holdpoint keeps: opened safely, or refused in words that say what to do.
//!
//! A file has one writer at a time and any number of readers (write-ahead log). What is committed is on the disk. A file
//! of another program, of a newer holdpoint, or one that is damaged is never written.

mod error;
mod file;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};

pub use error::{SqliteError, SqliteErrorKind, kind_of};
use file::Still;

/// How long a connection waits for another that writes.
const BUSY: Duration = if cfg!(test) { Duration::from_millis(100) } else { Duration::from_secs(5) };

/// The largest file, in bytes, that is checked as a whole when it is opened: that takes some milliseconds.
const CHECKED_WHOLE: u64 = 4 << 20;

/// What a file holds.
#[derive(Debug)]
pub struct Schema {
    /// What it is, for messages: `ledger`.
    pub name: &'static str,
    /// The mark of such files (`PRAGMA application_id`), which is not 0.
    pub application_id: i32,
    /// One script for each version, from the first on. One that was released never changes.
    pub migrations: &'static [&'static str],
}

/// What is done with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It is only read, and its schema has to be the newest.
    ReadOnly,
    /// It is read and written, and its schema brought up to date.
    ReadWrite,
    /// As `ReadWrite`; the file is made when it is missing, for the user alone.
    Create,
}

/// A file that was found to be what it should be.
#[derive(Clone, Debug)]
pub struct Database {
    path: PathBuf,
    options: SqliteConnectOptions,
    still: Option<Still>,
}

impl Database {
    /// Opens a file, creates it or brings it up to date as `access` says, and looks whether it is damaged.
    ///
    /// # Errors
    /// A file that is missing, locked, damaged, of another program or of a newer schema; a disk that is full.
    pub async fn open(path: &Path, schema: &Schema, access: Access) -> Result<Self, SqliteError> {
        let length = file::examine(path, schema, access)?;
        let options = SqliteConnectOptions::new()
            .filename(file::unambiguous(path))
            .read_only(access == Access::ReadOnly)
            .busy_timeout(BUSY)
            .foreign_keys(true)
            .synchronous(SqliteSynchronous::Full)
            .pragma("trusted_schema", "OFF")
            .pragma("cell_size_check", "ON")
            .disable_statement_logging();
        let mut database = Self { path: path.to_owned(), options, still: None };
        let mut connection = database.first(access).await?;
        let prepared = database.prepare(&mut connection, schema, access, length).await;
        let closed = connection.close().await.map_err(|error| database.explain(&error));
        prepared.and(closed)?;
        Ok(database)
    }

    /// A new connection. Whoever writes begins with `BEGIN IMMEDIATE`.
    ///
    /// # Errors
    /// A file that cannot be opened any more, or has no room for another writer.
    pub async fn connect(&self) -> Result<SqliteConnection, SqliteError> {
        self.options.connect().await.map_err(|error| self.explain(&error))
    }

    /// What to open connections with, for a pool.
    #[must_use]
    pub const fn options(&self) -> &SqliteConnectOptions {
        &self.options
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What an error of a connection means for this file.
    #[must_use]
    pub fn explain(&self, error: &sqlx::Error) -> SqliteError {
        SqliteError::explain(&self.path, error)
    }

    /// Whether what was read since the file was opened is one moment of it. Asked after reading.
    ///
    /// # Errors
    /// A file in a folder that only others may write, which was written meanwhile: it could not be locked.
    pub fn check_still(&self) -> Result<(), SqliteError> {
        self.still.as_ref().map_or(Ok(()), |still| still.check(&self.path))
    }

    /// The first connection. In a folder that nobody here may write there is no place for the lock file.
    async fn first(&mut self, access: Access) -> Result<SqliteConnection, SqliteError> {
        let refused = match self.reach().await {
            Err(error) if access == Access::ReadOnly && has_no_place(&error) => error,
            opened => return opened.map_err(|error| self.explain(&error)),
        };
        *self = self.unlocked().ok_or_else(|| self.explain(&refused))?;
        self.reach().await.map_err(|error| self.explain(&error))
    }

    /// The file as it lies there, without a lock; `None` when somebody may have it open for writing.
    fn unlocked(&self) -> Option<Self> {
        let still = Still::of(&self.path)?;
        Some(Self { path: self.path.clone(), options: self.options.clone().immutable(true), still: Some(still) })
    }

    /// `SQLite` opens a file when it is first read.
    async fn reach(&self) -> Result<SqliteConnection, sqlx::Error> {
        let mut connection = self.options.connect().await?;
        sqlx::query("SELECT COUNT(*) FROM sqlite_master").execute(&mut connection).await?;
        Ok(connection)
    }

    async fn prepare(
        &self,
        connection: &mut SqliteConnection,
        schema: &Schema,
        access: Access,
        length: u64,
    ) -> Result<(), SqliteError> {
        let explain = |error| self.explain(&error);
        let version = self.version(connection, schema).await?;
        if access == Access::ReadOnly {
            if version < schema.migrations.len() {
                return Err(SqliteError::older(&self.path, schema));
            }
        } else {
            // The mode stays with the file; asking again costs nothing.
            sqlx::query("PRAGMA journal_mode = WAL").execute(&mut *connection).await.map_err(explain)?;
        }
        if length <= CHECKED_WHOLE {
            self.check(connection, "PRAGMA quick_check(1)").await?;
        }
        if version < schema.migrations.len() {
            self.migrate(connection, schema).await?;
        }
        Ok(())
    }

    /// Looks at every page and every index.
    ///
    /// # Errors
    /// Damage.
    pub async fn check_whole(&self) -> Result<(), SqliteError> {
        let mut connection = self.connect().await?;
        let checked = self.check(&mut connection, "PRAGMA integrity_check(1)").await;
        checked.and(connection.close().await.map_err(|error| self.explain(&error)))
    }

    async fn check(&self, connection: &mut SqliteConnection, pragma: &'static str) -> Result<(), SqliteError> {
        let found: String =
            sqlx::query_scalar(pragma).fetch_one(connection).await.map_err(|error| self.explain(&error))?;
        if found == "ok" { Ok(()) } else { Err(SqliteError::damaged(&self.path, &found)) }
    }

    /// The version of its schema, 0 for an empty file.
    async fn version(&self, connection: &mut SqliteConnection, schema: &Schema) -> Result<usize, SqliteError> {
        let (application, version, tables): (i32, i64, i64) = sqlx::query_as(
            "SELECT (SELECT application_id FROM pragma_application_id), \
             (SELECT user_version FROM pragma_user_version), (SELECT COUNT(*) FROM sqlite_master)",
        )
        .fetch_one(connection)
        .await
        .map_err(|error| self.explain(&error))?;
        if application != schema.application_id && (application, version, tables) != (0, 0, 0) {
            return Err(SqliteError::foreign(&self.path, schema));
        }
        match usize::try_from(version) {
            Ok(version) if version <= schema.migrations.len() => Ok(version),
            _ => Err(SqliteError::newer(&self.path, schema, version)),
        }
    }

    /// Brings the schema up to date, as a whole or not at all.
    async fn migrate(&self, connection: &mut SqliteConnection, schema: &Schema) -> Result<(), SqliteError> {
        let explain = |error| self.explain(&error);
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(explain)?;
        // Another process may have been first.
        let version = self.version(&mut transaction, schema).await?;
        for script in schema.migrations.iter().skip(version) {
            sqlx::raw_sql(*script).execute(&mut *transaction).await.map_err(explain)?;
        }
        let mark = format!(
            "PRAGMA application_id = {}; PRAGMA user_version = {}",
            schema.application_id,
            schema.migrations.len()
        );
        sqlx::raw_sql(AssertSqlSafe(mark)).execute(&mut *transaction).await.map_err(explain)?;
        transaction.commit().await.map_err(explain)
    }
}

/// Whether the lock file could not be made.
fn has_no_place(error: &sqlx::Error) -> bool {
    matches!(kind_of(error), SqliteErrorKind::NotOpened | SqliteErrorKind::ReadOnly)
}
