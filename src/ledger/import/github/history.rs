//! What was in each slot, one after the other.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::super::super::entry::{Artifact, PastRecord, Recording, Slot};
use super::super::super::error::LedgerError;
use crate::domain::record::RecordStatus;
use crate::domain::text::line;

/// How much of a name a message shows, in characters.
const SHOWN: usize = 80;

/// An artifact in a slot.
#[derive(Clone, Debug)]
pub(super) struct Stay {
    pub(super) deployment: u64,
    pub(super) artifact: Artifact,
    pub(super) status: RecordStatus,
    pub(super) since: Timestamp,
    pub(super) seen: Timestamp,
    pub(super) ended: Option<Timestamp>,
}

/// Where something may have come to be without its artifact being known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) repository: String,
    pub(super) environment: String,
    /// The deployment's name; none means anywhere in the environment.
    pub(super) name: Option<String>,
}

/// The slots of an export.
#[derive(Debug, Default)]
pub(super) struct History {
    slots: BTreeMap<Slot, (String, Vec<Stay>)>,
    unknown: BTreeMap<Place, Vec<Timestamp>>,
}

impl History {
    /// # Errors
    /// A slot of two repositories, or of two artifacts of one deployment: one of the two would hide the other.
    pub(super) fn add(&mut self, repository: &str, slot: Slot, stay: Stay) -> Result<(), LedgerError> {
        let name = line(&slot.deployment_name, SHOWN);
        let (first, stays) = self.slots.entry(slot).or_insert_with(|| (repository.to_owned(), Vec::new()));
        if first.as_str() != repository {
            let [first, other] = [first.as_str(), repository].map(|name| line(name, SHOWN));
            let message = format!("`{name}` would be the deployment of `{first}` and of `{other}`");
            return Err(LedgerError::invalid(
                message,
                "name deployments apart, such as by `--deployment {repository}`",
            ));
        }
        // Those of one deployment come one after the other.
        let last = stays.last().filter(|last| last.deployment == stay.deployment);
        if last.is_some_and(|last| !is_same(&last.artifact, &stay.artifact)) {
            let message = format!("deployment {} has several artifacts, all called `{name}`", stay.deployment);
            let hint = "name them apart, such as by `--deployment '{payload/images/*/name}'`";
            return Err(LedgerError::invalid(message, hint));
        }
        stays.push(stay);
        Ok(())
    }

    pub(super) fn add_unknown(&mut self, at: Timestamp, place: Place) {
        self.unknown.entry(place).or_default().push(at);
    }

    /// The records. Each success takes the slot, as a recording does, and so only the last of a slot can be there.
    pub(super) fn records(self) -> Vec<PastRecord> {
        let Self { slots, mut unknown } = self;
        for times in unknown.values_mut() {
            times.sort_unstable();
        }
        let mut records = Vec::new();
        for (slot, (repository, mut stays)) in slots {
            let place =
                |name| Place { repository: repository.clone(), environment: slot.environment_name.clone(), name };
            let places = [place(Some(slot.deployment_name.clone())), place(None)];
            let times: Vec<&[Timestamp]> =
                places.iter().filter_map(|place| unknown.get(place)).map(Vec::as_slice).collect();
            stays.sort_by_key(|stay| (stay.since, stay.deployment));
            records.extend(joined(stays, &times).into_iter().map(|stay| record(slot.clone(), stay)));
        }
        records
    }
}

/// Joins stays of one artifact with nothing between them, and ends those that something came after.
fn joined(stays: Vec<Stay>, unknown: &[&[Timestamp]]) -> Vec<Stay> {
    let mut all: Vec<Stay> = Vec::new();
    for stay in stays {
        match all.last_mut() {
            Some(last) if lasts(last, &stay, unknown) => {
                (last.seen, last.status, last.ended) = (stay.seen, stay.status, stay.ended);
            }
            Some(last) => {
                supersede(last);
                all.push(stay);
            }
            None => all.push(stay),
        }
    }
    if let Some(last) = all.last_mut()
        && is_any(unknown, last.seen, Timestamp::MAX)
    {
        supersede(last);
    }
    all
}

/// Whether the artifact was still there when it was deployed again.
fn lasts(last: &Stay, next: &Stay, unknown: &[&[Timestamp]]) -> bool {
    let is_there = match last.status {
        RecordStatus::Deployed => true,
        RecordStatus::Superseded => last.ended.is_some_and(|at| at >= next.since),
        _ => false,
    };
    is_there && is_same(&last.artifact, &next.artifact) && !is_any(unknown, last.seen, next.since)
}

/// Whether one of these times, each list in order, is between the two.
fn is_any(times: &[&[Timestamp]], from: Timestamp, to: Timestamp) -> bool {
    times.iter().any(|times| times.get(times.partition_point(|at| *at < from)).is_some_and(|at| *at <= to))
}

fn supersede(stay: &mut Stay) {
    if stay.status == RecordStatus::Deployed {
        stay.status = RecordStatus::Superseded;
    }
}

fn is_same(one: &Artifact, other: &Artifact) -> bool {
    one.digest == other.digest && one.kind == other.kind
}

fn record(slot: Slot, stay: Stay) -> PastRecord {
    PastRecord {
        recording: Recording { slot, artifact: stay.artifact, project: None },
        status: stay.status,
        created_at: Some(stay.since),
        last_seen_at: Some(stay.seen),
        runs_now: false,
    }
}
