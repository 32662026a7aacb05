//! A ledger of an earlier schema, brought up to date with all that it holds.

use secrecy::ExposeSecret as _;
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};

use super::super::{Access, Place, Store};
use super::support::{at, recording, schema};
use crate::domain::record::{DeploymentRecord, RecordStatus};
use crate::ledger::entry::Outcome;
use crate::ledger::filter::{Filter, Page};

const FIRST: &str = include_str!("../../../../tests/ledger/schema-1.sql");
const FIRST_OF_POSTGRES: &str = include_str!("../../../../migrations/ledger/postgres/0001.sql");

async fn file(folder: &tempfile::TempDir) -> Place {
    let path = folder.path().join("ledger.db");
    let url = format!("sqlite://{}?mode=rwc", path.display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    sqlx::raw_sql(FIRST).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    Place::File(path)
}

/// The same rows, in the tables of the other database.
async fn server(url: &str) -> Place {
    let place = schema(url).await;
    let Place::Postgres(url) = &place else { panic!("{place:?}") };
    let mut connection = sqlx::PgConnection::connect(url.expose_secret()).await.unwrap();
    let rows: String = FIRST.lines().filter(|line| line.starts_with("INSERT INTO")).collect();
    let all = [
        FIRST_OF_POSTGRES,
        "CREATE TABLE ledger_schema (version BIGINT NOT NULL); INSERT INTO ledger_schema VALUES (1); DELETE FROM ledger;",
        &rows,
    ];
    sqlx::raw_sql(AssertSqlSafe(all.concat())).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    place
}

fn shown(record: &DeploymentRecord) -> String {
    let DeploymentRecord { environment_name, deployment_name, artifact, status, .. } = record;
    format!("{environment_name}/{deployment_name} {} {}", artifact.version, status.as_str())
}

#[tokio::test]
async fn a_ledger_of_the_first_schema_keeps_all() {
    let folder = tempfile::tempdir().unwrap();
    let mut places = vec![file(&folder).await];
    if let Ok(url) = std::env::var("DATABASE_URL") {
        places.push(server(&url).await);
    }
    let (all, page) = (Filter { full_history: true, ..Filter::default() }, Page::new(1, 100).unwrap());
    for place in places {
        // What only reads does not change it.
        assert!(Store::open(&place, Access::ReadOnly).await.is_err());
        let store = Store::open(&place, Access::ReadWrite).await.unwrap();
        let listed = store.list(&all, page).await.unwrap();
        assert_eq!(
            listed.records.iter().map(shown).collect::<Vec<_>>(),
            [
                "production/checkout 2.0.0 DEPLOYED",
                "staging/checkout 2.0.1 DEPLOYED",
                "staging/checkout 2.0.0 DECOMMISSIONED",
                "production/storefront 1.4.1 DEPLOYED",
                "staging/storefront 1.4.2 DEPLOYED",
                "staging/storefront 1.4.1 SUPERSEDED",
            ]
        );
        assert_eq!(store.tokens().await.unwrap().len(), 1);
        let mut reader = store.read().await.unwrap();
        let environments = [None, Some("staging"), Some("production")];
        let mut revisions = std::collections::BTreeSet::new();
        for name in environments {
            let filter = Filter { environment_name: name.map(str::to_owned), ..Filter::default() };
            revisions.insert(reader.revision(&filter).await.unwrap().unwrap());
        }
        reader.finish().await.unwrap();
        assert_eq!(revisions.len(), environments.len());
        assert!(revisions.iter().all(|revision| revision.len() == 32));
        // It is written as any other.
        let recorded = store.record(recording("production", "storefront", 9), at(0)).await.unwrap();
        assert!(matches!(&recorded.outcome, Outcome::Superseded(before) if before.status == RecordStatus::Superseded));
        assert_eq!(store.list(&all, page).await.unwrap().total_count, 7);
        store.close().await;
        Store::open(&place, Access::ReadOnly).await.unwrap().close().await;
    }
}
