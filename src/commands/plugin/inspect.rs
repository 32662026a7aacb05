//! `plugin inspect`: what a component is, before anybody trusts it.

use crate::app::plugins;
use crate::cli::plugin::inspect::InspectArgs;
use crate::commands::write;
use crate::exit::Exit;
use crate::output::{Style, plugin};

/// Loads the component under the usual limits, asks it what it is, and says so.
///
/// # Errors
/// A file that cannot be read, or a component that cannot be used; output that cannot be written.
pub fn execute(args: &InspectArgs, style: Style) -> anyhow::Result<Exit> {
    let component = plugins::read(&args.file)?;
    let examination = plugins::examine(&super::name_of(&args.file), component)?;
    write::to_stdout(&plugin::render(&args.file.display().to_string(), &examination, args.format, style))?;
    Ok(Exit::Allow)
}
