//! The database beneath: where it is, how it is opened, how its errors are told.

use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqlitePool, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions as _};

use super::session::{Inner, Session};
use crate::domain::text::line;
use crate::ledger::error::{LedgerError, LedgerErrorKind};
use crate::sqlite::{Access, Database, Schema};

/// The SQL of each version, by database.
pub(super) const SQLITE: Schema = Schema {
    name: "ledger",
    application_id: 0x6850_4c67,
    migrations: &[
        include_str!("../../../migrations/ledger/sqlite/0001.sql"),
        include_str!("../../../migrations/ledger/sqlite/0002.sql"),
    ],
};
const POSTGRES: &[&str] = &[
    include_str!("../../../migrations/ledger/postgres/0001.sql"),
    include_str!("../../../migrations/ledger/postgres/0002.sql"),
];

/// How many lists are read at the same time. More wait.
const READERS: u32 = 8;
/// How long a request waits for a connection.
const WAIT: Duration = Duration::from_secs(10);
/// What a statement may take on a server, in milliseconds, and how long it waits for another writer.
const SERVER_LIMITS: [(&str, &str); 2] = [("statement_timeout", "60000"), ("lock_timeout", "10000")];
/// Any number that other programs do not use for a lock of their own.
const MIGRATION_LOCK: i64 = 0x6850_4c67;

/// Where a ledger is.
#[derive(Clone, Debug)]
pub enum Place {
    /// A file of `SQLite`.
    File(PathBuf),
    /// A `PostgreSQL` server: `postgres://user:password@host/database`.
    Postgres(SecretString),
}

impl From<&str> for Place {
    fn from(text: &str) -> Self {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            Self::Postgres(SecretString::from(text))
        } else {
            Self::File(PathBuf::from(text))
        }
    }
}

/// What errors are about.
pub(super) enum Origin {
    Sqlite(Box<Database>),
    /// The server and its database, without the password.
    Postgres(String),
}

pub(super) struct Backend {
    pub(super) origin: Arc<Origin>,
    pools: Pools,
}

enum Pools {
    Sqlite { readers: SqlitePool, writer: Option<SqlitePool> },
    Postgres(PgPool),
}

impl Backend {
    pub(super) async fn open(place: &Place, access: Access) -> Result<Self, LedgerError> {
        match place {
            Place::File(path) => Self::file(path, access).await,
            Place::Postgres(url) => Self::server(url, access).await,
        }
    }

    async fn file(path: &Path, access: Access) -> Result<Self, LedgerError> {
        let database = Database::open(path, &SQLITE, access).await?;
        let pool = |connections: u32| {
            let options = SqlitePoolOptions::new().max_connections(connections).acquire_timeout(WAIT);
            options.test_before_acquire(false).connect_lazy_with(database.options().clone())
        };
        let writer = (access != Access::ReadOnly).then(|| pool(1));
        Ok(Self {
            pools: Pools::Sqlite { readers: pool(READERS), writer },
            origin: Arc::new(Origin::Sqlite(Box::new(database))),
        })
    }

    async fn server(url: &SecretString, access: Access) -> Result<Self, LedgerError> {
        let options = PgConnectOptions::from_str(url.expose_secret()).map_err(|_error| {
            LedgerError::invalid(
                "the address of the ledger is no PostgreSQL URL",
                "write `postgres://user:password@host/database`; it is not shown, since it may hold a password",
            )
        })?;
        let shown = format!(
            "postgres://{}:{}/{}",
            options.get_host(),
            options.get_port(),
            options.get_database().unwrap_or_default()
        );
        let options = options.application_name("holdpoint").options(SERVER_LIMITS).disable_statement_logging();
        let origin = Origin::Postgres(shown);
        let pool = PgPoolOptions::new().max_connections(READERS).acquire_timeout(WAIT);
        let pool = pool.connect_with(options).await.map_err(|error| origin.explain(&error))?;
        migrate(&pool, &origin, access).await?;
        Ok(Self { pools: Pools::Postgres(pool), origin: Arc::new(origin) })
    }

    /// A transaction that sees one moment.
    pub(super) async fn read(&self) -> Result<Session, LedgerError> {
        let inner = match &self.pools {
            Pools::Sqlite { readers, .. } => readers.begin_with("BEGIN").await.map(Inner::Sqlite),
            Pools::Postgres(pool) => {
                pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await.map(Inner::Postgres)
            }
        };
        self.session(inner)
    }

