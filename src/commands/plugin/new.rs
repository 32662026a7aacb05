//! `plugin new`.

use anyhow::bail;

use crate::cli::plugin::new::NewArgs;
use crate::exit::Exit;

/// Not there yet on this branch.
///
/// # Errors
/// Always.
pub fn execute(_args: &NewArgs) -> anyhow::Result<Exit> {
    bail!("`plugin new` is not there yet");
}
