//! The records as policies see them: `data.holdpoint`, built once per snapshot and shared by all evaluations.
//!
//! regorus has no rule indexing: a policy that scans 100,000 records takes 0.1 s, one that looks a digest up in an
//! index takes microseconds. So the indexes are built here. Every record is one shared value, and so are the texts
//! and artifacts that records repeat.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use regorus::Value;
use regorus::value::Object;

use crate::domain::artifact::RecordedArtifact;
use crate::domain::record::{DeploymentRecord, RecordDetails};
use crate::domain::snapshot::{EnvironmentRecords, RecordIndex, Snapshot};

/// The package that the records live under; no policy may define it.
pub(super) const ROOT: &str = "holdpoint";

/// Builds the `data` document: `{"holdpoint": {environments, records}}`.
pub(super) fn document(snapshot: &Snapshot) -> Value {
    let mut builder = Builder::default();
    let of_environment = |(name, environment): (&String, &EnvironmentRecords)| {
        let records = environment.index().records().iter().map(|record| builder.record(record)).collect::<Vec<_>>();
        (text(name), records)
    };
    let values: Vec<(Value, Vec<Value>)> = snapshot.environments.iter().map(of_environment).collect();
    let by_digest = by_digest(snapshot, &values);
    let indexes = || snapshot.environments.values().map(EnvironmentRecords::index).zip(&values);
    let by_slot = map(indexes().map(|(index, (name, records))| (name.clone(), by_slot(index, records))));
    let by_environment = map(values.into_iter().map(|(name, records)| (name, Value::from(records))));
    let environments = snapshot.environments.iter().map(|(name, records)| (text(name), environment_value(records)));
    object([(
        ROOT,
        object([
            ("environments", map(environments)),
            ("records", object([("by_environment", by_environment), ("by_digest", by_digest), ("by_slot", by_slot)])),
        ]),
    )])
}

fn environment_value(records: &EnvironmentRecords) -> Value {
    let environment = &records.environment;
    object([
        ("name", text(&environment.name)),
        ("after", texts(&environment.after)),
        ("targets", texts(&environment.targets)),
        ("source", text(&environment.source)),
        ("observed_at", records.observed_at.map_or(Value::Null, time)),
        ("complete", Value::Bool(records.incomplete.is_none())),
    ])
}

/// `{digest: {environment: [record]}}`. The environments' digests are walked side by side, since each list is in
/// ascending order: nothing but the result takes room.
fn by_digest(snapshot: &Snapshot, values: &[(Value, Vec<Value>)]) -> Value {
    let indexes = snapshot.environments.values().map(EnvironmentRecords::index);
    let mut walks: Vec<_> = indexes.zip(values).map(|(index, values)| (index.by_digest().peekable(), values)).collect();
    map(std::iter::from_fn(|| {
        let next = walks.iter_mut().filter_map(|(walk, _)| walk.peek().map(|group| group.artifact));
        let artifact = next.min_by_key(|artifact| artifact.digest)?;
        let environments = walks.iter_mut().filter_map(|(walk, (name, records))| {
            let group = walk.next_if(|group| group.artifact.digest == artifact.digest)?;
            Some((name.clone(), pick(records, group.positions)))
        });
        // A digest has one spelling, so the text of any of its records is the key.
        Some((shared(&artifact.digest_text), map(environments)))
    }))
}

/// `{target: {deployment name: [record]}}` of one environment.
fn by_slot(index: &RecordIndex, records: &[Value]) -> Value {
    map(index.by_slot().iter().map(|(target, deployments)| {
        let deployments = deployments.iter().map(|(name, positions)| (shared(name), pick(records, positions)));
        (shared(target), map(deployments))
    }))
}

/// The records at these positions, in a list without spare room: there are as many lists as digests and slots.
fn pick(records: &[Value], positions: &[u32]) -> Value {
    let mut picked = Vec::with_capacity(positions.len());
    picked.extend(positions.iter().filter_map(|position| records.get(usize::try_from(*position).ok()?).cloned()));
    Value::from(picked)
}

/// Makes record values that share what repeats.
struct Builder {
    keys: Keys,
    /// By their place in memory, which a snapshot's artifacts keep: sources give equal ones one place.
    artifacts: HashMap<*const RecordedArtifact, Value>,
    statuses: HashMap<String, Value>,
    times: Times,
}

