//! Running tests, several at a time.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use regorus::{Engine, Value};

use crate::domain::finding::Location;
use crate::domain::policy_test::{Failure, PolicyTest, TestCase, TestOutcome};

use super::super::analysis::{TestKind, TestRule};
use super::super::worker::{self, GRACE, Stopped};
use super::super::{PolicyFault, builtins, fault};
use super::coverage::{self, Reached};
use super::suite::{Suite, Test};
use super::{explain, term};

/// The most lines that a test may print, and the most bytes of one.
const PRINTS: usize = 1_000;
const PRINT_BYTES: usize = 10_000;

/// Runs all tests, and says which lines they reached.
pub(super) fn all(suite: &Suite, timeout: Duration, as_of: i64) -> (Vec<PolicyTest>, Reached) {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::new());
    let lane = || {
        while let Some((number, test)) = take(&next, &suite.tests) {
            let result = one(suite, test, timeout, as_of);
            results.lock().unwrap_or_else(PoisonError::into_inner).push((number, result));
        }
    };
    let lanes = thread::available_parallelism().map_or(1, usize::from).min(suite.tests.len());
    thread::scope(|scope| {
        for _ in 1..lanes {
            // This thread does the work of those that cannot be started.
            drop(thread::Builder::new().spawn_scoped(scope, lane));
        }
        lane();
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(number, _result)| *number);
    let mut reached = Reached::new();
    let mut tests = Vec::new();
    for (_number, (test, lines)) in results {
        tests.push(test);
        for (path, lines) in lines {
            reached.entry(path).or_default().extend(lines);
        }
    }
    (tests, reached)
}

fn take<'a>(next: &AtomicUsize, tests: &'a [Test]) -> Option<(usize, &'a Test)> {
    let number = next.fetch_add(1, Ordering::Relaxed);
    tests.get(number).map(|test| (number, test))
}

/// What came of evaluating a test.
struct Evaluated {
    value: anyhow::Result<Value>,
    /// Every case, as a set of arrays.
    cases: Option<anyhow::Result<Value>>,
    prints: Vec<String>,
    reached: Reached,
}

fn one(suite: &Suite, test: &Test, timeout: Duration, as_of: i64) -> (PolicyTest, Reached) {
    let started = Instant::now();
    let rule = &test.rule;
    let mut reached = Reached::new();
    let (mut prints, mut cases) = (Vec::new(), Vec::new());
    let outcome = match rule.kind {
        TestKind::ToDo => TestOutcome::ToDo,
        TestKind::Function => TestOutcome::Errored(at(rule, "a test takes no arguments".to_owned())),
        TestKind::Plain | TestKind::Cases { .. } => match evaluate(&suite.engine, test, timeout, as_of) {
            Ok(evaluated) => {
                (prints, reached) = (evaluated.prints, evaluated.reached);
                let why = |case: Option<&Value>| explain::why(&suite.engine, rule, case, timeout, as_of);
                let outcome;
                let locate = |error| of_error(suite, rule, &error);
                let (value, listed) = (evaluated.value.map_err(locate), evaluated.cases.transpose().map_err(locate));
                (outcome, cases) = judge(rule, &value, &listed, &why);
                outcome
            }
            Err(stopped) => TestOutcome::Errored(at(rule, of_stop(&stopped, timeout))),
        },
    };
    let result = PolicyTest {
        package: rule.package.clone(),
        name: rule.name.clone(),
        location: Location { path: rule.file.clone(), line: rule.line },
        column: rule.column,
        outcome,
        cases,
        prints,
        duration: started.elapsed(),
    };
    (result, reached)
}

fn evaluate(engine: &Engine, test: &Test, timeout: Duration, as_of: i64) -> Result<Evaluated, Stopped> {
    let (mut engine, test) = (engine.clone(), test.clone());
    let work = move || {
        builtins::at_instant(as_of, || {
            let cases = test.cases.map(|path| engine.eval_rule(path));
            // The statements that list the cases print what they print again.
            drop(engine.take_prints());
            let value = engine.eval_rule(test.value);
            let prints = bounded(engine.take_prints().unwrap_or_default());
            Evaluated { value, cases, prints, reached: coverage::of(&engine) }
        })
    };
    worker::within(timeout.saturating_mul(2).saturating_add(GRACE), work)
}

