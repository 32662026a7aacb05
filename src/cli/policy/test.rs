//! The command line of `policy test`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use regex::Regex;

use super::super::{instant, length_of_time, regex};
use crate::output::policy_tests::{CoverageFormat, TestFormat};

const AFTER_HELP: &str = "\
Exit codes:
  0  every test passed, and the coverage is not under the threshold
  1  a test failed or could not be evaluated, or the coverage is under the threshold
  2  wrong usage, policies that cannot be loaded, or nothing to test

Examples:
  holdpoint policy test
  holdpoint policy test policies/ --run soak_time --verbose
  holdpoint policy test --coverage --threshold 90
  holdpoint policy test --format junit > tests.xml
  holdpoint policy test --coverage=lcov --coverage-output lcov.info";

/// Arguments of `policy test`.
#[derive(Args, Clone, Debug)]
#[command(after_help = AFTER_HELP, after_long_help = AFTER_HELP)]
pub struct TestArgs {
    /// Files and folders with policies and their tests.
    #[arg(value_name = "PATH", default_value = "policies/")]
    pub paths: Vec<PathBuf>,
    /// Run only tests whose name, such as `data.release.freeze_test.test_frozen`, matches.
    #[arg(short, long, value_name = "REGEX", value_parser = regex)]
    pub run: Option<Regex>,
    /// Show tests that passed too, and what they printed.
    #[arg(short, long)]
    pub verbose: bool,
    /// How to write the results.
    #[arg(short, long, value_enum, default_value_t)]
    pub format: TestFormat,
    /// How long one test may take.
    #[arg(long, value_name = "DURATION", value_parser = limit, default_value = "5s", allow_hyphen_values = true)]
    pub timeout: Duration,
    /// What `time.now_ns()` answers in tests (RFC 3339).
    #[arg(long, value_name = "TIME", value_parser = instant, default_value = "2026-01-01T00:00:00Z")]
    pub as_of: Timestamp,
    /// Run again whenever a policy changes, until Ctrl-C; then the exit code is that of the last run.
    #[arg(short, long)]
    pub watch: bool,
    /// Report which lines of the policies the tests reach. As JSON or LCOV it takes the place of the results on
    /// standard output, which go to standard error.
    #[arg(short, long, value_enum, value_name = "FORMAT", num_args = 0..=1, require_equals = true,
          default_missing_value = "text", help_heading = "Coverage")]
    pub coverage: Option<CoverageFormat>,
    /// Write the coverage to this file.
    #[arg(long, value_name = "FILE", requires = "coverage", help_heading = "Coverage")]
    pub coverage_output: Option<PathBuf>,
    /// Fail when fewer than this many of a hundred lines are reached.
    #[arg(long, value_name = "PERCENT", value_parser = percent, allow_hyphen_values = true, help_heading = "Coverage")]
    pub threshold: Option<f64>,
}

fn limit(text: &str) -> Result<Duration, String> {
    match length_of_time(text)? {
        Duration::ZERO => Err("no test takes no time; write `5s`".to_owned()),
        duration => Ok(duration),
    }
}

fn percent(text: &str) -> Result<f64, &'static str> {
    let percent: Option<f64> = text.parse().ok();
    percent.filter(|percent| (0.0..=100.0).contains(percent)).ok_or("write a number from 0 to 100")
}
