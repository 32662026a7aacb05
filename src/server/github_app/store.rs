//! What waits, in a `SQLite` file: it survives the process, however that ends.

mod rows;

use std::path::Path;

use jiff::Timestamp;
use sqlx::sqlite::{SqliteConnection, SqlitePool, SqlitePoolOptions};

use crate::github::event::{Key, Waiting};
use crate::github::plan::Progress;
use crate::sqlite::{Access, Database, Schema, SqliteError};
use rows::{Stored, integer, millisecond};

const SCHEMA: Schema = Schema {
    name: "queue of deployments",
    application_id: 0x6870_6761,
    migrations: &["
        CREATE TABLE deployment (
            repository_id INTEGER NOT NULL,
            run_id INTEGER NOT NULL,
            environment TEXT NOT NULL,
            revision INTEGER NOT NULL,
            waiting TEXT NOT NULL,
            progress TEXT NOT NULL,
            next_at INTEGER,
            changed_at INTEGER NOT NULL,
            PRIMARY KEY (repository_id, run_id, environment)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX due ON deployment (next_at) WHERE next_at IS NOT NULL;
        CREATE INDEX answered ON deployment (changed_at) WHERE next_at IS NULL;
        CREATE TABLE delivery (id TEXT NOT NULL PRIMARY KEY, received_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        CREATE INDEX received ON delivery (received_at);
    "],
};

/// Jobs of one run that wait for one environment: GitHub has no larger matrix.
const MOST_JOBS: usize = 256;

/// What waits. Clones are the same.
#[derive(Clone, Debug)]
pub struct Store {
    database: Database,
    pool: SqlitePool,
}

/// What became of a deployment that has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// It waits now.
    New,
    /// It waited, or was answered, before.
    Known,
    /// There is no room.
    Full,
}

/// A deployment that waits.
#[derive(Clone, Debug)]
pub struct Row {
    /// Another job of the run makes it another one: an answer to this one is no answer to that.
    pub revision: i64,
    /// What waits.
    pub waiting: Waiting,
    /// How far it has come.
    pub progress: Progress,
}

impl Store {
    /// Opens the file, or creates it.
    ///
    /// # Errors
    /// A file that cannot be used.
    pub async fn open(path: &Path) -> Result<Self, SqliteError> {
        let database = Database::open(path, &SCHEMA, Access::Create).await?;
        // One connection: who waits for it waits in line, and nobody for a lock.
        let pool = SqlitePoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None);
        let pool = pool.connect_lazy_with(database.options().clone());
        Ok(Self { database, pool })
    }

    fn explain(&self, error: &sqlx::Error) -> SqliteError {
        self.database.explain(error)
    }

    /// Keeps a deployment. When this returns, it is on the disk.
    ///
    /// # Errors
    /// When it could not be kept.
    pub async fn accept(
        &self,
        delivery: &str,
        arrived: &Waiting,
        most: u32,
        now: Timestamp,
    ) -> Result<Accepted, SqliteError> {
        self.try_accept(delivery, arrived, most, now).await.map_err(|error| self.explain(&error))
    }

    async fn try_accept(
        &self,
        delivery: &str,
        arrived: &Waiting,
        most: u32,
        now: Timestamp,
    ) -> Result<Accepted, sqlx::Error> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let new = sqlx::query("INSERT INTO delivery VALUES (?, ?) ON CONFLICT DO NOTHING");
        let new = new.bind(delivery).bind(millisecond(now)).execute(&mut *transaction).await?;
        if new.rows_affected() == 0 {
            return Ok(Accepted::Known);
        }
        let stored = rows::find(&mut transaction, &arrived.key()).await?;
        let waits = stored.as_ref().is_some_and(|stored| stored.next_at.is_some());
        if !waits && waiting(&mut transaction).await? >= most {
            return Ok(Accepted::Full);
        }
        let row = match merged(stored, arrived, now)? {
            Merged::Known => {
                transaction.commit().await?;
                return Ok(Accepted::Known);
            }
            Merged::Full => return Ok(Accepted::Full),
            Merged::New(row) => *row,
        };
        rows::put(&mut transaction, &row, now).await?;
        transaction.commit().await?;
        Ok(Accepted::New)
    }

    /// Deployments whose time has come, the longest due first. What cannot be read is put off for an hour, and told.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub async fn due(&self, now: Timestamp, most: usize) -> Result<Vec<Row>, SqliteError> {
        let rows = rows::due(&self.pool, now, most).await.map_err(|error| self.explain(&error))?;
        let mut readable = Vec::with_capacity(rows.len());
        for (key, stored) in rows {
            match stored.read() {
                Ok(row) => readable.push(row),
                Err(error) => {
                    tracing::error!(repository = key.repository_id, run = key.run_id, %error, "it cannot be read");
                    rows::put_off(&self.pool, &key, now).await.map_err(|error| self.explain(&error))?;
                }
            }
        }
        Ok(readable)
    }

    /// Makes all that wait due: what they wait for may be another thing now.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub async fn wake(&self, now: Timestamp) -> Result<(), SqliteError> {
        let query = sqlx::query("UPDATE deployment SET next_at = ?1 WHERE next_at > ?1").bind(millisecond(now));
        query.execute(&self.pool).await.map(drop).map_err(|error| self.explain(&error))
    }

    /// When the next is due that is not due yet.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub async fn next_after(&self, now: Timestamp) -> Result<Option<Timestamp>, SqliteError> {
        let query = sqlx::query_scalar("SELECT MIN(next_at) FROM deployment WHERE next_at > ?");
        let next: Option<i64> =
            query.bind(millisecond(now)).fetch_one(&self.pool).await.map_err(|error| self.explain(&error))?;
        Ok(next.and_then(|next| Timestamp::from_millisecond(next).ok()))
    }

    /// Whether nothing has come to this deployment since it was read.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub async fn is_current(&self, row: &Row) -> Result<bool, SqliteError> {
        let query = sqlx::query_scalar(
            "SELECT COUNT(*) FROM deployment WHERE repository_id = ? AND run_id = ? AND environment = ? AND revision = ?",
        );
        let waiting = &row.waiting;
        let query = query.bind(integer(waiting.repository_id)).bind(integer(waiting.run_id));
        let query = query.bind(&waiting.environment).bind(row.revision);
        let found: i64 = query.fetch_one(&self.pool).await.map_err(|error| self.explain(&error))?;
        Ok(found > 0)
    }

    /// Keeps how far a deployment has come, and when it is looked at again: never, when it is answered. One to which
    /// something has come meanwhile is left as it is.
    ///
    /// # Errors
    /// When it could not be kept.
    pub async fn save(&self, row: &Row, next: Option<Timestamp>, now: Timestamp) -> Result<(), SqliteError> {
        rows::update(&self.pool, row, next, now).await.map_err(|error| self.explain(&error))
    }

    /// How many wait.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub async fn waiting(&self) -> Result<u32, SqliteError> {
        let mut connection = self.pool.acquire().await.map_err(|error| self.explain(&error))?;
        waiting(&mut connection).await.map_err(|error| self.explain(&error))
    }

    /// Forgets what was answered, and deliveries, before this instant.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub async fn forget(&self, before: Timestamp) -> Result<(), SqliteError> {
        for statement in [
            "DELETE FROM deployment WHERE next_at IS NULL AND changed_at < ?",
            "DELETE FROM delivery WHERE received_at < ?",
        ] {
            let query = sqlx::query(statement).bind(millisecond(before));
            query.execute(&self.pool).await.map_err(|error| self.explain(&error))?;
        }
        Ok(())
    }
}

