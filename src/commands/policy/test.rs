//! `policy test`.

use anyhow::bail;

use crate::cli::policy::test::TestArgs;
use crate::exit::Exit;
use crate::output::Style;

/// Runs the command.
///
/// # Errors
/// Always, until it is there.
pub fn execute(_args: &TestArgs, _style: Style) -> anyhow::Result<Exit> {
    bail!("`policy test` is not there yet")
}
