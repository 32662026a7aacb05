//! The command line of `policy pull`.

use clap::Args;

/// Arguments of `policy pull`.
#[derive(Args, Debug)]
pub struct PullArgs {}
