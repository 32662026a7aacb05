//! The command line of `plugin test`.

use std::path::PathBuf;

use clap::Args;
use regex::Regex;

use super::super::regex;
use crate::output::policy_tests::TestFormat;

const AFTER_HELP: &str = "\
Exit codes:
  0  every case passed
  1  a case failed or could not be evaluated
  2  wrong usage, or nothing to test

Examples:
  holdpoint plugin test plugins/change-ticket
  holdpoint plugin test plugins --run freeze --verbose
  holdpoint plugin test . --plugin target/change-ticket.wasm
  holdpoint plugin test . --update
  holdpoint plugin test . --format junit > tests.xml";

/// Arguments of `plugin test`.
#[derive(Args, Clone, Debug)]
#[command(after_help = AFTER_HELP, after_long_help = AFTER_HELP)]
pub struct TestArgs {
    /// Folders of plugins with their cases, or files of cases.
    #[arg(value_name = "PATH", default_value = ".")]
    pub paths: Vec<PathBuf>,
    /// Test this component, whatever the cases name.
    #[arg(long, value_name = "FILE")]
    pub plugin: Option<PathBuf>,
    /// Run only cases whose title or path matches.
    #[arg(short, long, value_name = "REGEX", value_parser = regex)]
    pub run: Option<Regex>,
    /// Write what comes into the files of cases that fail, as what they expect.
    #[arg(short, long)]
    pub update: bool,
    /// Show cases that passed too, and what plugins wrote to their log.
    #[arg(short, long)]
    pub verbose: bool,
    /// How to write the results.
    #[arg(short, long, value_enum, default_value_t)]
    pub format: TestFormat,
}
