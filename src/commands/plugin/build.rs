//! `plugin build`.

use anyhow::bail;

use crate::cli::plugin::build::BuildArgs;
use crate::exit::Exit;
use crate::output::Style;

/// Not there yet on this branch.
///
/// # Errors
/// Always.
pub fn execute(_args: &BuildArgs, _style: Style) -> anyhow::Result<Exit> {
    bail!("`plugin build` is not there yet");
}
