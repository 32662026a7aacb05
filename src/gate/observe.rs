//! Reading the records that a decision needs, from every source that has them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinSet;

use crate::domain::environment::{Environment, EnvironmentGraph};
use crate::domain::overrides::{OverrideNotice, Overrides};
use crate::domain::request::Request;
use crate::domain::snapshot::{EnvironmentRecords, Snapshot, SourceReport};

use super::engine::{PreparedRules, RuleError};
use super::related::narrowed;
use super::source::{
    EnvironmentQuery, Fetched, FetchedEnvironment, Progress, RecordQuery, Related, SourceError, SourceErrorKind,
};
use super::{ConfiguredSource, Gate};

/// How far the clocks of holdpoint and of a record source may differ.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);

/// A reason not to trust the records of an environment. It makes every decision on them undecided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordFault {
    /// A stable word for machines.
    pub code: &'static str,
    /// What happened.
    pub message: String,
    /// What to do about it.
    pub remediation: String,
}

/// What the sources knew of an environment and those before it, ready for questions.
pub struct Observation {
    /// The environment it was made for.
    pub environment: Environment,
    /// The records.
    pub snapshot: Arc<Snapshot>,
    /// Sources that failed.
    pub failures: Vec<RecordFault>,
    /// The rules with these records, or why they could not take them. Empty when a source failed.
    pub(super) rules: Option<Result<Box<dyn PreparedRules>, RuleError>>,
    /// The overrides, or why there are none, when the configuration has a place for them.
    pub(super) overrides: Option<Result<Overrides, OverrideNotice>>,
    /// When reading began; none when that is of no interest to decisions.
    pub(super) started: Option<Instant>,
}

impl Observation {
    /// The same for many questions over time: what a decision says of its duration is without the reading.
    #[must_use]
    pub fn kept(self) -> Self {
        Self { started: None, ..self }
    }

    /// The same for a decision that is made again: overrides are held against that instant alone, and not against the
    /// clock.
    #[must_use]
    pub fn as_of(mut self, instant: Timestamp) -> Self {
        if let Some(Ok(overrides)) = &mut self.overrides {
            overrides.read_at = instant;
        }
        self
    }

    /// Why the records cannot carry a decision at this instant: failed sources, incomplete and old records.
    #[must_use]
    pub fn faults(&self, as_of: Timestamp) -> Vec<RecordFault> {
        let fault = |records| Self::fault_of(records, as_of);
        self.failures.iter().cloned().chain(self.snapshot.environments.values().filter_map(fault)).collect()
    }

    /// Why the records of one environment cannot carry a decision at this instant.
    pub(super) fn fault_of(records: &EnvironmentRecords, as_of: Timestamp) -> Option<RecordFault> {
        incompleteness(records).or_else(|| age_fault(records, as_of))
    }

    /// Why the read did not bring all that was asked for: failed sources, incomplete records, rules that could not take
    /// them. How old the records are is no part of it.
    #[must_use]
    pub fn shortfalls(&self) -> Vec<RecordFault> {
        let refused = self.rules.as_ref().and_then(|rules| rules.as_ref().err()).map(RecordFault::from);
        self.untimely_faults().into_iter().chain(refused).collect()
    }

    /// Those of the [`Self::faults`] that do not come from the records' age.
    pub(super) fn untimely_faults(&self) -> Vec<RecordFault> {
        self.failures.iter().cloned().chain(self.snapshot.environments.values().filter_map(incompleteness)).collect()
    }
}

impl From<&RuleError> for RecordFault {
    fn from(error: &RuleError) -> Self {
        Self { code: error.code, message: error.message.clone(), remediation: error.remediation.clone() }
    }
}

fn incompleteness(records: &EnvironmentRecords) -> Option<RecordFault> {
    let reason = records.incomplete.as_ref()?;
    Some(RecordFault {
        code: SourceErrorKind::Incomplete.code(),
        message: format!("the records of `{}` are incomplete: {reason}", records.environment.name),
        remediation: "a missing record could change the answer; read them again or complete the snapshot".to_owned(),
    })
}

fn age_fault(records: &EnvironmentRecords, as_of: Timestamp) -> Option<RecordFault> {
    let name = &records.environment.name;
    let limit = records.environment.max_record_age?;
    let age = records.observed_at.map(|observed_at| as_of.duration_since(observed_at));
    let (code, what) = match age {
        Some(age) if age < -CLOCK_SKEW => {
            ("records_too_new", format!("were seen {} after the instant asked about", rounded(-age)))
        }
        Some(age) if age <= limit => return None,
        Some(age) => ("records_too_old", format!("are {} old", rounded(age))),
        None => ("records_too_old", "are of unknown age".to_owned()),
    };
    Some(RecordFault {
        code,
        message: format!("the records of `{name}` {what}; `max_record_age` is {}", rounded(limit)),
        remediation: "read them again, or change `max_record_age`".to_owned(),
    })
}

