//! Ledgers for tests, and what to put into them.

use jiff::Timestamp;
use secrecy::SecretString;

use super::super::{Access, Place, Store};
use crate::domain::artifact::ArtifactKind;
use crate::domain::digest::Digest;
use crate::ledger::entry::{Artifact, Recording, Slot};

/// An empty ledger.
pub(crate) struct Ledger {
    pub(crate) store: Store,
    pub(crate) place: Place,
    _folder: Option<tempfile::TempDir>,
}

impl Ledger {
    /// One on each database that there is here.
    #[expect(clippy::print_stderr, reason = "what is left out is said")]
    pub(crate) async fn each() -> Vec<Self> {
        let mut ledgers = vec![Self::file().await];
        match std::env::var("DATABASE_URL") {
            Ok(url) => ledgers.push(Self::server(&url).await),
            Err(_unset) => eprintln!("SKIPPED on PostgreSQL: DATABASE_URL is not set"),
        }
        ledgers
    }

    pub(crate) async fn file() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::File(folder.path().join("ledger.db"));
        let store = Store::open(&place, Access::Create).await.unwrap();
        Self { store, place, _folder: Some(folder) }
    }

    /// Each in a schema of its own.
    async fn server(url: &str) -> Self {
        let place = schema(url).await;
        let store = Store::open(&place, Access::Create).await.unwrap();
        Self { store, place, _folder: None }
    }

    #[expect(clippy::unused_self, reason = "it reads well")]
    pub(crate) fn at(&self, second: i64) -> Timestamp {
        at(second)
    }

    pub(crate) async fn end(self) {
        self.store.close().await;
    }
}

/// A new schema of a server, without tables.
pub(crate) async fn schema(url: &str) -> Place {
    use sqlx::Connection as _;
    let schema = format!("t{}", uuid::Uuid::new_v4().simple());
    let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
    let create = sqlx::AssertSqlSafe(format!("CREATE SCHEMA {schema}"));
    sqlx::query(create).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let separator = if url.contains('?') { '&' } else { '?' };
    Place::Postgres(SecretString::from(format!("{url}{separator}options[search_path]={schema}")))
}

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

pub(crate) fn digest(number: u8) -> Digest {
    Digest::from_bytes([number; 32])
}

pub(crate) fn slot(environment: &str, deployment: &str) -> Slot {
    Slot { environment_name: environment.to_owned(), deployment_name: deployment.to_owned() }
}

pub(crate) fn recording(environment: &str, deployment: &str, number: u8) -> Recording {
    let artifact = Artifact {
        kind: ArtifactKind::ContainerImage,
        name: "ghcr.io/acme/storefront".to_owned(),
        digest: digest(number),
        version: format!("1.{number}"),
    };
    Recording { slot: slot(environment, deployment), artifact, project: None }
}
