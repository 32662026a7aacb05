//! The command line of `policy lint`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::domain::lint::Severity;
use crate::output::lint::LintFormat;

const EXIT_CODES: &str = "\
Exit codes:
  0  nothing was found that matters as much as `--fail-on`
  1  something was
  2  wrong usage, or policies that cannot be read

A finding is accepted by a comment on its line or directly above:
  # holdpoint-lint-ignore: CODE reason

Examples:
  holdpoint policy lint
  holdpoint policy lint policies/ --format github
  holdpoint policy lint --explain unknown_input";

/// Arguments of `policy lint`.
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub struct LintArgs {
    /// Files and folders with policies and their tests, bundles (`.tar.gz`), or `oci://…` with a digest. Default: the
    /// files and folders of the configuration.
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// The configuration, when no path is given.
    #[arg(short, long, value_name = "FILE", default_value = "holdpoint.yaml", env = "HOLDPOINT_CONFIG")]
    pub config: PathBuf,
    /// How to write the findings.
    #[arg(short, long, value_enum, default_value_t)]
    pub format: LintFormat,
    /// Write the findings to this file instead of standard output.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Fail when something matters at least as much as this.
    #[arg(long, value_enum, value_name = "SEVERITY", default_value = "warning")]
    pub fail_on: SeverityArg,
    /// Say what a finding means and how to repair it, or `all` of them, and look for nothing.
    #[arg(long, value_name = "CODE", conflicts_with_all = ["paths", "format", "output"])]
    pub explain: Option<String>,
}

/// [`Severity`] as the command line names it.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum SeverityArg {
    /// The policy cannot be loaded, or does not do what it says.
    Error,
    /// Most likely a mistake.
    Warning,
    /// Worth knowing.
    Note,
}

impl From<SeverityArg> for Severity {
    fn from(severity: SeverityArg) -> Self {
        match severity {
            SeverityArg::Error => Self::Error,
            SeverityArg::Warning => Self::Warning,
            SeverityArg::Note => Self::Note,
        }
    }
}
