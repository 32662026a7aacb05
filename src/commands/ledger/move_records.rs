//! `ledger import`, `export` and `backup`.

use std::io::Read as _;
use std::path::Path;

use anyhow::Context as _;
use serde_json::Value;

use super::super::{standard_error, write};
use super::now;
use super::place::{Ledger, open};
use crate::app;
use crate::cli::ledger::{BackupArgs, ExportArgs, ImportArgs, ImportSource, NameBy};
use crate::ledger::entry::PastRecord;
use crate::ledger::import::github::{self, Names};
use crate::ledger::import::kubernetes::{self, Naming};
use crate::ledger::import::snapshot;
use crate::ledger::store::Access;

/// The most that is read of a list of pods or of deployments, in bytes.
const LIMIT: u64 = 1 << 30;

pub(super) async fn import(args: &ImportArgs) -> anyhow::Result<()> {
    let (records, passed_over) = match args.from {
        ImportSource::Snapshot => without_digest(snapshot::past(app::ledger::snapshot_records(&args.file).await?)),
        ImportSource::Kubectl => without_digest(pods(args)?),
        ImportSource::Github => deployments(args)?,
    };
    let ledger = Ledger::open(&args.place, &args.remote, Access::Create).await?;
    let done = ledger.import(records).await?;
    ledger.close().await;
    for said in passed_over {
        standard_error::write(&said);
    }
    write::to_stdout(&format!("{} added, {} updated, {} left out\n", done.added, done.updated, done.left_out))
}

fn without_digest((records, without): (Vec<PastRecord>, usize)) -> (Vec<PastRecord>, Vec<String>) {
    let said = (without > 0).then(|| format!("{without} entries have no digest and were passed over"));
    (records, said.into_iter().collect())
}

fn deployments(args: &ImportArgs) -> anyhow::Result<(Vec<PastRecord>, Vec<String>)> {
    if args.environment.is_some() {
        anyhow::bail!("`--to` is for a cluster: deployments of GitHub name their environments\nhint: leave it out");
    }
    let names = Names::parse(&args.artifacts, &args.deployment)?;
    let found = github::deployed(json(&args.file)?, &names)?;
    let said = found.passed_over.iter().map(|(reason, over)| {
        let deployments = if over.count == 1 { "deployment was" } else { "deployments were" };
        format!("{} {deployments} passed over, since {reason}; the first is {}", over.count, over.first)
    });
    Ok((found.records, said.collect()))
}

fn pods(args: &ImportArgs) -> anyhow::Result<(Vec<PastRecord>, usize)> {
    let list = json(&args.file)?;
    let naming = match args.name_by {
        NameBy::NamespaceWorkload => Naming::NamespaceAndWorkload,
        NameBy::Workload => Naming::Workload,
    };
    let found = kubernetes::running(&list, args.environment.as_deref().unwrap_or_default(), naming)?;
    Ok((found.records, found.without_digest))
}

fn json(file: &Path) -> anyhow::Result<Value> {
    let mut bytes = Vec::new();
    let read = if file.as_os_str() == "-" {
        std::io::stdin().lock().take(LIMIT).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(file).and_then(|file| file.take(LIMIT).read_to_end(&mut bytes))
    };
    read.with_context(|| format!("`{}` cannot be read", file.display()))?;
    serde_json::from_slice(&bytes).with_context(|| format!("`{}` is no JSON", file.display()))
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