/// One place that is the target of two environments proves nothing about their order: its records would count as the
/// earlier environment's and the later one's at once.
fn shared_targets(gate: &Gate, snapshot: &Snapshot) -> Vec<RecordFault> {
    let source =
        |records: &EnvironmentRecords| gate.sources.get(&records.environment.source).map(|found| &found.source);
    let same_source = |one: &EnvironmentRecords, other: &EnvironmentRecords| match (source(one), source(other)) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        _ => false,
    };
    let mut faults = Vec::new();
    for (name, records) in &snapshot.environments {
        let later = snapshot.environments.iter().filter(|(other, _records)| *other > name);
        for (other_name, other) in later.filter(|(_name, other)| same_source(records, other)) {
            let shared = records.environment.targets.iter().find(|target| other.environment.targets.contains(target));
            faults.extend(shared.map(|target| RecordFault {
                code: "target_shared",
                message: format!("`{target}` is a target of `{name}` and of `{other_name}`"),
                remediation: "give each environment targets of its own".to_owned(),
            }));
        }
    }
    faults
}

fn rounded(duration: SignedDuration) -> String {
    format!("{:#}", SignedDuration::from_secs(duration.as_secs()))
}

impl Gate {
    /// Reads the records of the environment and of those it comes after, and nothing else.
    ///
    /// Sources are read side by side. What fails is kept in the observation: a decision then says so.
    /// Returns `None` when the configuration has no such environment.
    pub async fn observe(&self, environment: &str, progress: Arc<dyn Progress>) -> Option<Observation> {
        self.observe_what_is(None, environment, progress).await
    }

    /// Like [`Self::observe`], for decisions about these requests alone: where the rules allow it, they see only what the
    /// requests rest on, and a source that can reads no more than that.
    pub async fn observe_for(
        &self,
        environment: &str,
        requests: &[Request],
        progress: Arc<dyn Progress>,
    ) -> Option<Observation> {
        self.environments.get(environment)?;
        let related = self.related(environment, requests);
        self.observe_what_is(related.map(Arc::new), environment, progress).await
    }

    async fn observe_what_is(
        &self,
        related: Option<Arc<Related>>,
        environment: &str,
        progress: Arc<dyn Progress>,
    ) -> Option<Observation> {
        let started = Instant::now();
        let environment = self.environments.get(environment)?.clone();
        let by_source = by_source(&self.environments, &environment.name);
        let mut reads = JoinSet::new();
        for (name, environments) in &by_source {
            self.start_read(&mut reads, name, environments, related.as_ref(), &progress);
        }
        let mut snapshot = Snapshot::default();
        let mut failures = Vec::new();
        let mut results: Vec<SourceRead> = Vec::new();
        while let Some(joined) = reads.join_next().await {
            match joined {
                Ok(read) => results.push(read),
                Err(error) => failures.push(crashed(&error)),
            }
        }
        results.sort_by(|one, other| one.name.cmp(&other.name));
        for read in results {
            let environments = by_source.get(read.name.as_str()).map(Vec::as_slice).unwrap_or_default();
            add_read(&mut snapshot, &mut failures, read, environments);
        }
        failures.extend(shared_targets(self, &snapshot));
        // As its source resolved it: with the targets of its logical environment.
        let resolved = snapshot.environments.get(&environment.name).map(|records| records.environment.clone());
        let environment = resolved.unwrap_or(environment);
        let snapshot = Arc::new(snapshot);
        let rules = if failures.is_empty() { Some(self.prepare(&snapshot, related).await) } else { None };
        // Last, so that the clock they are held against is the newest.
        let overrides = self.read_overrides().await;
        Some(Observation { environment, snapshot, failures, rules, overrides, started: Some(started) })
    }

    /// An observation without records, for [`Self::undecided`]. Returns `None` when the configuration
    /// has no such environment.
    #[must_use]
    pub fn unobserved(&self, environment: &str) -> Option<Observation> {
        let environment = self.environments.get(environment)?.clone();
        let (snapshot, failures) = (Arc::default(), Vec::new());
        Some(Observation { environment, snapshot, failures, rules: None, overrides: None, started: None })
    }

    /// Large snapshots take long: that is for a thread that may block. It is the one that parsed them, as a rule, so
    /// the room that parsing left over is used again.
    async fn prepare(
        &self,
        snapshot: &Arc<Snapshot>,
        related: Option<Arc<Related>>,
    ) -> Result<Box<dyn PreparedRules>, RuleError> {
        let (engine, snapshot) = (Arc::clone(&self.engine), Arc::clone(snapshot));
        let prepare = move || match related {
            Some(related) => engine.prepare(&Arc::new(narrowed(&snapshot, &related))),
            None => engine.prepare(&snapshot),
        };
        let prepared = tokio::task::spawn_blocking(prepare).await;
        prepared.unwrap_or_else(|error| {
            Err(RuleError {
                code: "rule_error",
                message: format!("the records could not be given to the policies: {error}"),
                remediation: "this is a defect of holdpoint; please report it".to_owned(),
            })
        })
    }

