//! The view against a filter over all records that knows no index.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use proptest::prelude::*;

use super::{Deadline, DeploymentStatus, Filter, Refused, View, status};
use crate::domain::artifact::{ArtifactKind, RecordedArtifact};
use crate::domain::environment::Environment;
use crate::domain::record::{DeploymentRecord, RecordStatus};
use crate::domain::snapshot::{EnvironmentRecords, Snapshot};

const ENVIRONMENTS: [&str; 3] = ["dev", "staging", "production"];

fn digest(number: u8) -> String {
    format!("sha256:{}", format!("{number:02x}").repeat(32))
}

/// What differs between records: where, of what, in which state, and when, in seconds.
type Seed = (usize, u8, u8, u8, u8, Option<i64>);

fn record(id: usize, &(_, target, name, of, state, created): &Seed) -> DeploymentRecord {
    let time = created.map(|seconds| Timestamp::from_second(seconds).unwrap());
    DeploymentRecord {
        id: id.to_string().into(),
        environment_id: "environment".into(),
        environment_name: format!("target-{target}").into(),
        deployment_name: format!("name-{name}").into(),
        artifact_id: "artifact".into(),
        artifact: Arc::new(RecordedArtifact {
            kind: ArtifactKind::ContainerImage,
            name: "image".into(),
            digest_text: digest(of).into(),
            // Some are not usable.
            digest: if of == 3 { None } else { digest(of).parse().ok() },
            version: "1.0.0".into(),
        }),
        status: match state {
            0 => RecordStatus::Deployed,
            1 => RecordStatus::Superseded,
            2 => RecordStatus::Decommissioned,
            _ => RecordStatus::Other("ODD".into()),
        },
        created_at: time,
        updated_at: time,
        last_seen_at: time,
        details: None,
    }
}

fn snapshot(seeds: &[Seed]) -> Snapshot {
    let mut records: BTreeMap<String, Vec<DeploymentRecord>> =
        ENVIRONMENTS.iter().map(|name| ((*name).to_owned(), Vec::new())).collect();
    for (id, seed) in seeds.iter().enumerate() {
        let name = ENVIRONMENTS.get(seed.0).copied().unwrap_or("dev");
        records.entry(name.to_owned()).or_default().push(record(id, seed));
    }
    let one = |(name, records): (String, Vec<DeploymentRecord>)| {
        let environment = Environment {
            name: name.clone(),
            source: "saved".to_owned(),
            after: Vec::new(),
            targets: vec![name.clone()],
            logical_environment: None,
            max_record_age: None,
        };
        (name, EnvironmentRecords::new(environment, records, None, None))
    };
    Snapshot { environments: records.into_iter().map(one).collect(), sources: Vec::new() }
}

/// Every record of the environments that were read, filtered and ordered without an index.
fn naive<'a>(snapshot: &'a Snapshot, read: &[String], filter: &Filter) -> Vec<(&'a str, &'a DeploymentRecord)> {
    let mut all: Vec<_> = Vec::new();
    for name in read {
        let (name, records) = snapshot.environments.get_key_value(name).unwrap();
        if filter.environment.as_ref().is_none_or(|wanted| wanted == name) {
            all.extend(records.index().records().iter().map(|record| (name.as_str(), record)));
        }
    }
    let is = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|wanted| wanted == is);
    all.retain(|(_, record)| {
        is(&filter.target, &record.environment_name)
            && is(&filter.deployment_name, &record.deployment_name)
            && filter
                .digest
                .as_ref()
                .is_none_or(|wanted| record.artifact.digest.is_some_and(|digest| digest.to_string() == *wanted))
            && filter.status.is_none_or(|wanted| wanted == status(&record.status))
    });
    all.sort_by(|(_, one), (_, other)| one.newest_first(other));
    all
}

fn ids(records: &[(&str, &DeploymentRecord)]) -> Vec<(String, String)> {
    records.iter().map(|(environment, record)| ((*environment).to_owned(), record.id.to_string())).collect()
}

