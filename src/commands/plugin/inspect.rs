//! `plugin inspect`.

use anyhow::bail;

use crate::cli::plugin::inspect::InspectArgs;
use crate::exit::Exit;
use crate::output::Style;

/// Not there yet on this branch.
///
/// # Errors
/// Always.
pub fn execute(_args: &InspectArgs, _style: Style) -> anyhow::Result<Exit> {
    bail!("`plugin inspect` is not there yet");
}
