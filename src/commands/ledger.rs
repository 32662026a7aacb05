//! `holdpoint ledger`: the embedded record store.

mod move_records;
mod place;
mod record;
mod serve;
mod token;

use super::{block_on, standard_error, write};
use crate::app;
use crate::cli::ledger::{LedgerCommand, LedgerListArgs};
use crate::domain::artifact::ArtifactKind;
use crate::domain::record::RecordStatus;
use crate::exit::Exit;
use crate::ledger::filter::Filter;
use crate::ledger::store::Access;
use crate::output::{self, Style};
use place::Ledger;

/// Runs the command.
///
/// # Errors
/// Wrong usage, a ledger that cannot be used, or output that cannot be written.
pub fn execute(command: &LedgerCommand, style: Style) -> anyhow::Result<Exit> {
    match command {
        LedgerCommand::Serve(args) => return serve::execute(args),
        LedgerCommand::Record(args) => block_on(record::record(args))??,
        LedgerCommand::Decommission(args) => block_on(record::decommission(args))??,
        LedgerCommand::List(args) => block_on(list(args, style))??,
        LedgerCommand::Import(args) => block_on(move_records::import(args))??,
        LedgerCommand::Export(args) => block_on(move_records::export(args))??,
        LedgerCommand::Backup(args) => block_on(move_records::backup(args))??,
        LedgerCommand::Token(command) => block_on(token::execute(command))??,
    }
    Ok(Exit::Allow)
}

async fn list(args: &LedgerListArgs, style: Style) -> anyhow::Result<()> {
    let ledger = Ledger::open(&args.place, &args.remote, Access::ReadOnly).await?;
    let filter = Filter {
        environment_name: args.environment.clone(),
        project_name: args.project.clone(),
        project_version_name: args.project_version.clone(),
        status: args.status.map(|status| RecordStatus::from_text(status.as_str())),
        artifact_kind: args.artifact_kind.map(|kind| ArtifactKind::from_text(kind.as_str())),
        deployment_name: args.deployment.clone(),
        full_history: args.full_history,
        digest: args.digest,
        updated_since: args.updated_since,
    };
    let listed = ledger.list(&filter, args.limit).await?;
    ledger.close().await;
    write::to_stdout(&output::records::render(&listed.records, args.format, style))?;
    let shown = u64::try_from(listed.records.len()).unwrap_or(u64::MAX);
    if shown < listed.total_count {
        standard_error::write(&format!("{shown} of {} records are listed; raise `--limit`", listed.total_count));
    }
    Ok(())
}

fn now() -> jiff::Timestamp {
    app::now()
}
