//! The command line of `ledger`.

pub mod serve;

use clap::Subcommand;

use serve::LedgerServeArgs;

/// The commands of `ledger`.
#[derive(Debug, Subcommand)]
pub enum LedgerCommand {
    /// Answer the deployments API from a ledger.
    Serve(LedgerServeArgs),
}
