//! Tests of policies: rules named `test_…`, run in the engine that decides, behind the same guards.
//!
//! A test passes when it is `true`. What OPA has and regorus lacks is done here:
//!
//! | what | how |
//! | --- | --- |
//! | two tests of one name, of which the engine would ask for either | the second is renamed before it is loaded (`suite`) |
//! | the cases of `test_name[case]` that fail: the engine only tells of the others | a rule of holdpoint's lists all (`probe`) |
//! | which statement of a test was not true | rules of holdpoint's evaluate its beginning, up to each statement (`explain`) |
//!
//! Each test runs in a copy of the engine on a thread of its own, so that one that panics or never ends harms no other.

mod coverage;
mod explain;
mod probe;
mod run;
mod suite;
mod term;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use regex::Regex;

use crate::domain::policy_test::TestReport;

use super::super::LoadError;
use super::files::{self, Which};
use super::{PolicyFault, load, worker};

/// Which tests to run, and how.
#[derive(Clone, Debug)]
pub struct TestOptions {
    /// Only those whose full name, such as `data.release.freeze_test.test_frozen`, has a match in it.
    pub only: Option<Regex>,
    /// How long one test may take.
    pub timeout: Duration,
    /// What `time.now_ns()` answers.
    pub as_of: Timestamp,
    /// Whether to find out which lines are reached.
    pub coverage: bool,
}

/// Runs the tests in these files and folders.
///
/// # Errors
/// Every fault of the policies, or that there is nothing to test.
pub fn run_tests(paths: &[PathBuf], options: &TestOptions) -> Result<TestReport, LoadError<PolicyFault>> {
    let started = Instant::now();
    let as_of =
        i64::try_from(options.as_of.as_nanosecond()).map_err(|_error| LoadError(vec![out_of_range(options)]))?;
    let files = files::read(paths, Which::PoliciesAndTests).map_err(|fault| LoadError(vec![fault]))?;
    let loading = worker::on_large_stack(|| suite::load(&files, options));
    let suite = loading.unwrap_or_else(|panic| Err(vec![load::crashed(&panic)])).map_err(LoadError)?;
    let (tests, reached) = run::all(&suite, options.timeout, as_of);
    let coverage = options.coverage.then(|| coverage::merge(suite.lines, &reached));
    Ok(TestReport { tests, coverage, duration: started.elapsed() })
}

fn out_of_range(options: &TestOptions) -> PolicyFault {
    let message = format!("the instant {} cannot be given to policies", options.as_of);
    PolicyFault::at("", (0, 0), "instant", message, "choose one between the years 1678 and 2262")
}
