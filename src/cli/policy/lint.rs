//! The command line of `policy lint`.

use clap::Args;

/// Arguments of `policy lint`.
#[derive(Args, Debug)]
pub struct LintArgs {}
