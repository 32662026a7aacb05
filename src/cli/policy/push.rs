//! The command line of `policy push`.

use clap::Args;

/// Arguments of `policy push`.
#[derive(Args, Debug)]
pub struct PushArgs {}
