//! The command line of `plugin build`.

use std::path::PathBuf;

use clap::Args;

use super::LanguageArg;

const EXAMPLES: &str = "\
Examples:
  holdpoint plugin build
  holdpoint plugin build plugins/deploy-window --output deploy-window.wasm
  holdpoint plugin build -- --locked";

/// Arguments of `plugin build`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct BuildArgs {
    /// The folder of the project.
    #[arg(value_name = "DIRECTORY", default_value = ".")]
    pub directory: PathBuf,
    /// The language. Default: told by `Cargo.toml`, `go.mod`, `package.json` or `pyproject.toml`.
    #[arg(short, long, value_enum)]
    pub language: Option<LanguageArg>,
    /// The component to write. Default: the plugin's name with `.wasm`, in the folder of the project.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// More arguments for the command that compiles: `cargo build`, `go build`, `componentize-qjs` or
    /// `componentize-py … componentize`.
    #[arg(last = true, value_name = "ARGUMENT")]
    pub arguments: Vec<String>,
}
