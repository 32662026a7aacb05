//! The store against a model in memory, over random histories.

use jiff::Timestamp;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::support::{Ledger, at, digest, recording, slot};
use crate::domain::artifact::ArtifactKind;
use crate::domain::record::{DeploymentRecord, RecordStatus};
use crate::ledger::entry::{Outcome, Project, Recording, Slot};
use crate::ledger::filter::{Filter, Page};

#[derive(Clone, Debug)]
enum Step {
    Record { slot: Slot, digest: u8, chart: bool, project: Option<(u8, bool)> },
    Decommission { slot: Slot, digest: Option<u8> },
    List(Filter, u64, u32),
}

/// What the store should hold: records in the order of recording.
#[derive(Default)]
struct Model {
    records: Vec<Entry>,
    slots: Vec<Slot>,
    changed_at: Option<Timestamp>,
}

struct Entry {
    slot: Slot,
    recording: Recording,
    status: RecordStatus,
    created_at: Timestamp,
    updated_at: Timestamp,
    last_seen_at: Timestamp,
}

impl Model {
    fn latest(&mut self, slot: &Slot) -> Option<&mut Entry> {
        self.records.iter_mut().rev().find(|entry| entry.slot == *slot)
    }

    fn stamp(&mut self, at: Timestamp) -> Timestamp {
        let next = self.changed_at.map(|earlier| earlier + jiff::SignedDuration::from_micros(1));
        self.changed_at = next.max(Some(at));
        self.changed_at.unwrap()
    }

    /// What the outcome should be, by its first letter.
    fn record(&mut self, recording: &Recording, at: Timestamp) -> char {
        let mut now = self.stamp(at);
        let mut created_at = at;
        let mut outcome = 'n';
        if let Some(latest) = self.latest(&recording.slot) {
            let (deployed, artifact) = (latest.status == RecordStatus::Deployed, &latest.recording.artifact);
            let same = artifact.kind == recording.artifact.kind && artifact.digest == recording.artifact.digest;
            if deployed && same {
                latest.updated_at = now;
                latest.last_seen_at = latest.last_seen_at.max(at);
                if latest.recording.project.is_none() {
                    latest.recording.project.clone_from(&recording.project);
                }
                return 's';
            }
            created_at = at.max(latest.created_at + jiff::SignedDuration::from_micros(1));
            if deployed {
                latest.status = RecordStatus::Superseded;
                latest.updated_at = now;
                now = self.stamp(at);
                outcome = 'o';
            }
        } else {
            self.slots.push(recording.slot.clone());
        }
        self.records.push(Entry {
            slot: recording.slot.clone(),
            recording: recording.clone(),
            status: RecordStatus::Deployed,
            created_at,
            updated_at: now,
            last_seen_at: created_at,
        });
        outcome
    }

    fn decommission(&mut self, slot: &Slot, digest_asked: Option<u8>, at: Timestamp) -> bool {
        let Some(latest) = self.latest(slot) else { return false };
        if digest_asked.is_some_and(|number| latest.recording.artifact.digest != digest(number)) {
            return false;
        }
        if latest.status == RecordStatus::Deployed {
            latest.status = RecordStatus::Decommissioned;
            let now = self.stamp(at);
            self.latest(slot).unwrap().updated_at = now;
        }
        true
    }

    fn list(&self, filter: &Filter) -> Vec<&Entry> {
        let fits = |entry: &&Entry| {
            let project = entry.recording.project.as_ref();
            let wanted = |wanted: &Option<String>, is: Option<&str>| wanted.is_none() || wanted.as_deref() == is;
            wanted(&filter.environment_name, Some(&entry.slot.environment_name))
                && wanted(&filter.deployment_name, Some(&entry.slot.deployment_name))
                && wanted(&filter.project_name, project.map(|project| project.name.as_str()))
                && wanted(&filter.project_version_name, project.and_then(|project| project.version.as_deref()))
                && filter.status.as_ref().is_none_or(|status| *status == entry.status)
                && filter.artifact_kind.as_ref().is_none_or(|kind| *kind == entry.recording.artifact.kind)
                && filter.digest.is_none_or(|digest| digest == entry.recording.artifact.digest)
                && filter.updated_since.is_none_or(|since| entry.updated_at >= since)
        };
        let newest: Vec<&Entry> = self.records.iter().rev().filter(fits).collect();
        if filter.full_history {
            return newest;
        }
        let latest = |slot: &Slot| newest.iter().find(|entry| entry.slot == *slot).copied();
        self.slots.iter().rev().filter_map(latest).collect()
    }
}

fn matches(record: &DeploymentRecord, entry: &Entry) -> bool {
    *record.environment_name == entry.slot.environment_name
        && *record.deployment_name == entry.slot.deployment_name
        && record.artifact.digest == Some(entry.recording.artifact.digest)
        && record.artifact.kind == entry.recording.artifact.kind
        && record.status == entry.status
        && record.created_at == Some(entry.created_at)
        && record.updated_at == Some(entry.updated_at)
        && record.last_seen_at == Some(entry.last_seen_at)
}

