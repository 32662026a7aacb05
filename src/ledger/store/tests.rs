//! The rules of slots, on both databases.

mod changes;
mod damage;
mod model;
mod support;
mod upgrade;

use support::{Ledger, digest, recording, slot};

use super::{Access, Place};
use crate::domain::record::RecordStatus;
use crate::ledger::entry::Outcome;
use crate::ledger::error::LedgerErrorKind;
use crate::ledger::filter::{Filter, Page};

#[tokio::test]
async fn another_artifact_supersedes_and_the_same_is_seen_again() {
    for ledger in Ledger::each().await {
        let first = ledger.store.record(recording("staging", "api", 1), ledger.at(1)).await.unwrap();
        assert_eq!(first.outcome, Outcome::New);
        let again = ledger.store.record(recording("staging", "api", 1), ledger.at(2)).await.unwrap();
        assert_eq!(again.outcome, Outcome::SeenAgain);
        assert_eq!(again.record.id, first.record.id);
        assert_eq!(again.record.created_at, Some(ledger.at(1)));
        assert_eq!([again.record.updated_at, again.record.last_seen_at], [Some(ledger.at(2)); 2]);
        let other = ledger.store.record(recording("staging", "api", 2), ledger.at(3)).await.unwrap();
        let Outcome::Superseded(superseded) = other.outcome else { panic!("{other:?}") };
        assert_eq!(superseded.id, first.record.id);
        assert_eq!(superseded.status, RecordStatus::Superseded);
        assert_eq!([superseded.updated_at, superseded.last_seen_at], [Some(ledger.at(3)), Some(ledger.at(2))]);
        let page = Page::new(1, 100).unwrap();
        let all = Filter { full_history: true, ..Filter::default() };
        assert_eq!(ledger.store.list(&all, page).await.unwrap().records, [other.record.clone(), *superseded]);
        assert_eq!(ledger.store.list(&Filter::default(), page).await.unwrap().records, [other.record]);
        let ended = ledger.store.decommission(&slot("staging", "api"), None, ledger.at(4)).await.unwrap();
        assert_eq!(ended.status, RecordStatus::Decommissioned);
        let wrong = ledger.store.decommission(&slot("staging", "api"), Some(&digest(1)), ledger.at(5)).await;
        assert_eq!(wrong.unwrap_err().kind, LedgerErrorKind::Conflict);
        let nowhere = ledger.store.decommission(&slot("staging", "web"), None, ledger.at(5)).await;
        assert_eq!(nowhere.unwrap_err().kind, LedgerErrorKind::NotFound);
        let back = ledger.store.record(recording("staging", "api", 2), ledger.at(6)).await.unwrap();
        assert_eq!(back.outcome, Outcome::New);
        ledger.end().await;
    }
}

#[tokio::test]
async fn a_file_that_was_closed_is_one_file_and_opens_again() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::File(folder.path().join("ledger.db"));
    for second in 1..3 {
        let store = super::Store::open(&place, Access::Create).await.unwrap();
        store.record(recording("staging", "api", 1), support::at(second)).await.unwrap();
        store.close().await;
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

#[tokio::test]
async fn importing_the_same_again_changes_nothing() {
    use crate::ledger::entry::{Imported, PastRecord};
    let past = |number, status, second| PastRecord {
        recording: recording("staging", "api", number),
        status,
        created_at: Some(support::at(second)),
        last_seen_at: Some(support::at(second)),
        runs_now: false,
    };
    let records = vec![past(2, RecordStatus::Deployed, 20), past(1, RecordStatus::Superseded, 10)];
    for ledger in Ledger::each().await {
        let first = ledger.store.import(records.clone(), ledger.at(100)).await.unwrap();
        assert_eq!(first, Imported { added: 2, updated: 0, left_out: 0 });
        let again = ledger.store.import(records.clone(), ledger.at(200)).await.unwrap();
        assert_eq!(again, Imported { added: 0, updated: 0, left_out: 2 });
        let future = vec![past(3, RecordStatus::Deployed, 10_000_000)];
        let refused = ledger.store.import(future, ledger.at(300)).await.unwrap_err();
        assert_eq!(refused.kind, LedgerErrorKind::Invalid);
        ledger.end().await;
    }
}

#[tokio::test]
async fn a_backup_is_a_ledger_and_never_the_ledger_itself() {
    let ledger = Ledger::file().await;
    ledger.store.record(recording("staging", "api", 1), ledger.at(1)).await.unwrap();
    let Place::File(path) = &ledger.place else { panic!("{:?}", ledger.place) };
    let copy = path.with_file_name("copy.db");
    ledger.store.backup(&copy).await.unwrap();
    let page = Page::new(1, 10).unwrap();
    let store = super::Store::open(&Place::File(copy), Access::ReadOnly).await.unwrap();
    let listed = store.list(&Filter::default(), page).await.unwrap();
    assert_eq!(listed, ledger.store.list(&Filter::default(), page).await.unwrap());
    assert_eq!(ledger.store.backup(path).await.unwrap_err().kind, LedgerErrorKind::Invalid);
}

#[tokio::test]
async fn tokens_are_valid_for_their_scope_until_they_expire_or_are_revoked() {
    use crate::ledger::token::Scope;
    for ledger in Ledger::each().await {
        let issued = ledger.store.issue_token("ci", Scope::Read, Some(ledger.at(10)), ledger.at(0)).await.unwrap();
        let ask = async |scope, second| {
            ledger.store.authorize(&issued.token, scope, ledger.at(second)).await.map_err(|error| error.kind)
        };
        assert_eq!(ask(Scope::Read, 9).await, Ok(issued.info.clone()));
        assert_eq!(ask(Scope::Write, 9).await, Err(LedgerErrorKind::Forbidden));
        assert_eq!(ask(Scope::Read, 10).await, Err(LedgerErrorKind::Unauthorized));
        ledger.store.revoke_token("ci").await.unwrap();
        assert_eq!(ask(Scope::Read, 1).await, Err(LedgerErrorKind::Unauthorized));
        ledger.end().await;
    }
}
