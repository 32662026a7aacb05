//! The command line of `policy push`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

const EXAMPLES: &str = "\
Examples:
  holdpoint policy push bundle.tar.gz oci://ghcr.io/acme/policies:v1
  holdpoint policy push policies oci://ghcr.io/acme/policies:v1 --layout files";

/// Arguments of `policy push`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct PushArgs {
    /// What to push: a bundle (`.tar.gz`), or a file or folder, which is packed as `policy bundle` does.
    #[arg(value_name = "PATH")]
    pub path: PathBuf,
    /// Where to push it, as `oci://registry/repository:tag`.
    #[arg(value_name = "ADDRESS")]
    pub address: String,
    /// How the policies lie in the artifact.
    #[arg(long, value_enum, default_value_t)]
    pub layout: LayoutArg,
    /// Reach the registry without TLS, wherever it is. Credentials then travel in the clear.
    #[arg(long)]
    pub plain_http: bool,
}

/// How policies lie in an artifact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LayoutArg {
    /// One layer that is a bundle, as OPA reads it.
    #[default]
    Bundle,
    /// A layer for each file, as conftest reads it.
    Files,
}
