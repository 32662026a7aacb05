//! `holdpoint ledger`: the embedded record store.

mod serve;

use crate::cli::ledger::LedgerCommand;
use crate::exit::Exit;

/// Runs the command.
///
/// # Errors
/// Those of each command.
pub fn execute(command: &LedgerCommand) -> anyhow::Result<Exit> {
    match command {
        LedgerCommand::Serve(args) => serve::execute(args),
    }
}
