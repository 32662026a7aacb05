//! A source, rules and a clock that do as they are told.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use holdpoint::admission::answer::Outcome;
use holdpoint::admission::review::{GroupVersionKind, GroupVersionResource, Operation, Review, User};
use holdpoint::admission::settings::{AdmissionSettings, NamePattern, PlacementRule, TextSource};
use holdpoint::domain::digest::Digest;
use holdpoint::domain::environment::EnvironmentGraph;
use holdpoint::domain::overrides::Overrides;
use holdpoint::domain::record::DeploymentRecord;
use holdpoint::domain::rule::{Enforcement, Rule, RuleKind};
use holdpoint::domain::snapshot::Snapshot;
use holdpoint::domain::verdict::Verdict;
use holdpoint::gate::engine::{
    Answer, Evaluated, Explained, PreparedRules, Question, RuleDescription, RuleEngine, RuleError, Sight, Statement,
};
use holdpoint::gate::overrides::OverrideSource;
use holdpoint::gate::source::{
    BoxFuture, Fetched, FetchedEnvironment, Progress, RecordFilters, RecordQuery, RecordSource, SourceError,
    SourceErrorKind,
};
use holdpoint::gate::{ConfiguredSource, Gate};
use holdpoint::server::clock::Clock;
use holdpoint::server::judge::tags::ResolveTag;
use holdpoint::server::judge::{Judge, Judgement, Parts};
use holdpoint::server::readmission::Readmissions;
use holdpoint::server::records::{RecordStatus, Records, Refreshing};
use serde_json::{Value, json};

use crate::support::world::{environment, record};

pub(super) const NEVER: Duration = Duration::from_secs(100_000);
/// A Friday.
const START: i64 = 1_763_640_000;

/// The digest with this number.
pub(super) fn digest(number: usize) -> Digest {
    format!("sha256:{number:064x}").parse().unwrap()
}

/// An image with this digest.
pub(super) fn image(number: usize) -> String {
    format!("ghcr.io/acme/storefront@{}", digest(number))
}

/// What a source does when it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mood {
    Good,
    Failing,
    Incomplete,
    Hanging,
    Panicking,
    Slow(Duration),
}

/// A source of records that counts its questions.
pub(super) struct Script {
    pub(super) mood: Mutex<Mood>,
    /// A question about this target gets no answer.
    pub(super) hangs: Mutex<Option<String>>,
    /// By target.
    pub(super) records: Mutex<BTreeMap<String, Vec<DeploymentRecord>>>,
    pub(super) fetches: AtomicUsize,
    running: AtomicUsize,
    /// The most questions at a time.
    pub(super) most: AtomicUsize,
    pub(super) clock: TestClock,
}

impl Script {
    pub(super) fn new(clock: &TestClock) -> Arc<Self> {
        Arc::new(Self {
            mood: Mutex::new(Mood::Good),
            hangs: Mutex::default(),
            records: Mutex::default(),
            fetches: AtomicUsize::new(0),
            running: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
            clock: clock.clone(),
        })
    }

    pub(super) fn is(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    /// What is deployed in a target.
    pub(super) fn deployed(&self, target: &str, digests: &[usize]) {
        let one = |number: &usize| record(*number, target, "storefront", &digest(*number).to_string(), Some(START));
        self.records.lock().unwrap().insert(target.to_owned(), digests.iter().map(one).collect());
    }

    pub(super) fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }

    fn answer(&self, query: &RecordQuery, incomplete: bool) -> Fetched {
        let records = self.records.lock().unwrap();
        let of = |targets: &[String]| FetchedEnvironment {
            targets: targets.to_vec(),
            records: targets.iter().flat_map(|target| records.get(target).cloned().unwrap_or_default()).collect(),
            incomplete: incomplete.then(|| "half of it".to_owned()),
        };
        let environments = query.environments.iter().map(|environment| of(&environment.targets)).collect();
        Fetched { environments, observed_at: Some(self.clock.now()), digest: digest(0) }
    }
}

