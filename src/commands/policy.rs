//! The commands about policies.

pub mod bundle;
pub mod input;
pub mod lint;
pub mod list;
pub mod pull;
pub mod push;
pub mod test;

use crate::cli::policy::PolicyCommand;
use crate::exit::Exit;
use crate::output::Style;

/// Runs the command.
///
/// # Errors
/// Wrong usage, policies that cannot be read, or output that cannot be written.
pub fn execute(command: &PolicyCommand, style: Style) -> anyhow::Result<Exit> {
    match command {
        PolicyCommand::Test(args) => test::execute(args, style),
        PolicyCommand::Lint(args) => lint::execute(args, style),
        PolicyCommand::List(args) => list::execute(args, style),
        PolicyCommand::Input(args) => input::execute(args),
        PolicyCommand::Bundle(args) => bundle::execute(args, style),
        PolicyCommand::Push(args) => push::execute(args, style),
        PolicyCommand::Pull(args) => pull::execute(args, style),
    }
}
