//! Rows of the file, and the statements that read and write them.

use jiff::{SignedDuration, Timestamp};
use sqlx::sqlite::{SqliteConnection, SqlitePool};

use super::Row;
use crate::github::event::Key;

/// How long a row is put off that cannot be read.
const PUT_OFF: SignedDuration = SignedDuration::from_hours(1);

type Columns = (i64, String, String, Option<i64>);

/// A deployment as it is kept.
pub(super) struct Stored {
    revision: i64,
    waiting: String,
    progress: String,
    pub(super) next_at: Option<i64>,
}

impl From<Columns> for Stored {
    fn from((revision, waiting, progress, next_at): Columns) -> Self {
        Self { revision, waiting, progress, next_at }
    }
}

impl Stored {
    pub(super) fn read(&self) -> Result<Row, sqlx::Error> {
        let unreadable = |error: serde_json::Error| sqlx::Error::Decode(Box::new(error));
        Ok(Row {
            revision: self.revision,
            waiting: serde_json::from_str(&self.waiting).map_err(unreadable)?,
            progress: serde_json::from_str(&self.progress).map_err(unreadable)?,
        })
    }
}

pub(super) async fn find(connection: &mut SqliteConnection, key: &Key) -> Result<Option<Stored>, sqlx::Error> {
    let query = sqlx::query_as::<_, Columns>(
        "SELECT revision, waiting, progress, next_at FROM deployment
         WHERE repository_id = ? AND run_id = ? AND environment = ?",
    );
    let query = query.bind(integer(key.repository_id)).bind(integer(key.run_id)).bind(&key.environment);
    Ok(query.fetch_optional(connection).await?.map(Stored::from))
}

/// Writes a row that is due at once.
pub(super) async fn put(connection: &mut SqliteConnection, row: &Row, now: Timestamp) -> Result<(), sqlx::Error> {
    let (waiting, progress) = written(row)?;
    let key = row.key();
    let query = sqlx::query("INSERT OR REPLACE INTO deployment VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(integer(key.repository_id))
        .bind(integer(key.run_id))
        .bind(key.environment)
        .bind(row.revision)
        .bind(waiting)
        .bind(progress)
        .bind(millisecond(now))
        .bind(millisecond(now));
    query.execute(connection).await.map(drop)
}

pub(super) async fn due(pool: &SqlitePool, now: Timestamp, most: usize) -> Result<Vec<(Key, Stored)>, sqlx::Error> {
    type Keyed = (i64, i64, String, i64, String, String, Option<i64>);
    let query = sqlx::query_as::<_, Keyed>(
        "SELECT repository_id, run_id, environment, revision, waiting, progress, next_at FROM deployment
         WHERE next_at <= ? ORDER BY next_at LIMIT ?",
    );
    let limit = i64::try_from(most).unwrap_or(i64::MAX);
    let rows = query.bind(millisecond(now)).bind(limit).fetch_all(pool).await?;
    let keyed = |(repository, run, environment, revision, waiting, progress, next_at): Keyed| {
        let number = |value: i64| u64::try_from(value).unwrap_or_default();
        let key = Key { repository_id: number(repository), run_id: number(run), environment };
        (key, Stored { revision, waiting, progress, next_at })
    };
    Ok(rows.into_iter().map(keyed).collect())
}

pub(super) async fn update(
    pool: &SqlitePool,
    row: &Row,
    next: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let (_waiting, progress) = written(row)?;
    let key = row.key();
    let query = sqlx::query(
        "UPDATE deployment SET progress = ?, next_at = ?, changed_at = ?
         WHERE repository_id = ? AND run_id = ? AND environment = ? AND revision = ?",
    );
    let query = query.bind(progress).bind(next.map(millisecond)).bind(millisecond(now));
    let query = query.bind(integer(key.repository_id)).bind(integer(key.run_id)).bind(key.environment);
    query.bind(row.revision).execute(pool).await.map(drop)
}

pub(super) async fn put_off(pool: &SqlitePool, key: &Key, now: Timestamp) -> Result<(), sqlx::Error> {
    let later = now.checked_add(PUT_OFF).unwrap_or(now);
    let query =
        sqlx::query("UPDATE deployment SET next_at = ? WHERE repository_id = ? AND run_id = ? AND environment = ?");
    let query = query.bind(millisecond(later)).bind(integer(key.repository_id)).bind(integer(key.run_id));
    query.bind(&key.environment).execute(pool).await.map(drop)
}

fn written(row: &Row) -> Result<(String, String), sqlx::Error> {
    let encode = |error: serde_json::Error| sqlx::Error::Encode(Box::new(error));
    let waiting = serde_json::to_string(&row.waiting).map_err(encode)?;
    Ok((waiting, serde_json::to_string(&row.progress).map_err(encode)?))
}

/// Numbers of GitHub's were looked at when they came: they fit.
pub(super) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn millisecond(time: Timestamp) -> i64 {
    time.as_millisecond()
}
