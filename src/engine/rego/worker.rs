//! Threads that evaluate policies.
//!
//! Evaluation recurses with the policy, so it needs a larger stack than threads have by default; and one call of a
//! built-in function cannot be interrupted, so the caller waits on a channel and gives up when its time is over.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use regorus::Value;

use crate::gate::engine::{Answer, RuleError};

use super::Limits;
use super::builtins;
use super::data::{ROOT, object};
use super::engines::Engines;
use super::evaluate;
use super::package::{Package, Records};

/// Address space set aside for each thread; pages that are not touched cost nothing.
const STACK_BYTES: usize = 256 * 1024 * 1024;

/// Left to a rule beyond its own limit, which the engine looks at between steps.
pub(super) const GRACE: Duration = Duration::from_millis(500);

/// What came of one rule.
pub(super) type RuleResult = Result<Answer, RuleError>;

/// One question, as values.
pub(super) struct Job {
    /// Nanoseconds since 1970.
    pub(super) as_of_ns: i64,
    pub(super) rules: Vec<(Arc<Package>, Value)>,
}

/// Workers that share one template: engines with policies and records, never evaluated themselves.
pub(super) struct Pool {
    template: Engines,
    /// The records, as every policy sees them below `data.holdpoint`.
    records: Value,
    limits: Limits,
    idle: Mutex<Vec<Worker>>,
}

struct Worker {
    jobs: Sender<Job>,
    answers: Receiver<Vec<RuleResult>>,
}

impl Pool {
    pub(super) const fn new(template: Engines, records: Value, limits: Limits) -> Self {
        Self { template, records, limits, idle: Mutex::new(Vec::new()) }
    }

    /// Evaluates on an idle worker, or on a new one when all are busy.
    pub(super) fn evaluate(&self, mut job: Job) -> Vec<RuleResult> {
        let count = job.rules.len();
        if self.template.records() == Records::Asked {
            for (_package, input) in &mut job.rules {
                *input = object([("input", input.clone()), (ROOT, self.records.clone())]);
            }
        }
        match self.try_evaluate(job) {
            Ok(answers) => answers,
            Err(error) => vec![Err(error); count],
        }
    }

    fn try_evaluate(&self, job: Job) -> Result<Vec<RuleResult>, RuleError> {
        let rules = u32::try_from(job.rules.len()).unwrap_or(u32::MAX);
        let timeout = self.limits.evaluation.min(self.limits.rule.saturating_add(GRACE).saturating_mul(rules));
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let worker = idle.map_or_else(|| Worker::start(self.template.clone()), Ok)?;
        worker.jobs.send(job).map_err(|_closed| stopped())?;
        match worker.answers.recv_timeout(timeout) {
            Ok(answers) => {
                self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(worker);
                Ok(answers)
            }
            // The worker is left behind: when its call returns, it finds its channels closed and ends.
            Err(RecvTimeoutError::Timeout) => Err(overrun(timeout)),
            Err(RecvTimeoutError::Disconnected) => Err(stopped()),
        }
    }
}

impl Worker {
    fn start(template: Engines) -> Result<Self, RuleError> {
        let (jobs, incoming) = channel::<Job>();
        let (outgoing, answers) = channel();
        let work = move || {
            let mut engines = template.clone();
            for job in incoming {
                let evaluate =
                    |(package, input): &(Arc<Package>, Value)| guarded(&mut engines, &template, package, input);
                let results = builtins::at_instant(job.as_of_ns, || job.rules.iter().map(evaluate).collect());
                if outgoing.send(results).is_err() {
                    return;
                }
            }
        };
        spawn(work)?;
        Ok(Self { jobs, answers })
    }
}

/// A panic of the engine is an error of the rule, and the engine it happened in is thrown away.
fn guarded(engines: &mut Engines, template: &Engines, package: &Package, input: &Value) -> RuleResult {
    let records = engines.records();
    let Some(engine) = engines.of_mut(&package.name) else { return Err(unprepared(&package.name)) };
    let result = catch_unwind(AssertUnwindSafe(|| evaluate::package(engine, package, records, input.clone())));
    result.unwrap_or_else(|payload| {
        engines.renew(&package.name, template);
        Err(panicked(panic_text(&*payload)))
    })
}

