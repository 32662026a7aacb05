//! What readers are told of changes, while several write.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::super::{Access, Place, Store};
use super::support::{Ledger, at, digest, recording, slot};
use crate::domain::record::{DeploymentRecord, RecordStatus};
use crate::ledger::error::LedgerErrorKind;
use crate::ledger::filter::{Filter, Page};

const ENVIRONMENT: &str = "staging";

/// What one writer does: to which slot, with which digest or to end it, and how far its clock has gone since then.
type Step = (u8, Option<u8>, i64);

/// Clocks go forth, and sometimes back.
fn histories() -> impl Strategy<Value = Vec<Vec<Step>>> {
    let step = (0_u8..3, proptest::option::weighted(0.8, 0_u8..3), prop_oneof![4 => 0_i64..2, 1 => -9_i64..0]);
    proptest::collection::vec(proptest::collection::vec(step, 1..12), 3)
}

/// Writes until the file is free: others write too.
async fn insist<T, F: Future<Output = Result<T, crate::ledger::error::LedgerError>>>(
    write: impl Fn() -> F,
) -> Option<T> {
    loop {
        match write().await {
            Ok(done) => return Some(done),
            Err(error) if error.kind == LedgerErrorKind::Unavailable => {}
            // Nothing is there to be ended.
            Err(error) if error.kind == LedgerErrorKind::NotFound => return None,
            Err(error) => panic!("{error}"),
        }
    }
}

async fn write(store: Store, steps: Vec<Step>) {
    let mut second = 0;
    for (deployment, number, ahead) in steps {
        second += ahead;
        let name = format!("d{deployment}");
        if let Some(number) = number {
            let recording = recording(ENVIRONMENT, &name, number);
            insist(|| store.record(recording.clone(), at(second))).await;
        } else {
            let slot = slot(ENVIRONMENT, &name);
            insist(|| store.decommission(&slot, None, at(second))).await;
        }
    }
}

/// What a reader knows that asks only for what has changed.
#[derive(Default)]
struct Incremental {
    records: BTreeMap<Arc<str>, DeploymentRecord>,
    since: Option<Timestamp>,
    revisions: BTreeMap<String, Vec<DeploymentRecord>>,
}

impl Incremental {
    /// Reads what has changed, and compares it with all that there is at the same moment.
    async fn read(&mut self, store: &Store) {
        let mut reader = store.read().await.unwrap();
        let (page, environment_name) = (Page::new(1, 1000).unwrap(), Some(ENVIRONMENT.to_owned()));
        let all = Filter { full_history: true, environment_name, ..Filter::default() };
        let changed = Filter { updated_since: self.since, ..all.clone() };
        let changed = reader.list(&changed, page).await.unwrap().records;
        let whole = reader.list(&all, page).await.unwrap().records;
        let revision = reader.revision(&all).await.unwrap();
        reader.finish().await.unwrap();
        self.since = self.since.max(changed.iter().filter_map(|record| record.updated_at).max());
        self.records.extend(changed.into_iter().map(|record| (Arc::clone(&record.id), record)));
        let mut known: Vec<_> = self.records.values().cloned().collect();
        let mut expected = whole.clone();
        known.sort_by(|one, other| one.id.cmp(&other.id));
        expected.sort_by(|one, other| one.id.cmp(&other.id));
        assert_eq!(known, expected);
        let stamps: std::collections::BTreeSet<_> = whole.iter().map(|record| record.updated_at).collect();
        assert_eq!(stamps.len(), whole.len(), "two changes have the same time: {whole:#?}");
        // A revision stands for one state, and each state has its own.
        let Some(revision) = revision else { return assert!(whole.is_empty()) };
        let other = self.revisions.iter().find(|(known, records)| **known != revision && **records == whole);
        assert_eq!(other, None);
        assert_eq!(*self.revisions.entry(revision).or_insert_with(|| whole.clone()), whole);
    }
}

#[test]
fn who_reads_what_changed_knows_all() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut runner = TestRunner::new(Config { cases: 12, failure_persistence: None, ..Config::default() });
    let ran = runner.run(&histories(), |histories| {
        runtime.block_on(async {
            for ledger in Ledger::each().await {
                let mut writers = tokio::task::JoinSet::new();
                for steps in histories.clone() {
                    let store = Store::open(&ledger.place, Access::ReadWrite).await.unwrap();
                    writers.spawn(write(store, steps));
                }
                let mut reader = Incremental::default();
                while !writers.is_empty() {
                    reader.read(&ledger.store).await;
                    while let Some(ended) = writers.try_join_next() {
                        ended.unwrap();
                    }
                }
                reader.read(&ledger.store).await;
                ledger.end().await;
            }
        });
        Ok(())
    });
    ran.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_writers_to_one_slot_leave_one_artifact_there() {
    for ledger in Ledger::each().await {
        let mut writers = tokio::task::JoinSet::new();
        for writer in 0..4_u8 {
            let store = Store::open(&ledger.place, Access::ReadWrite).await.unwrap();
            writers.spawn(async move {
                for number in 0..15_u8 {
                    // Each has a clock of its own.
                    let (recording, now) = (recording(ENVIRONMENT, "api", writer * 15 + number), at(i64::from(writer)));
                    insist(|| store.record(recording.clone(), now)).await;
                }
            });
        }
        while let Some(ended) = writers.join_next().await {
            ended.unwrap();
        }
        let all = Filter { full_history: true, ..Filter::default() };
        let listed = ledger.store.list(&all, Page::new(1, 100).unwrap()).await.unwrap().records;
        assert_eq!(listed.len(), 60);
        let statuses: Vec<&RecordStatus> = listed.iter().map(|record| &record.status).collect();
        assert_eq!(*statuses[0], RecordStatus::Deployed);
        assert!(statuses[1..].iter().all(|status| **status == RecordStatus::Superseded), "{statuses:?}");
        assert!(listed.is_sorted_by(|one, other| one.created_at > other.created_at));
        let digests: std::collections::BTreeSet<_> =
            listed.iter().filter_map(|record| record.artifact.digest).collect();
        assert_eq!(digests, (0..60).map(digest).collect());
        ledger.end().await;
    }
}

#[tokio::test]
async fn a_restored_ledger_is_never_taken_for_what_it_was() {
    let ledger = Ledger::file().await;
    let revision = async |store: &Store| {
        let mut reader = store.read().await.unwrap();
        let filter = Filter { environment_name: Some(ENVIRONMENT.to_owned()), ..Filter::default() };
        [reader.revision(&filter).await.unwrap().unwrap(), reader.revision(&Filter::default()).await.unwrap().unwrap()]
    };
    ledger.store.record(recording(ENVIRONMENT, "api", 1), at(1)).await.unwrap();
    let Place::File(path) = &ledger.place else { panic!("{:?}", ledger.place) };
    let copy = path.with_file_name("copy.db");
    ledger.store.backup(&copy).await.unwrap();
    let restored = Store::open(&Place::File(copy), Access::ReadWrite).await.unwrap();
    let before = revision(&restored).await;
    assert_eq!(before, revision(&ledger.store).await);
    // The same again, at the same time by the clock, is another state.
    for store in [&restored, &ledger.store] {
        store.record(recording(ENVIRONMENT, "api", 2), at(2)).await.unwrap();
    }
    // What changes together has one revision: that of the ledger is here that of its environment.
    let after = [revision(&restored).await, revision(&ledger.store).await, before].concat();
    assert_eq!(after.iter().collect::<std::collections::BTreeSet<_>>().len(), 3);
}
