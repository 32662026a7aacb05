//! The command line of `policy list`.

use clap::Args;

/// Arguments of `policy list`.
#[derive(Args, Debug)]
pub struct ListArgs {}
