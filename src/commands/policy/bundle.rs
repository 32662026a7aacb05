//! `policy bundle`.

use anyhow::bail;

use crate::cli::policy::bundle::BundleArgs;
use crate::exit::Exit;
use crate::output::Style;

/// Runs the command.
///
/// # Errors
/// Always, until it is there.
pub fn execute(_args: &BundleArgs, _style: Style) -> anyhow::Result<Exit> {
    bail!("`policy bundle` is not there yet")
}