fn slots() -> impl Strategy<Value = Slot> {
    (prop::sample::select(vec!["dev", "staging", "pröd"]), prop::sample::select(vec!["api", "web", "it's"]))
        .prop_map(|(environment, deployment)| slot(environment, deployment))
}

fn named(number: u8) -> Project {
    Project { name: format!("project-{number}"), version: None }
}

fn filters() -> impl Strategy<Value = Filter> {
    let maybe = |strategy| proptest::option::weighted(0.3, strategy);
    let statuses = vec![RecordStatus::Deployed, RecordStatus::Superseded, RecordStatus::Decommissioned];
    (
        proptest::option::of(slots()),
        proptest::option::of(slots()),
        maybe((0_u8..2).boxed()),
        proptest::option::weighted(0.3, prop::sample::select(statuses)),
        proptest::option::weighted(
            0.2,
            prop::sample::select(vec![ArtifactKind::ContainerImage, ArtifactKind::HelmChart]),
        ),
        maybe((0_u8..4).boxed()),
        proptest::option::weighted(0.2, -5_i64..40),
        any::<(bool, bool)>(),
    )
        .prop_map(|(environment, deployment, project, status, artifact_kind, number, since, flags)| Filter {
            environment_name: environment.map(|slot| slot.environment_name),
            deployment_name: deployment.map(|slot| slot.deployment_name),
            project_version_name: project.filter(|_| flags.0).map(|_| "1".to_owned()),
            project_name: project.map(|number| named(number).name),
            status,
            artifact_kind,
            full_history: flags.1,
            digest: number.map(digest),
            updated_since: since.map(at),
        })
}

fn steps() -> impl Strategy<Value = Step> {
    let project = proptest::option::weighted(0.4, (0_u8..2, any::<bool>()));
    prop_oneof![
        6 => (slots(), 0_u8..4, prop::bool::weighted(0.2), project)
            .prop_map(|(slot, digest, chart, project)| Step::Record { slot, digest, chart, project }),
        1 => (slots(), proptest::option::of(0_u8..4))
            .prop_map(|(slot, digest)| Step::Decommission { slot, digest }),
        5 => (filters(), 1_u64..4, 1_u32..6).prop_map(|(filter, number, size)| Step::List(filter, number, size)),
    ]
}

async fn take(ledger: &Ledger, model: &mut Model, step: &Step, now: Timestamp) -> Result<(), TestCaseError> {
    match step {
        Step::Record { slot, digest, chart, project } => {
            let mut recording = recording(&slot.environment_name, &slot.deployment_name, *digest);
            if *chart {
                recording.artifact.kind = ArtifactKind::HelmChart;
            }
            recording.project = project
                .map(|(number, versioned)| Project { version: versioned.then(|| "1".to_owned()), ..named(number) });
            let recorded = ledger.store.record(recording.clone(), now).await.unwrap();
            let outcome = match &recorded.outcome {
                Outcome::New => 'n',
                Outcome::SeenAgain => 's',
                Outcome::Superseded(_) => 'o',
            };
            prop_assert_eq!(outcome, model.record(&recording, now));
            prop_assert!(matches(&recorded.record, model.latest(slot).unwrap()));
        }
        Step::Decommission { slot, digest: number } => {
            let asked = number.map(digest);
            let ended = ledger.store.decommission(slot, asked.as_ref(), now).await;
            prop_assert_eq!(ended.is_ok(), model.decommission(slot, *number, now));
        }
        Step::List(filter, number, size) => {
            let expected = model.list(filter);
            let listed = ledger.store.list(filter, Page::new(*number, *size).unwrap()).await.unwrap();
            prop_assert_eq!(listed.total_count, u64::try_from(expected.len()).unwrap(), "{:?}", filter);
            let size = usize::try_from(*size).unwrap();
            let before = usize::try_from(*number - 1).unwrap() * size;
            let page: Vec<&Entry> = expected.into_iter().skip(before).take(size).collect();
            prop_assert_eq!(listed.records.len(), page.len());
            let same = listed.records.iter().zip(page).all(|(record, entry)| matches(record, entry));
            prop_assert!(same, "{:?}: {:#?}", filter, listed);
        }
    }
    Ok(())
}

/// Clocks go forth, and sometimes back.
fn histories() -> impl Strategy<Value = Vec<(Step, i64)>> {
    proptest::collection::vec((steps(), prop_oneof![8 => 0_i64..3, 1 => -10_i64..0]), 1..40)
}

#[test]
fn the_store_is_as_the_model() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut runner = TestRunner::new(Config { cases: 24, failure_persistence: None, ..Config::default() });
    let ran = runner.run(&histories(), |history| {
        runtime.block_on(async {
            for ledger in Ledger::each().await {
                let (mut model, mut second) = (Model::default(), 0);
                for (step, ahead) in &history {
                    second += ahead;
                    take(&ledger, &mut model, step, at(second)).await?;
                }
                ledger.end().await;
            }
            Ok(())
        })
    });
    ran.unwrap();
}
