//! The command line of `policy bundle`.

use clap::Args;

/// Arguments of `policy bundle`.
#[derive(Args, Debug)]
pub struct BundleArgs {}
