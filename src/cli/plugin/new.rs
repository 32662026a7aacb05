//! The command line of `plugin new`.

use std::path::PathBuf;

use clap::Args;

use super::LanguageArg;

const EXAMPLES: &str = "\
Examples:
  holdpoint plugin new change-ticket --language rust
  holdpoint plugin new deploy-window --language go plugins/deploy-window";

/// Arguments of `plugin new`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct NewArgs {
    /// The plugin's name: lower-case words with hyphens between them.
    #[arg(value_name = "NAME")]
    pub name: String,
    /// The folder to write to; it is created when it is missing. Default: the name, in this folder.
    #[arg(value_name = "DIRECTORY")]
    pub directory: Option<PathBuf>,
    /// The language to write it in.
    #[arg(short, long, value_enum)]
    pub language: LanguageArg,
    /// Rust: depend on the SDK in this folder, instead of on a copy of it in the project.
    #[arg(long, value_name = "DIRECTORY")]
    pub sdk: Option<PathBuf>,
}
