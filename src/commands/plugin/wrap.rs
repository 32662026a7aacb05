//! `plugin wrap`.

use anyhow::bail;

use crate::cli::plugin::wrap::WrapArgs;
use crate::exit::Exit;
use crate::output::Style;

/// Not there yet on this branch.
///
/// # Errors
/// Always.
pub fn execute(_args: &WrapArgs, _style: Style) -> anyhow::Result<Exit> {
    bail!("`plugin wrap` is not there yet");
}