impl RecordSource for Script {
    fn kind(&self) -> &'static str {
        "snapshot"
    }

    fn fetch<'a>(
        &'a self,
        query: &'a RecordQuery,
        _progress: &'a dyn Progress,
    ) -> BoxFuture<'a, Result<Fetched, SourceError>> {
        Box::pin(async move {
            self.fetches.fetch_add(1, Ordering::SeqCst);
            let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(running, Ordering::SeqCst);
            let hangs = self.hangs.lock().unwrap().clone();
            if hangs.is_some_and(|target| query.environments.iter().any(|asked| asked.targets.contains(&target))) {
                std::future::pending::<()>().await;
            }
            let mood = *self.mood.lock().unwrap();
            let answer = match mood {
                Mood::Good => Ok(self.answer(query, false)),
                Mood::Incomplete => Ok(self.answer(query, true)),
                Mood::Failing => Err(SourceError::new(SourceErrorKind::Connection, "nobody listens", "wait")),
                Mood::Hanging => std::future::pending().await,
                Mood::Panicking => panic!("a source that panics"),
                Mood::Slow(time) => {
                    // What it has seen at the beginning.
                    let answer = self.answer(query, false);
                    tokio::time::sleep(time).await;
                    Ok(answer)
                }
            };
            self.running.fetch_sub(1, Ordering::SeqCst);
            answer
        })
    }
}

/// Rules: production takes what is deployed in staging, staging takes everything. Shared by all observations.
#[derive(Default)]
pub(super) struct RuleScript {
    pub(super) evaluations: AtomicUsize,
    /// From this second to that, everything is held.
    pub(super) closed: Mutex<Option<(i64, i64)>>,
    /// Digests that production never takes, whatever is deployed.
    pub(super) banned: Mutex<Vec<Digest>>,
    /// Evaluating these takes so long.
    pub(super) slow: Mutex<BTreeMap<String, Duration>>,
    pub(super) panics: Mutex<Option<Digest>>,
    pub(super) failing: AtomicBool,
    /// Production takes everything too.
    pub(super) takes_all: AtomicBool,
    /// Stands for the text of the policies.
    pub(super) policies: AtomicUsize,
}

#[derive(Clone)]
pub(super) struct ScriptedRules(pub(super) Arc<RuleScript>);

impl RuleEngine for ScriptedRules {
    fn describe(&self, _rule: &Rule) -> RuleDescription {
        RuleDescription::default()
    }

    fn digest(&self) -> Digest {
        digest(self.0.policies.load(Ordering::SeqCst))
    }

    fn prepare(&self, snapshot: &Arc<Snapshot>) -> Result<Box<dyn PreparedRules>, RuleError> {
        Ok(Box::new(Prepared { script: Arc::clone(&self.0), snapshot: Arc::clone(snapshot) }))
    }
}

struct Prepared {
    script: Arc<RuleScript>,
    snapshot: Arc<Snapshot>,
}

impl Prepared {
    fn answer(&self, question: &Question<'_>) -> Result<Answer, RuleError> {
        let asked = question.request.artifact.digest;
        if self.script.failing.load(Ordering::SeqCst) {
            return Err(RuleError { code: "rule_error", message: "broken".into(), remediation: String::new() });
        }
        let say = |message: &str| Statement {
            message: message.to_owned(),
            code: "scripted".to_owned(),
            remediation: String::new(),
            records: Vec::new(),
            opens_at: None,
            location: None,
        };
        let second = question.as_of.as_second();
        let closed = self.script.closed.lock().unwrap().is_some_and(|(from, to)| (from..to).contains(&second));
        let holds = if closed { vec![say("it is closed")] } else { Vec::new() };
        let staging = self.snapshot.environments.get("staging");
        let runs = staging.is_some_and(|records| !records.index().of_digest(asked).is_empty());
        let banned = self.script.banned.lock().unwrap().contains(&asked);
        let takes_all = self.script.takes_all.load(Ordering::SeqCst) || question.environment.name != "production";
        let passes = takes_all || (runs && !banned);
        let denials = if passes { Vec::new() } else { vec![say("it never ran in staging")] };
        Ok(Answer { denials, holds, ..Answer::default() })
    }
}