async fn waiting(connection: &mut SqliteConnection) -> Result<u32, sqlx::Error> {
    let query = sqlx::query_scalar("SELECT COUNT(*) FROM deployment WHERE next_at IS NOT NULL");
    let count: i64 = query.fetch_one(connection).await?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

enum Merged {
    Known,
    Full,
    New(Box<Row>),
}

/// What waits after this has come to what is there. Another job of a run that waits is one more to be judged; one of a
/// run that was answered, such as one that was started again, waits anew.
fn merged(stored: Option<Stored>, arrived: &Waiting, now: Timestamp) -> Result<Merged, sqlx::Error> {
    let new = |revision| Row { revision, waiting: arrived.clone(), progress: Progress::new(now) };
    let Some(stored) = stored else { return Ok(Merged::New(Box::new(new(1)))) };
    let waits = stored.next_at.is_some();
    let mut row = stored.read()?;
    let is_known = |id| row.waiting.deployments.iter().any(|one| one.id == id);
    if arrived.deployments.iter().all(|one| is_known(one.id)) {
        return Ok(Merged::Known);
    }
    let revision = row.revision.saturating_add(1);
    if !waits {
        return Ok(Merged::New(Box::new(new(revision))));
    }
    if row.waiting.deployments.len() >= MOST_JOBS {
        return Ok(Merged::Full);
    }
    row.revision = revision;
    row.waiting.deployments.extend(arrived.deployments.iter().cloned());
    Ok(Merged::New(Box::new(row)))
}

/// Whose key a row has.
impl Row {
    /// What GitHub waits for.
    #[must_use]
    pub fn key(&self) -> Key {
        self.waiting.key()
    }
}

#[cfg(test)]
mod tests;