    /// A transaction that writes, alone.
    pub(super) async fn write(&self) -> Result<Session, LedgerError> {
        let inner = match &self.pools {
            Pools::Sqlite { writer: Some(writer), .. } => writer.begin_with("BEGIN IMMEDIATE").await.map(Inner::Sqlite),
            Pools::Sqlite { writer: None, .. } => return Err(read_only()),
            Pools::Postgres(pool) => pool.begin().await.map(Inner::Postgres),
        };
        self.session(inner)
    }

    fn session(&self, inner: Result<Inner, sqlx::Error>) -> Result<Session, LedgerError> {
        let inner = inner.map_err(|error| self.origin.explain(&error))?;
        Ok(Session::new(inner, Arc::clone(&self.origin)))
    }

    /// Lets go of the database; of a file, its log is folded in.
    pub(super) async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { readers, writer } => {
                readers.close().await;
                if let Some(writer) = writer {
                    writer.close().await;
                }
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }
}

fn read_only() -> LedgerError {
    LedgerError::new(LedgerErrorKind::Failed, "the ledger was opened to be read only", "this is a fault; report it")
}

/// Brings the tables of a server up to date.
async fn migrate(pool: &PgPool, origin: &Origin, access: Access) -> Result<(), LedgerError> {
    let explain = |error| origin.explain(&error);
    let mut transaction = pool.begin().await.map_err(explain)?;
    if access != Access::ReadOnly {
        let lock = sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(MIGRATION_LOCK);
        lock.execute(&mut *transaction).await.map_err(explain)?;
        let create = "CREATE TABLE IF NOT EXISTS ledger_schema (version BIGINT NOT NULL)";
        sqlx::query(create).execute(&mut *transaction).await.map_err(explain)?;
    }
    let version: Option<i64> = sqlx::query_scalar("SELECT MAX(version) FROM ledger_schema")
        .fetch_one(&mut *transaction)
        .await
        .map_err(explain)?;
    let version = usize::try_from(version.unwrap_or_default()).unwrap_or(usize::MAX);
    let refuse = |what: &str, hint: &str| Err(LedgerError::new(LedgerErrorKind::Failed, what, hint));
    if version > POSTGRES.len() {
        let what = format!("the ledger is of a newer holdpoint: its schema has version {version}");
        return refuse(&what, "use a newer holdpoint");
    }
    if version < POSTGRES.len() && access == Access::ReadOnly {
        return refuse(
            "the ledger is of an older holdpoint",
            "open it once with a command that writes, after a backup",
        );
    }
    for (number, script) in POSTGRES.iter().enumerate().skip(version) {
        sqlx::raw_sql(*script).execute(&mut *transaction).await.map_err(explain)?;
        let mark = format!("INSERT INTO ledger_schema VALUES ({})", number.saturating_add(1));
        sqlx::raw_sql(AssertSqlSafe(mark)).execute(&mut *transaction).await.map_err(explain)?;
    }
    transaction.commit().await.map_err(explain)
}

impl Origin {
    /// What an error of the library means.
    pub(super) fn explain(&self, error: &sqlx::Error) -> LedgerError {
        match self {
            Self::Sqlite(database) => database.explain(error).into(),
            Self::Postgres(place) => explain_server(place, error),
        }
    }

    /// # Errors
    /// When what was read may not be one moment.
    pub(super) fn check_still(&self) -> Result<(), LedgerError> {
        match self {
            Self::Sqlite(database) => Ok(database.check_still()?),
            Self::Postgres(_) => Ok(()),
        }
    }
}

/// By the classes of `PostgreSQL`'s error codes, <https://www.postgresql.org/docs/15/errcodes-appendix.html>.
fn explain_server(place: &str, error: &sqlx::Error) -> LedgerError {
    let (kind, what, hint) = match error {
        sqlx::Error::Database(error) => match error.code().as_deref() {
            Some("42P01") => (LedgerErrorKind::NotFound, "is no ledger yet", "write to it first"),
            Some(code) if code.starts_with("28") => {
                (LedgerErrorKind::Failed, "refuses the user or the password", "look at the URL's user and password")
            }
            Some(code) if ["08", "40", "53", "55", "57"].iter().any(|class| code.starts_with(class)) => {
                (LedgerErrorKind::Unavailable, "cannot do this now", "try again; nothing was stored")
            }
            _ => (LedgerErrorKind::Failed, "refuses this", "look at the server's log"),
        },
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => {
            (LedgerErrorKind::Unavailable, "cannot be reached", "look whether the server runs, and at its address")
        }
        _ => (LedgerErrorKind::Failed, "answers what was not expected", "look at the server's log"),
    };
    let text = match error {
        sqlx::Error::Database(error) => error.message().to_owned(),
        error => error.to_string(),
    };
    LedgerError::new(kind, format!("`{}` {what}: {}", line(place, 200), line(&text, 200)), hint)
}
