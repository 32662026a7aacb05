//! The commands about plugins.

pub mod build;
pub mod inspect;
mod made;
pub mod new;
pub mod pull;
pub mod push;
mod templates;
pub mod test;
pub mod wrap;

use std::path::Path;

use crate::cli::plugin::PluginCommand;
use crate::exit::Exit;
use crate::output::Style;

/// Runs the command.
///
/// # Errors
/// Wrong usage, a plugin that cannot be read, built or used, or output that cannot be written.
pub fn execute(command: &PluginCommand, style: Style) -> anyhow::Result<Exit> {
    match command {
        PluginCommand::New(args) => new::execute(args),
        PluginCommand::Build(args) => build::execute(args, style),
        PluginCommand::Inspect(args) => inspect::execute(args, style),
        PluginCommand::Test(args) => test::execute(args, style),
        PluginCommand::Push(args) => push::execute(args),
        PluginCommand::Pull(args) => pull::execute(args),
        PluginCommand::Wrap(args) => wrap::execute(args, style),
    }
}

/// The name to speak of a plugin by before it says its own: that of its file or folder.
fn name_of(path: &Path) -> String {
    path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}
