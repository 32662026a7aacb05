//! The command line of `policy list`.

use std::path::PathBuf;

use clap::Args;

use crate::output::catalogue::CatalogueFormat;

/// Arguments of `policy list`.
#[derive(Args, Debug)]
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
