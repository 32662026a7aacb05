//! The command line of `policy pull`.

use std::path::PathBuf;

use clap::Args;
use clap::builder::FalseyValueParser;

const EXAMPLES: &str = "\
Examples:
  holdpoint policy pull oci://ghcr.io/acme/policies:v1 -o bundle.tar.gz
  holdpoint policy pull oci://ghcr.io/acme/policies@sha256:… -o vendor/policies";

/// Arguments of `policy pull`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct PullArgs {
    /// What to pull: `oci://registry/repository`, with a tag or a digest.
    #[arg(value_name = "ADDRESS")]
    pub address: String,
    /// Write the policies to this bundle (`.tar.gz`) or into this folder, which must be empty or missing. Left out: they
    /// go to the cache only.
    #[arg(short, long, value_name = "PATH")]
    pub output: Option<PathBuf>,
    /// Reach the registry without TLS, wherever it is. Credentials then travel in the clear.
    #[arg(long)]
    pub plain_http: bool,
    /// Fetch nothing: all must be in the cache.
    #[arg(long, env = "HOLDPOINT_OFFLINE", value_parser = FalseyValueParser::new())]
    pub offline: bool,
}