impl Default for Builder {
    fn default() -> Self {
        Self { keys: Keys::new(), artifacts: HashMap::new(), statuses: HashMap::new(), times: Times::default() }
    }
}

/// The keys of a record, shared by all records; sorted, since a map of sorted keys is built at once.
struct Keys {
    record: [Value; 10],
    artifact: [Value; 4],
}

impl Keys {
    fn new() -> Self {
        let record = [
            "artifact",
            "artifact_id",
            "created_at",
            "deployment_name",
            "environment_id",
            "environment_name",
            "id",
            "last_seen_at",
            "status",
            "updated_at",
        ];
        Self { record: record.map(text), artifact: ["digest", "kind", "name", "version"].map(text) }
    }
}

impl Builder {
    fn record(&mut self, record: &DeploymentRecord) -> Value {
        let values = [
            self.artifact(&record.artifact),
            shared(&record.artifact_id),
            self.times.value(record.created_at),
            shared(&record.deployment_name),
            shared(&record.environment_id),
            shared(&record.environment_name),
            shared(&record.id),
            self.times.value(record.last_seen_at),
            self.status(record.status.as_str()),
            self.times.value(record.updated_at),
        ];
        let mut object = Object::from(self.keys.record.iter().cloned().zip(values).collect::<BTreeMap<_, _>>());
        if let Some(details) = &record.details {
            add_details(&mut object, details);
        }
        object.into_value()
    }

    fn artifact(&mut self, artifact: &Arc<RecordedArtifact>) -> Value {
        if let Some(value) = self.artifacts.get(&Arc::as_ptr(artifact)) {
            return value.clone();
        }
        let values = [
            shared(&artifact.digest_text),
            text(artifact.kind.as_str()),
            shared(&artifact.name),
            shared(&artifact.version),
        ];
        let value = map(self.keys.artifact.iter().cloned().zip(values));
        self.artifacts.insert(Arc::as_ptr(artifact), value.clone());
        value
    }

    fn status(&mut self, status: &str) -> Value {
        if let Some(value) = self.statuses.get(status) {
            return value.clone();
        }
        let value = text(status);
        self.statuses.insert(status.to_owned(), value.clone());
        value
    }
}

/// How many times are remembered. Times repeat among neighbours, since records are in the order of theirs.
const REMEMBERED_TIMES: usize = 50_000;

/// Writes each time once: a record's three times are often one, and most records change when the next one enters the
/// slot.
#[derive(Default)]
struct Times(HashMap<Timestamp, Value>);

impl Times {
    fn value(&mut self, instant: Option<Timestamp>) -> Value {
        let Some(instant) = instant else { return Value::Null };
        if self.0.len() == REMEMBERED_TIMES {
            self.0.clear();
        }
        self.0.entry(instant).or_insert_with(|| time(instant)).clone()
    }
}

fn add_details(object: &mut Object, details: &RecordDetails) {
    if let Some(name) = &details.logical_environment_name {
        object.insert(text("logical_environment_name"), shared(name));
    }
    if let Some(tags) = &details.tags {
        object.insert(text("tags"), map(tags.iter().map(|(key, value)| (text(key), text(value)))));
    }
    if let Some(risks) = &details.runtime_risks {
        object.insert(text("runtime_risks"), texts(risks));
    }
}

/// RFC 3339 in UTC.
pub(super) fn time(instant: Timestamp) -> Value {
    text(&instant.to_string())
}

pub(super) fn text(text: &str) -> Value {
    Value::String(Arc::from(text))
}

pub(super) fn texts(texts: &[String]) -> Value {
    Value::from(texts.iter().map(|entry| text(entry)).collect::<Vec<_>>())
}

pub(super) fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    map(fields.into_iter().map(|(key, value)| (text(key), value)))
}

/// An object in the engine's compact form: exact in size, sorted, found by bisection.
fn map(fields: impl IntoIterator<Item = (Value, Value)>) -> Value {
    Object::from(fields.into_iter().collect::<BTreeMap<_, _>>()).into_value()
}

fn shared(text: &Arc<str>) -> Value {
    Value::String(Arc::clone(text))
}

#[cfg(test)]
mod tests;