fn spawn(work: impl FnOnce() + Send + 'static) -> Result<(), RuleError> {
    let thread = thread::Builder::new().name("holdpoint-rego".to_owned()).stack_size(STACK_BYTES);
    thread.spawn(work).map(drop).map_err(|error| not_started(&error))
}

/// Runs work that recurses with the policy, such as parsing, on a thread with a large stack.
///
/// # Errors
/// When the thread cannot be started or the work panics.
pub(super) fn on_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, String> {
    thread::scope(|scope| {
        let thread = thread::Builder::new().name("holdpoint-load".to_owned()).stack_size(STACK_BYTES);
        let handle = thread.spawn_scoped(scope, work).map_err(|error| error.to_string())?;
        handle.join().map_err(|payload| panic_text(&*payload).to_owned())
    })
}

/// Why work came to no end.
pub(super) enum Stopped {
    /// It took longer than it may, and goes on by itself.
    TimedOut,
    /// It panicked, with this message.
    Panicked(String),
    /// No thread could be started.
    NotStarted(std::io::Error),
}

impl Stopped {
    /// As what came of a rule that had this time.
    pub(super) fn rule_error(self, timeout: Duration) -> RuleError {
        match self {
            Self::TimedOut => overrun(timeout),
            Self::Panicked(message) => panicked(&message),
            Self::NotStarted(error) => not_started(&error),
        }
    }
}

/// Does the work on a thread of its own with a large stack, and waits for it no longer than this.
///
/// # Errors
/// When there is no result. Work that took too long is left behind: one call of a built-in cannot be interrupted.
pub(super) fn within<T: Send + 'static>(
    timeout: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Stopped> {
    let (sender, receiver) = channel();
    let guarded = move || {
        let result = catch_unwind(AssertUnwindSafe(work)).map_err(|payload| panic_text(&*payload).to_owned());
        // Nobody is there when it took too long.
        drop(sender.send(result));
    };
    let thread = thread::Builder::new().name("holdpoint-test".to_owned()).stack_size(STACK_BYTES);
    thread.spawn(guarded).map_err(Stopped::NotStarted)?;
    match receiver.recv_timeout(timeout) {
        Ok(result) => result.map_err(Stopped::Panicked),
        Err(RecvTimeoutError::Timeout) => Err(Stopped::TimedOut),
        Err(RecvTimeoutError::Disconnected) => Err(Stopped::Panicked("the thread stopped".to_owned())),
    }
}

fn panic_text(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

fn panicked(message: &str) -> RuleError {
    RuleError {
        code: "rule_panic",
        message: format!("the policy engine failed while evaluating: {message}"),
        remediation: "the policy calls a built-in function in a way the engine cannot handle; change that call"
            .to_owned(),
    }
}

fn overrun(timeout: Duration) -> RuleError {
    RuleError {
        code: "rule_timeout",
        message: format!("the policies took longer than {timeout:?} together"),
        remediation: "look records up in the indexes of `data.holdpoint` instead of scanning them".to_owned(),
    }
}

fn not_started(error: &std::io::Error) -> RuleError {
    RuleError {
        code: "rule_error",
        message: format!("no thread could be started to evaluate policies: {error}"),
        remediation: "check the limits on threads and memory".to_owned(),
    }
}

fn unprepared(policy: &str) -> RuleError {
    RuleError {
        code: "rule_error",
        message: format!("`{policy}` was not made ready to be evaluated"),
        remediation: "this is a defect of holdpoint; please report it".to_owned(),
    }
}

fn stopped() -> RuleError {
    RuleError {
        code: "rule_error",
        message: "the thread that evaluates policies stopped".to_owned(),
        remediation: "this is a defect of holdpoint; please report it".to_owned(),
    }
}
