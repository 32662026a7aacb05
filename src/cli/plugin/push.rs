//! The command line of `plugin push`.

use std::path::PathBuf;

use clap::Args;

const EXAMPLES: &str = "\
Examples:
  holdpoint plugin push change-ticket.wasm oci://ghcr.io/acme/change-ticket:1.2.0";

/// Arguments of `plugin push`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct PushArgs {
    /// The component.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Where to push it, as `oci://registry/repository:tag`.
    #[arg(value_name = "ADDRESS")]
    pub address: String,
    /// Reach the registry without TLS, wherever it is. Credentials then travel in the clear.
    #[arg(long)]
    pub plain_http: bool,
}
