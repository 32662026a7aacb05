//! The rules of slots, on both databases.

mod model;
mod support;

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
