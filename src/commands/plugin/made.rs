//! What is said of a component that was written.

use std::path::Path;

use crate::commands::write;
use crate::domain::examination::Examination;
use crate::exit::Exit;
use crate::output::{Style, plugin};

/// Prints path, size and digest, and what has to be granted.
///
/// # Errors
/// When standard output cannot be written.
pub(super) fn tell(path: &Path, examination: &Examination, style: Style) -> anyhow::Result<Exit> {
    write::to_stdout(&plugin::made(&path.display().to_string(), examination, style))?;
    Ok(Exit::Allow)
}
