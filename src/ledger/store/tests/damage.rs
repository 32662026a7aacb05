//! A file with bytes that are not as they were written.

use std::fs;
use std::path::Path;

use super::super::{Access, Place, Store};
use super::support::{Ledger, at, recording};
use crate::domain::record::RecordStatus;
use crate::ledger::error::LedgerError;
use crate::ledger::filter::{Filter, Listed, Page};

/// What a decision may read.
async fn read(path: &Path) -> Result<Vec<Listed>, LedgerError> {
    let store = Store::open(&Place::File(path.to_owned()), Access::ReadOnly).await?;
    let mut lists = Vec::new();
    for environment_name in [None, Some("staging".to_owned()), Some("production".to_owned())] {
        for (full_history, status) in [(true, None), (false, None), (true, Some(RecordStatus::Deployed))] {
            let filter =
                Filter { environment_name: environment_name.clone(), full_history, status, ..Filter::default() };
            lists.push(store.list(&filter, Page::new(1, 1000)?).await?);
        }
    }
    store.close().await;
    Ok(lists)
}

#[tokio::test]
async fn a_byte_that_is_wrong_never_changes_an_answer() {
    let ledger = Ledger::file().await;
    for number in 0..60 {
        let environment = if number % 2 == 0 { "staging" } else { "production" };
        let recording = recording(environment, &format!("d{}", number % 7), number);
        ledger.store.record(recording, at(number.into())).await.unwrap();
    }
    let Place::File(path) = ledger.place.clone() else { panic!("{:?}", ledger.place) };
    let folder = path.parent().unwrap().to_owned();
    ledger.store.clone().close().await;
    let whole = fs::read(&path).unwrap();
    let expected = read(&path).await.unwrap();
    let mut refused = 0;
    for offset in (0..whole.len()).step_by(whole.len() / 250) {
        let mut bytes = whole.clone();
        bytes[offset] ^= 1 << (offset % 8);
        let copy = folder.join(format!("{offset}.db"));
        fs::write(&copy, bytes).unwrap();
        match read(&copy).await {
            Ok(lists) => assert_eq!(lists, expected, "byte {offset}"),
            Err(error) => {
                refused += 1;
                assert!(!error.message.is_empty() && !error.hint.is_empty(), "byte {offset}: {error}");
            }
        }
        for name in [copy.clone(), copy.with_extension("db-wal"), copy.with_extension("db-shm")] {
            fs::remove_file(name).ok();
        }
    }
    assert!(refused > 30, "{refused}");
}