impl PreparedRules for Prepared {
    fn evaluate(&self, question: &Question<'_>) -> Vec<Evaluated> {
        self.script.evaluations.fetch_add(1, Ordering::SeqCst);
        let asked = question.request.artifact.digest;
        let slow = self.script.slow.lock().unwrap().get(&asked.to_string()).copied();
        std::thread::sleep(slow.unwrap_or_default());
        assert!(*self.script.panics.lock().unwrap() != Some(asked), "a rule that panics");
        question.rules.iter().map(|_rule| self.answer(question).into()).collect()
    }

    fn see(&self, _question: &Question<'_>) -> Result<Sight, RuleError> {
        Ok(Sight { data: String::new(), inputs: Vec::new() })
    }

    fn explain(&self, _question: &Question<'_>) -> Vec<Result<Explained, RuleError>> {
        Vec::new()
    }
}

/// A clock that is set.
#[derive(Clone)]
pub(super) struct TestClock(Arc<AtomicI64>);

impl TestClock {
    pub(super) fn new() -> Self {
        Self(Arc::new(AtomicI64::new(START)))
    }

    pub(super) fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::from_second(self.second()).unwrap()
    }

    pub(super) fn second(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }

    pub(super) fn pass(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }

    pub(super) fn clock(&self) -> Clock {
        let own = self.clone();
        Arc::new(move || own.now())
    }
}

/// Overrides that are set.
#[derive(Default)]
pub(super) struct OverrideScript(pub(super) Mutex<Option<Overrides>>);

impl OverrideSource for OverrideScript {
    fn read(&self) -> Overrides {
        self.0.lock().unwrap().clone().unwrap()
    }
}

/// Everything a server has, but for the server.
pub(super) struct World {
    pub(super) clock: TestClock,
    pub(super) source: Arc<Script>,
    pub(super) rules: Arc<RuleScript>,
    pub(super) overrides: Option<Arc<OverrideScript>>,
    pub(super) settings: AdmissionSettings,
    pub(super) refresh: Duration,
    pub(super) stale_after: Duration,
    pub(super) file: Option<PathBuf>,
    pub(super) tags: Option<Arc<dyn ResolveTag>>,
    pub(super) max_record_age: Option<jiff::SignedDuration>,
    pub(super) evaluations: usize,
}

impl World {
    /// Digests 1 to 3 run in staging. What is in `prod` goes to production.
    pub(super) fn new() -> Self {
        let clock = TestClock::new();
        let source = Script::new(&clock);
        source.deployed("staging", &[1, 2, 3]);
        let to = |namespace: &str, environment: &str| PlacementRule {
            namespaces: vec![NamePattern(namespace.to_owned())],
            environment: TextSource::Fixed(environment.to_owned()),
            allowed: Vec::new(),
            default: None,
            deployment_name: None,
        };
        let settings = AdmissionSettings {
            placement: vec![to("prod", "production"), to("stage", "staging")],
            exempt_namespaces: vec![NamePattern("kube-system".to_owned())],
            readmit_max_age: Duration::from_hours(1),
            ..AdmissionSettings::default()
        };
        Self {
            clock,
            source,
            rules: Arc::default(),
            overrides: None,
            settings,
            refresh: NEVER,
            stale_after: Duration::from_mins(5),
            file: None,
            tags: None,
            max_record_age: None,
            evaluations: 2,
        }
    }

    pub(super) fn gate(&self) -> Arc<Gate> {
        let source = ConfiguredSource { source: Arc::<Script>::clone(&self.source), filters: RecordFilters::default() };
        let mut environments = vec![environment("staging", &[]), environment("production", &["staging"])];
        for environment in &mut environments {
            environment.max_record_age = self.max_record_age;
        }
        Arc::new(Gate {
            environments: EnvironmentGraph::new(environments).unwrap(),
            sources: BTreeMap::from([("records".to_owned(), source)]),
            rules: vec![Rule {
                id: "scripted".to_owned(),
                kind: RuleKind::Policy("scripted".to_owned()),
                environments: Vec::new(),
                parameters: json!({}),
                enforcement: Enforcement::Enforce,
                location: None,
            }],
            engine: Arc::new(ScriptedRules(Arc::clone(&self.rules))),
            when_no_rule_applies: Verdict::Undecided,
            overrides: self.overrides.clone().map(|overrides| -> Arc<dyn OverrideSource> { overrides }),
        })
    }

