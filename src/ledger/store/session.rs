//! One transaction, on either database, with the same SQL.

use std::sync::Arc;

use sqlx::postgres::PgRow;
use sqlx::query::Query;
use sqlx::sqlite::SqliteRow;
use sqlx::{Database, Decode, Encode, Postgres, Row as _, SqlSafeStr, Sqlite, Transaction, Type};

use super::backend::Origin;
use crate::ledger::error::LedgerError;

/// A parameter of a statement: never a part of its text.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value<'a> {
    Text(&'a str),
    OptionalText(Option<&'a str>),
    Integer(i64),
    OptionalInteger(Option<i64>),
}

/// A transaction. Dropped without [`Session::commit`], it never was.
pub(super) struct Session {
    inner: Inner,
    origin: Arc<Origin>,
}

pub(super) enum Inner {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// One row of an answer.
pub(super) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

/// A type that both databases can tell.
pub(super) trait Column:
    for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres>
{
}

impl<T> Column for T where T: for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres> {}

impl Session {
    pub(super) const fn new(inner: Inner, origin: Arc<Origin>) -> Self {
        Self { inner, origin }
    }

    /// Runs a statement, and returns how many rows it changed.
    pub(super) async fn execute(&mut self, sql: impl SqlSafeStr, values: &[Value<'_>]) -> Result<u64, LedgerError> {
        let changed = match &mut self.inner {
            Inner::Sqlite(inner) => bound(sql, values).execute(&mut **inner).await.map(|done| done.rows_affected()),
            Inner::Postgres(inner) => bound(sql, values).execute(&mut **inner).await.map(|done| done.rows_affected()),
        };
        changed.map_err(|error| self.origin.explain(&error))
    }

    /// All rows of an answer.
    pub(super) async fn rows(&mut self, sql: impl SqlSafeStr, values: &[Value<'_>]) -> Result<Vec<Row>, LedgerError> {
        let rows = match &mut self.inner {
            Inner::Sqlite(inner) => {
                let rows = bound(sql, values).fetch_all(&mut **inner).await;
                rows.map(|rows| rows.into_iter().map(Row::Sqlite).collect())
            }
            Inner::Postgres(inner) => {
                let rows = bound(sql, values).fetch_all(&mut **inner).await;
                rows.map(|rows| rows.into_iter().map(Row::Postgres).collect())
            }
        };
        rows.map_err(|error| self.origin.explain(&error))
    }

    /// The only row, if there is one.
    pub(super) async fn row(&mut self, sql: impl SqlSafeStr, values: &[Value<'_>]) -> Result<Option<Row>, LedgerError> {
        Ok(self.rows(sql, values).await?.into_iter().next())
    }

    /// The only number of an answer.
    pub(super) async fn number(&mut self, sql: impl SqlSafeStr, values: &[Value<'_>]) -> Result<i64, LedgerError> {
        let row = self.row(sql, values).await?;
        row.ok_or_else(|| LedgerError::damaged("a count has no answer"))?.get(0)
    }

    /// Keeps what was done: it is on the disk when this returns.
    pub(super) async fn commit(self) -> Result<(), LedgerError> {
        let committed = match self.inner {
            Inner::Sqlite(inner) => inner.commit().await,
            Inner::Postgres(inner) => inner.commit().await,
        };
        committed.map_err(|error| self.origin.explain(&error))
    }

    /// What the session is with.
    pub(super) fn origin(&self) -> Arc<Origin> {
        Arc::clone(&self.origin)
    }

    /// Whether rows that are read to be changed have to be locked: the other database lets one writer in anyway.
    pub(super) const fn locks_rows(&self) -> bool {
        matches!(self.inner, Inner::Postgres(_))
    }
}

impl Row {
    /// A value by its position.
    pub(super) fn get<T: Column>(&self, index: usize) -> Result<T, LedgerError> {
        let value = match self {
            Self::Sqlite(row) => row.try_get(index),
            Self::Postgres(row) => row.try_get(index),
        };
        value.map_err(|error| LedgerError::damaged(&format!("a value is not of its type: {error}")))
    }
}

fn bound<'q, DB>(sql: impl SqlSafeStr, values: &[Value<'_>]) -> Query<'q, DB, <DB as Database>::Arguments>
where
    DB: Database,
    i64: for<'t> Encode<'t, DB> + Type<DB>,
    Option<i64>: for<'t> Encode<'t, DB> + Type<DB>,
    String: for<'t> Encode<'t, DB> + Type<DB>,
    Option<String>: for<'t> Encode<'t, DB> + Type<DB>,
{
    values.iter().fold(sqlx::query(sql), |query, value| match *value {
        Value::Text(text) => query.bind(text.to_owned()),
        Value::OptionalText(text) => query.bind(text.map(str::to_owned)),
        Value::Integer(number) => query.bind(number),
        Value::OptionalInteger(number) => query.bind(number),
    })
}
