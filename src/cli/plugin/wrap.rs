//! The command line of `plugin wrap`.

use std::path::PathBuf;

use clap::Args;

const EXAMPLES: &str = "\
Examples:
  holdpoint plugin wrap core.wasm
  holdpoint plugin wrap target/wasm32-wasip1/release/rule.wasm --output rule.wasm";

/// Arguments of `plugin wrap`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct WrapArgs {
    /// The core module: one that a toolchain made for the contract, with or without imports of WASI preview 1.
    #[arg(value_name = "FILE")]
    pub core: PathBuf,
    /// The component to write. Default: beside the core module, `.component.wasm` in place of `.wasm`.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}