fn judge(
    rule: &TestRule,
    value: &Result<Value, Failure>,
    cases: &Result<Option<Value>, Failure>,
    why: &dyn Fn(Option<&Value>) -> Option<Failure>,
) -> (TestOutcome, Vec<TestCase>) {
    match (value, cases) {
        (Err(failure), _) | (_, Err(failure)) => (TestOutcome::Errored(failure.clone()), Vec::new()),
        (Ok(Value::Bool(true)), Ok(None)) => (TestOutcome::Passed, Vec::new()),
        (Ok(value), Ok(None)) => (TestOutcome::Failed(failure(rule, value, why(None))), Vec::new()),
        (Ok(value), Ok(Some(Value::Set(listed)))) if !listed.is_empty() => {
            let cases: Vec<TestCase> = listed.iter().map(|case| judge_case(rule, value, case, why)).collect();
            let failed = cases.iter().filter(|case| case.failure.is_some()).count();
            let message = format!("{failed} of {} cases failed", cases.len());
            let outcome = if failed == 0 { TestOutcome::Passed } else { TestOutcome::Failed(at(rule, message)) };
            (outcome, cases)
        }
        (Ok(_), Ok(Some(_none))) => (TestOutcome::Failed(at(rule, "it has no cases".to_owned())), Vec::new()),
    }
}

fn judge_case(
    rule: &TestRule,
    value: &Value,
    case: &Value,
    why: &dyn Fn(Option<&Value>) -> Option<Failure>,
) -> TestCase {
    let keys = match case {
        Value::Array(keys) => keys.iter().cloned().collect(),
        _ => Vec::new(),
    };
    let found = keys.iter().try_fold(value, |value, key| match value {
        Value::Object(fields) => fields.get(key),
        _ => None,
    });
    let failure = match found {
        Some(Value::Bool(true)) => None,
        found => Some(failure(rule, found.unwrap_or(&Value::Undefined), why(Some(case)))),
    };
    TestCase { name: keys.iter().map(term::name).collect(), failure }
}

/// Why a value is not `true`: the statement that was not, or the value itself.
fn failure(rule: &TestRule, value: &Value, why: Option<Failure>) -> Failure {
    match value {
        Value::Undefined => why.unwrap_or_else(|| at(rule, "it is undefined".to_owned())),
        value => at(rule, format!("its value is not `true`, but {}", term::shown(value))),
    }
}

fn at(rule: &TestRule, message: String) -> Failure {
    let location = Some(Location { path: rule.file.clone(), line: rule.line });
    Failure { message, location, source: rule.source.clone(), values: Vec::new() }
}

/// At the place that the error names, if it is one of the policies.
fn of_error(suite: &Suite, rule: &TestRule, error: &anyhow::Error) -> Failure {
    let PolicyFault { path, line, message, .. } = fault::of_engine("", error);
    let number = usize::try_from(line).ok().and_then(|line| line.checked_sub(1));
    let source = number.and_then(|number| suite.sources.get(&path)?.lines().nth(number));
    match source {
        Some(source) => Failure {
            message,
            source: source.trim().to_owned(),
            location: Some(Location { path, line }),
            values: Vec::new(),
        },
        None => at(rule, message),
    }
}

fn of_stop(stopped: &Stopped, timeout: Duration) -> String {
    match stopped {
        Stopped::TimedOut => format!("it took longer than {timeout:?}"),
        Stopped::Panicked(message) => format!("the policy engine failed while evaluating: {message}"),
        Stopped::NotStarted(error) => format!("no thread could be started: {error}"),
    }
}

fn bounded(mut prints: Vec<String>) -> Vec<String> {
    let more = prints.len().saturating_sub(PRINTS);
    prints.truncate(PRINTS);
    for line in &mut prints {
        let end = line.floor_char_boundary(PRINT_BYTES);
        line.truncate(end);
    }
    if more > 0 {
        prints.push(format!("… and {more} more"));
    }
    prints
}