    pub(super) fn records(&self, environments: &[&str]) -> Arc<Records> {
        let environments = environments.iter().map(|name| (*name).to_owned()).collect();
        Records::new(self.gate(), environments, self.refresh, self.stale_after, self.clock.clock())
    }

    pub(super) fn readmissions(&self) -> Arc<Readmissions> {
        Readmissions::open(self.file.clone(), self.settings.readmit_max_age, self.clock.clock())
    }

    /// Starts all, and waits for the first reads.
    pub(super) async fn start(&self) -> Running {
        let running = self.start_with(self.readmissions());
        eventually("the first reads", || running.judge.records().tried()).await;
        running
    }

    pub(super) fn start_with(&self, readmissions: Arc<Readmissions>) -> Running {
        let records = self.records(&["staging", "production"]);
        let refreshing = records.start();
        let judge = Judge::new(Parts {
            gate: self.gate(),
            settings: Arc::new(self.settings.clone()),
            records,
            readmissions: Arc::clone(&readmissions),
            tags: self.tags.clone(),
            clock: self.clock.clock(),
            evaluations: self.evaluations,
        });
        Running { judge: Arc::new(judge), readmissions, _refreshing: refreshing }
    }
}

/// A server without sockets.
pub(super) struct Running {
    pub(super) judge: Arc<Judge>,
    pub(super) readmissions: Arc<Readmissions>,
    _refreshing: Refreshing,
}

impl Running {
    pub(super) async fn ask(&self, review: &Review) -> Judgement {
        self.judge.judge(review, None, Instant::now() + Duration::from_secs(10)).await
    }

    /// What comes of a pod with this image in production.
    pub(super) async fn outcome(&self, number: usize) -> Outcome {
        only(self.ask(&pod("prod", &[&image(number)])).await)
    }

    pub(super) async fn verdict(&self, number: usize) -> Verdict {
        self.outcome(number).await.verdict().unwrap()
    }

    pub(super) fn status(&self, environment: &str) -> RecordStatus {
        status(self.judge.records(), environment)
    }

    /// Waits until records have been read twice more, well or not: then a read has begun after this call. For short
    /// intervals.
    pub(super) async fn read_again(&self) {
        for environment in ["staging", "production"] {
            let ended = || {
                let status = self.status(environment);
                status.refreshes + status.failures
            };
            let target = ended() + 2;
            eventually("two reads", || ended() >= target).await;
        }
    }
}

pub(super) fn status(records: &Records, environment: &str) -> RecordStatus {
    records.statuses().into_iter().find(|status| status.environment == environment).unwrap()
}

/// The outcome for the only image.
pub(super) fn only(judgement: Judgement) -> Outcome {
    match judgement.conclusion {
        holdpoint::admission::answer::Conclusion::Judged(mut images) if images.len() == 1 => images.remove(0).outcome,
        other => panic!("{other:?}"),
    }
}

/// A pod with these images.
pub(super) fn pod(namespace: &str, images: &[&str]) -> Review {
    let containers: Vec<Value> =
        (0..).zip(images).map(|(index, image)| json!({"name": format!("c{index}"), "image": image})).collect();
    let kind = GroupVersionKind { group: String::new(), version: "v1".to_owned(), kind: "Pod".to_owned() };
    Review {
        uid: "uid-1".to_owned(),
        kind: kind.clone(),
        resource: GroupVersionResource::default(),
        sub_resource: None,
        request_kind: kind,
        request_resource: GroupVersionResource::default(),
        request_sub_resource: None,
        name: "web".to_owned(),
        namespace: namespace.to_owned(),
        operation: Operation::Create,
        user: User::default(),
        dry_run: false,
        object: Some(json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "web", "namespace": namespace},
            "spec": {"containers": containers},
        })),
        old_object: None,
    }
}

/// Waits for something that happens beside the test.
pub(super) async fn eventually(what: &str, happened: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !happened() {
        assert!(Instant::now() < deadline, "{what} did not happen");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
