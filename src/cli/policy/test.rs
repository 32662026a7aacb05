//! The command line of `policy test`.

use clap::Args;

/// Arguments of `policy test`.
#[derive(Args, Debug)]
pub struct TestArgs {}