    /// Reading files is for a thread that may block.
    async fn read_overrides(&self) -> Option<Result<Overrides, OverrideNotice>> {
        let source = self.overrides.clone()?;
        let read = tokio::task::spawn_blocking(move || source.read()).await;
        Some(read.map_err(|error| OverrideNotice {
            code: "override_unreadable",
            message: format!("the overrides could not be read, and none applies: {error}"),
            remediation: "this is a defect of holdpoint; please report it".to_owned(),
            location: None,
        }))
    }

    fn start_read(
        &self,
        reads: &mut JoinSet<SourceRead>,
        name: &str,
        environments: &[&Environment],
        related: Option<&Arc<Related>>,
        progress: &Arc<dyn Progress>,
    ) {
        let name = name.to_owned();
        let progress = Arc::clone(progress);
        let Some(configured) = self.sources.get(&name).cloned() else {
            let error = SourceError::new(
                SourceErrorKind::File,
                format!("there is no record source `{name}`"),
                "define it under `sources`",
            );
            reads.spawn(async move { SourceRead { name, kind: "unknown", related_only: false, result: Err(error) } });
            return;
        };
        let query = configured.query(environments);
        let source = configured.source;
        let related = related.cloned();
        reads.spawn(async move {
            let narrowed = match &related {
                Some(related) => source.fetch_related(&query, related, &*progress).await,
                None => Ok(None),
            };
            let related_only = matches!(narrowed, Ok(Some(_)));
            let result = match narrowed.transpose() {
                Some(result) => result,
                None => source.fetch(&query, &*progress).await,
            };
            SourceRead { name, kind: source.kind(), related_only, result }
        });
    }
}

/// Says to the sources what [`Gate::observe`] will ask them for, so that they may begin.
pub fn begin(environments: &EnvironmentGraph, sources: &BTreeMap<String, ConfiguredSource>, environment: &str) {
    for (name, environments) in by_source(environments, environment) {
        if let Some(configured) = sources.get(name) {
            configured.source.begin(&configured.query(&environments));
        }
    }
}

/// The environment and those it comes after, by the source that has their records.
fn by_source<'a>(environments: &'a EnvironmentGraph, environment: &str) -> BTreeMap<&'a str, Vec<&'a Environment>> {
    let mut by_source: BTreeMap<&str, Vec<&Environment>> = BTreeMap::new();
    for needed in environments.lineage(environment) {
        by_source.entry(&needed.source).or_default().push(needed);
    }
    by_source
}

impl ConfiguredSource {
    fn query(&self, environments: &[&Environment]) -> RecordQuery {
        let environments = environments.iter().copied().map(EnvironmentQuery::from).collect();
        RecordQuery { environments, filters: self.filters.clone() }
    }
}

struct SourceRead {
    name: String,
    kind: &'static str,
    related_only: bool,
    result: Result<Fetched, SourceError>,
}

fn crashed(error: &tokio::task::JoinError) -> RecordFault {
    RecordFault {
        code: "source_crashed",
        message: format!("a record source stopped unexpectedly: {error}"),
        remediation: "this is a defect of holdpoint; please report it".to_owned(),
    }
}

fn add_read(snapshot: &mut Snapshot, failures: &mut Vec<RecordFault>, read: SourceRead, environments: &[&Environment]) {
    let report = |observed_at, complete, records, digest| SourceReport {
        name: read.name.clone(),
        kind: read.kind,
        observed_at,
        complete,
        records,
        related_only: read.related_only,
        digest,
    };
    match read.result {
        Ok(fetched) if fetched.environments.len() == environments.len() => {
            let complete = fetched.environments.iter().all(|environment| environment.incomplete.is_none());
            let count = fetched.environments.iter().map(|environment| environment.records.len()).sum();
            snapshot.sources.push(report(fetched.observed_at, complete, count, Some(fetched.digest)));
            for (environment, records) in environments.iter().zip(fetched.environments) {
                let records = environment_records(environment, records, fetched.observed_at);
                let records = if read.related_only { records.related_only() } else { records };
                snapshot.environments.insert(environment.name.clone(), records);
            }
        }
        Ok(_) => {
            snapshot.sources.push(report(None, false, 0, None));
            failures.push(RecordFault {
                code: SourceErrorKind::Incomplete.code(),
                message: format!("record source `{}` did not answer for every environment", read.name),
                remediation: "this is a defect of holdpoint; please report it".to_owned(),
            });
        }
        Err(error) => {
            snapshot.sources.push(report(None, false, 0, None));
            failures.push(RecordFault {
                code: error.kind.code(),
                message: format!("record source `{}`: {}", read.name, error.message),
                remediation: error.remediation,
            });
        }
    }
}

fn environment_records(
    environment: &Environment,
    fetched: FetchedEnvironment,
    observed_at: Option<Timestamp>,
) -> EnvironmentRecords {
    let environment = Environment { targets: fetched.targets, ..environment.clone() };
    EnvironmentRecords::new(environment, fetched.records, observed_at, fetched.incomplete)
}
