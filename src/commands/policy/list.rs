//! `policy list`.

use anyhow::bail;

use crate::cli::policy::list::ListArgs;
use crate::exit::Exit;
use crate::output::Style;

/// Runs the command.
///
/// # Errors
/// Always, until it is there.
pub fn execute(_args: &ListArgs, _style: Style) -> anyhow::Result<Exit> {
    bail!("`policy list` is not there yet")
}
