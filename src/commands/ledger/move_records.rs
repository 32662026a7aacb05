//! `ledger import`, `export` and `backup`.

use std::io::Read as _;

use anyhow::Context as _;

use super::super::{standard_error, write};
use super::now;
use super::place::{Ledger, open};
use crate::app;
use crate::cli::ledger::{BackupArgs, ExportArgs, ImportArgs, ImportSource, NameBy};
use crate::ledger::entry::PastRecord;
use crate::ledger::import::kubernetes::{self, Naming};
use crate::ledger::import::snapshot;
use crate::ledger::store::Access;

/// The most that is read of a list of pods, in bytes.
const LIMIT: u64 = 1 << 30;

pub(super) async fn import(args: &ImportArgs) -> anyhow::Result<()> {
    let (records, without) = match args.from {
        ImportSource::Snapshot => snapshot::past(app::ledger::snapshot_records(&args.file).await?),
        ImportSource::Kubectl => pods(args)?,
    };
    let ledger = Ledger::open(&args.place, &args.remote, Access::Create).await?;
    let done = ledger.import(records).await?;
    ledger.close().await;
    if without > 0 {
        standard_error::write(&format!("{without} entries have no digest and were passed over"));
    }
    write::to_stdout(&format!("{} added, {} updated, {} left out\n", done.added, done.updated, done.left_out))
}

fn pods(args: &ImportArgs) -> anyhow::Result<(Vec<PastRecord>, usize)> {
    let mut bytes = Vec::new();
    let read = if args.file.as_os_str() == "-" {
        std::io::stdin().lock().take(LIMIT).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(&args.file).and_then(|file| file.take(LIMIT).read_to_end(&mut bytes))
    };
    read.with_context(|| format!("`{}` cannot be read", args.file.display()))?;
    let list = serde_json::from_slice(&bytes).with_context(|| format!("`{}` is no JSON", args.file.display()))?;
    let naming = match args.name_by {
        NameBy::NamespaceWorkload => Naming::NamespaceAndWorkload,
        NameBy::Workload => Naming::Workload,
    };
    let found = kubernetes::running(&list, args.environment.as_deref().unwrap_or_default(), naming)?;
    Ok((found.records, found.without_digest))
}

pub(super) async fn export(args: &ExportArgs) -> anyhow::Result<()> {
    let destination = write::Destination::find(&args.output)?;
    let observed_at = now();
    let ledger = Ledger::open(&args.place, &args.remote, Access::ReadOnly).await?;
    let (targets, records) = ledger.everything().await?;
    ledger.close().await;
    destination.write(&app::ledger::snapshot_of(targets, records, observed_at)?)
}

pub(super) async fn backup(args: &BackupArgs) -> anyhow::Result<()> {
    let store = open(&args.place, Access::ReadOnly).await?;
    store.backup(&args.to).await.context("there is no backup")?;
    store.close().await;
    Ok(())
}
