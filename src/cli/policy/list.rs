//! The command line of `policy list`.

use std::path::PathBuf;

use clap::Args;

use crate::output::catalogue::CatalogueFormat;

const EXAMPLES: &str = "\
Examples:
  holdpoint policy list
  holdpoint policy list --environment production --format markdown";

/// Arguments of `policy list`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct ListArgs {
    /// The configuration.
    #[arg(short, long, value_name = "FILE", default_value = "holdpoint.yaml", env = "HOLDPOINT_CONFIG")]
    pub config: PathBuf,
    /// Only these environments; may be given again. Default: all.
    #[arg(short, long, value_name = "NAME")]
    pub environment: Vec<String>,
    /// How to write the list.
    #[arg(short, long, value_enum, default_value_t)]
    pub format: CatalogueFormat,
}
