//! `policy push`.

use anyhow::bail;

use crate::cli::policy::push::PushArgs;
use crate::exit::Exit;
use crate::output::Style;

/// Runs the command.
///
/// # Errors
/// Always, until it is there.
pub fn execute(_args: &PushArgs, _style: Style) -> anyhow::Result<Exit> {
    bail!("`policy push` is not there yet")
}
