//! `replay`: a decision made again.

use std::path::PathBuf;

use clap::Args;

use crate::output::replay::ReplayFormat;

use super::{ConfigArgs, PolicyArgs};

const EXAMPLES: &str = "\
Examples:
  holdpoint replay decision.json --records snapshot.json
  holdpoint replay decision.json --records snapshot.json --config holdpoint.yaml --format json

Exit codes:
  0  everything came out the same
  1  something differs: the verdict, or what it rests on
  2  wrong usage or configuration
  3  it cannot be replayed";

/// Arguments of `replay`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct ReplayArgs {
    /// The decision document, as `check --format json` wrote it.
    #[arg(value_name = "FILE")]
    pub decision: PathBuf,
    /// Where configuration and records are.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Where policies are.
    #[command(flatten)]
    pub policies: PolicyArgs,
    /// How to write what differs.
    #[arg(short, long, value_enum, default_value_t)]
    pub format: ReplayFormat,
}