fn filters() -> impl Strategy<Value = Filter> {
    let statuses = [
        DeploymentStatus::Deployed,
        DeploymentStatus::Superseded,
        DeploymentStatus::Decommissioned,
        DeploymentStatus::Unknown,
    ];
    let option = proptest::option::of::<std::ops::Range<u8>>;
    (
        proptest::option::of(0..2_usize),
        option(0..4),
        option(0..4),
        option(0..5),
        proptest::option::of(proptest::sample::select(statuses.to_vec())),
    )
        .prop_map(|(environment, target, name, of, status)| Filter {
            environment: environment.and_then(|at| ENVIRONMENTS.get(at)).map(|name| (*name).to_owned()),
            target: target.map(|target| format!("target-{target}")),
            deployment_name: name.map(|name| format!("name-{name}")),
            digest: of.map(digest),
            status,
        })
}

fn seeds() -> impl Strategy<Value = Vec<Seed>> {
    // Few values, so that records share slots, digests and times.
    let created = proptest::option::weighted(0.9, 0..5_i64);
    proptest::collection::vec((0..3_usize, 0..3_u8, 0..3_u8, 0..5_u8, 0..4_u8, created), 0..60)
}

proptest! {
    #[test]
    fn the_indexes_change_nothing(seeds in seeds(), filter in filters(), offset in 0..70_usize, limit in 0..70_usize) {
        let snapshot = Arc::new(snapshot(&seeds));
        // The last environment was not read.
        let read: Vec<String> = ENVIRONMENTS.iter().take(2).map(|name| (*name).to_owned()).collect();
        let expected = naive(&snapshot, &read, &filter);
        let view = View::new(Arc::clone(&snapshot), read);
        let soon = Deadline::after(Duration::from_mins(1));
        prop_assert_eq!(view.count(&filter, soon).unwrap(), expected.len());
        prop_assert_eq!(ids(view.latest(&filter, soon).unwrap().as_slice()), ids(expected.get(..1).unwrap_or_default()));
        let page: Vec<_> = expected.iter().skip(offset).take(limit).copied().collect();
        prop_assert_eq!(ids(&view.page(&filter, offset, limit, soon).unwrap()), ids(&page));
    }
}

fn everything() -> Filter {
    Filter { environment: None, target: None, deployment_name: None, digest: None, status: None }
}

#[test]
fn what_was_not_read_is_refused_and_not_empty() {
    let view = View::new(Arc::new(snapshot(&[])), vec!["dev".to_owned(), "staging".to_owned()]);
    let filter = Filter { environment: Some("production".to_owned()), ..everything() };
    let refused = view.count(&filter, Deadline::after(Duration::from_mins(1))).unwrap_err();
    let why = "it asked for records of `production`, and only those of dev, staging were read for this request";
    assert_eq!(refused, Refused::Records(why.to_owned()));
}

#[test]
fn a_digest_that_is_none_is_refused_and_not_empty() {
    let view = View::new(Arc::new(snapshot(&[])), vec!["dev".to_owned()]);
    for text in ["", "latest", "sha256:", &digest(1).to_uppercase(), &format!("{} ", digest(1))] {
        let filter = Filter { digest: Some((*text).to_owned()), ..everything() };
        let refused = view.latest(&filter, Deadline::after(Duration::from_mins(1)));
        assert!(matches!(refused, Err(Refused::Records(_))), "{text:?}");
    }
}

#[test]
fn looking_ends_with_the_time_of_the_call() {
    let seeds: Vec<Seed> = (0..10_000).map(|second| (0, 0, 0, 0, 0, Some(second))).collect();
    let view = View::new(Arc::new(snapshot(&seeds)), vec!["dev".to_owned()]);
    let (over, nowhere) =
        (Deadline::after(Duration::ZERO), Filter { target: Some("target-0".to_owned()), ..everything() });
    assert_eq!(view.count(&everything(), over), Err(Refused::OutOfTime));
    assert_eq!(view.page(&nowhere, 9_000, 1, over).map(|page| page.len()), Err(Refused::OutOfTime));
}
