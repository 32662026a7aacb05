//! `policy lint`.

use anyhow::bail;

use crate::cli::policy::lint::LintArgs;
use crate::exit::Exit;
use crate::output::Style;

/// Runs the command.
///
/// # Errors
/// Always, until it is there.
pub fn execute(_args: &LintArgs, _style: Style) -> anyhow::Result<Exit> {
    bail!("`policy lint` is not there yet")
}
