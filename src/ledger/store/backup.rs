//! A copy of a ledger that is in use.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use sqlx::Connection as _;

use super::Store;
use super::backend::{Origin, SQLITE};
use crate::ledger::error::{LedgerError, LedgerErrorKind};
use crate::private;
use crate::sqlite::{Access, Database};

impl Store {
    /// Copies a file as it is at this moment, while others read and write it. The copy is for the user alone; it is looked
    /// at as a whole before it gets its name, and a file of that name is replaced only then.
    ///
    /// # Errors
    /// A ledger on a server; a place that cannot be written, or is a ledger that is open; damage, which is not copied.
    pub async fn backup(&self, to: &Path) -> Result<(), LedgerError> {
        let Origin::Sqlite(database) = &*self.backend.origin else {
            let hint = "use the server's own means, such as `pg_dump`";
            return Err(LedgerError::invalid("a ledger on a server is not copied to a file", hint));
        };
        check_place(database.path(), to)?;
        let part = beside(to, &format!(".{}.part", uuid::Uuid::new_v4()));
        let copied = copy(database, &part).await.and_then(|()| place(&part, to));
        if copied.is_err() {
            // Leaving the part behind is the lesser harm when it cannot be removed either.
            drop(fs::remove_file(&part));
        }
        copied
    }
}

fn check_place(from: &Path, to: &Path) -> Result<(), LedgerError> {
    let refuse = |why: &str| {
        let message = format!("`{}` {why}", to.display());
        Err(LedgerError::invalid(message, "name another file, such as one with the date"))
    };
    let real = |path: &Path| fs::canonicalize(path).ok();
    if real(to).is_some_and(|to| Some(to) == real(from)) {
        return refuse("is the ledger itself");
    }
    if fs::symlink_metadata(to).is_ok_and(|metadata| !metadata.is_file()) {
        return refuse("is no regular file");
    }
    if fs::symlink_metadata(beside(to, "-wal")).is_ok() {
        return refuse("is a database that is in use");
    }
    Ok(())
}

async fn copy(database: &Database, part: &Path) -> Result<(), LedgerError> {
    // Made first, since the copy would be readable for others.
    private::create(part).map_err(|error| unwritten(part, &error))?;
    let name = part.to_str().ok_or_else(|| LedgerError::invalid("the path is no text", "name another file"))?;
    let mut connection = database.connect().await?;
    let copied = sqlx::query("VACUUM INTO $1").bind(name.to_owned()).execute(&mut connection).await;
    let closed = connection.close().await;
    copied.map(drop).and(closed).map_err(|error| database.explain(&error))?;
    Database::open(part, &SQLITE, Access::ReadWrite).await?.check_whole().await?;
    Ok(())
}

/// Once it has its name it is on the disk.
fn place(part: &Path, to: &Path) -> Result<(), LedgerError> {
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(part)
        .and_then(|file| file.sync_all())
        .and_then(|()| fs::rename(part, to))
        .and_then(|()| File::open(folder)?.sync_all())
        .map_err(|error| unwritten(to, &error))
}

fn unwritten(path: &Path, error: &std::io::Error) -> LedgerError {
    let message = format!("`{}` cannot be written: {error}", path.display());
    LedgerError::new(LedgerErrorKind::Failed, message, "look at its folder and at the disk; the ledger is as it was")
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
