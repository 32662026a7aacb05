//! `policy pull`.

use anyhow::bail;

use crate::cli::policy::pull::PullArgs;
use crate::exit::Exit;
use crate::output::Style;

/// Runs the command.
///
/// # Errors
/// Always, until it is there.
pub fn execute(_args: &PullArgs, _style: Style) -> anyhow::Result<Exit> {
    bail!("`policy pull` is not there yet")
}
