//! Which records questions rest on, when all their rules say that they look at no others.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::domain::digest::Digest;
use crate::domain::record::newest_of_each_kind;
use crate::domain::request::Request;
use crate::domain::rule::Rule;
use crate::domain::snapshot::{EnvironmentRecords, RecordIndex, Snapshot};

use super::Gate;
use super::source::Related;

/// Names beyond which reading everything is quicker than looking each up.
const MOST_NAMES: usize = 200;

impl Gate {
    /// What these requests about one environment rest on; none when a rule may look at any record, or when the
    /// environment and those before it are not of one source, which would each know only its own deployments.
    pub(super) fn related(&self, environment: &str, requests: &[Request]) -> Option<Related> {
        let sources: BTreeSet<&str> =
            self.environments.lineage(environment).into_iter().map(|needed| needed.source.as_str()).collect();
        let rules: Vec<&Rule> = self.rules.iter().filter(|rule| rule.applies_to(environment)).collect();
        if sources.len() > 1 || rules.iter().any(|rule| self.engine.needs_all_records(rule)) {
            return None;
        }
        let mut deployment_names: BTreeSet<String> =
            requests.iter().filter_map(|request| request.deployment_name.clone()).collect();
        for rule in rules {
            texts(&rule.parameters, &mut deployment_names);
        }
        let digests = requests.iter().map(|request| request.artifact.digest).collect();
        (deployment_names.len() <= MOST_NAMES).then_some(Related { digests, deployment_names })
    }
}

/// Every text of a rule's parameters: any may be the name of a deployment.
fn texts(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => drop(found.insert(text.clone())),
        Value::Array(values) => values.iter().for_each(|value| texts(value, found)),
        Value::Object(fields) => {
            found.extend(fields.keys().cloned());
            fields.values().for_each(|value| texts(value, found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The part of these records that is related, for the rules: to make it ready for them takes longer than to find it.
pub(super) fn narrowed(snapshot: &Snapshot, related: &Related) -> Snapshot {
    let environments = || snapshot.environments.values();
    let mut chosen: Vec<Chosen<'_>> = environments().map(|environment| Chosen::new(environment.index())).collect();
    let mut names: BTreeSet<&str> = related.deployment_names.iter().map(String::as_str).collect();
    for one in &mut chosen {
        names.extend(related.digests.iter().flat_map(|digest| one.add_digest(*digest)));
    }
    let holders: BTreeSet<Digest> = chosen.iter_mut().flat_map(|one| one.add_slots(&names)).collect();
    for one in &mut chosen {
        one.add_any_slot_of_others();
        for digest in &holders {
            one.add_digest(*digest);
        }
    }
    let records = environments().zip(chosen).map(|(environment, chosen)| chosen.of(environment));
    let environments = snapshot.environments.keys().cloned().zip(records).collect();
    Snapshot { environments, sources: snapshot.sources.clone() }
}

/// The records that were chosen of an environment.
struct Chosen<'a> {
    index: &'a RecordIndex,
    /// By target.
    positions: BTreeMap<&'a str, BTreeSet<u32>>,
}

impl<'a> Chosen<'a> {
    fn new(index: &'a RecordIndex) -> Self {
        Self { index, positions: BTreeMap::new() }
    }

    /// Adds the records of a digest, and answers the deployments that they are of.
    fn add_digest(&mut self, digest: Digest) -> Vec<&'a str> {
        let found =
            self.index.of_digest(digest).iter().filter_map(|position| Some((*position, self.index.at(*position)?)));
        let mut names = Vec::new();
        for (position, record) in found {
            self.positions.entry(&record.environment_name).or_default().insert(position);
            names.push(&*record.deployment_name);
        }
        names
    }

    /// Adds the slots of these deployments, and answers which digests are the newest of their kind there.
    fn add_slots(&mut self, names: &BTreeSet<&str>) -> Vec<Digest> {
        let mut holders = Vec::new();
        for (target, slots) in self.index.by_slot() {
            for history in names.iter().filter_map(|name| slots.get(*name)) {
                self.positions.entry(target).or_default().extend(history);
                holders.extend(newest_of_each_kind(history.iter().filter_map(|position| self.index.at(*position))));
            }
        }
        holders
    }

    /// Adds a slot of each target of which nothing was chosen: a target without records is another matter than one whose
    /// records are not looked at.
    fn add_any_slot_of_others(&mut self) {
        for (target, slots) in self.index.by_slot() {
            if let (None, Some(history)) = (self.positions.get(&**target), slots.values().next()) {
                self.positions.entry(target).or_default().extend(history);
            }
        }
    }

    fn of(self, environment: &EnvironmentRecords) -> EnvironmentRecords {
        let records = self.positions.into_values().flatten().filter_map(|position| self.index.at(position).cloned());
        EnvironmentRecords::new(
            environment.environment.clone(),
            records.collect(),
            environment.observed_at,
            environment.incomplete.clone(),
        )
    }
}
