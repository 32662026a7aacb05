//! The command line of `plugin inspect`.

use std::path::PathBuf;

use clap::Args;

use crate::output::plugin::PluginFormat;

const EXAMPLES: &str = "\
Examples:
  holdpoint plugin inspect change-ticket.wasm
  holdpoint plugin inspect change-ticket.wasm --format json | jq .grants";

/// Arguments of `plugin inspect`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct InspectArgs {
    /// The component.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// How to write what it is.
    #[arg(short, long, value_enum, default_value_t)]
    pub format: PluginFormat,
}
