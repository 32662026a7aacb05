//! The command line of `plugin pull`.

use std::path::PathBuf;

use clap::Args;
use clap::builder::FalseyValueParser;

const EXAMPLES: &str = "\
Examples:
  holdpoint plugin pull oci://ghcr.io/acme/change-ticket:1.2.0
  holdpoint plugin pull oci://ghcr.io/acme/change-ticket@sha256:… -o change-ticket.wasm";

/// Arguments of `plugin pull`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct PullArgs {
    /// What to pull: `oci://registry/repository`, with a tag or a digest.
    #[arg(value_name = "ADDRESS")]
    pub address: String,
    /// Write the component to this file. Left out: it goes to the cache only.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Reach the registry without TLS, wherever it is. Credentials then travel in the clear.
    #[arg(long)]
    pub plain_http: bool,
    /// Fetch nothing: all must be in the cache.
    #[arg(long, env = "HOLDPOINT_OFFLINE", value_parser = FalseyValueParser::new())]
    pub offline: bool,
}
