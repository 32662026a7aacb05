//! `ledger record` and `ledger decommission`.

use std::io::BufRead as _;

use anyhow::{Context as _, anyhow};
use serde_json::json;

use super::super::write;
use super::place::{Done, Ledger};
use crate::cli::ledger::{DecommissionArgs, RecordArgs, ResultFormat};
use crate::domain::record::DeploymentRecord;
use crate::domain::reference::ArtifactReference;
use crate::ledger::entry::{Artifact, Outcome, Project, Recording, Slot};
use crate::ledger::store::Access;
use crate::output::escape;

pub(super) async fn record(args: &RecordArgs) -> anyhow::Result<()> {
    if !args.stdin {
        let words = [&args.artifact, &args.environment, &args.deployment];
        let recording = recording(args, words.map(|word| word.as_deref().unwrap_or_default()))?;
        let ledger = Ledger::open(&args.place, &args.remote, Access::Create).await?;
        let done = one(&ledger, recording, args.format).await;
        ledger.close().await;
        return done;
    }
    let ledger = Ledger::open(&args.place, &args.remote, Access::Create).await?;
    for (number, line) in std::io::stdin().lock().lines().enumerate() {
        let line = line.context("standard input cannot be read")?;
        let words: Vec<&str> = line.split_whitespace().collect();
        let words = <[&str; 3]>::try_from(words)
            .map_err(|_words| anyhow!("line {} is not `ARTIFACT ENVIRONMENT DEPLOYMENT`", number.saturating_add(1)))?;
        one(&ledger, recording(args, words)?, args.format).await?;
    }
    ledger.close().await;
    Ok(())
}

fn recording(args: &RecordArgs, [artifact, environment, deployment]: [&str; 3]) -> anyhow::Result<Recording> {
    let reference: ArtifactReference =
        artifact.parse().map_err(|error: crate::domain::reference::ReferenceError| {
            anyhow!("this is no artifact: {error}\nhint: {}", error.hint())
        })?;
    let project = args.project.clone().map(|name| Project { name, version: args.project_version.clone() });
    let artifact = Artifact {
        kind: reference.kind,
        name: reference.name.unwrap_or_default(),
        digest: reference.digest,
        version: args.artifact_version.clone().or(reference.tag).unwrap_or_default(),
    };
    let slot = Slot { environment_name: environment.to_owned(), deployment_name: deployment.to_owned() };
    Ok(Recording { slot, artifact, project })
}

async fn one(ledger: &Ledger, recording: Recording, format: ResultFormat) -> anyhow::Result<()> {
    let Done { record, outcome } = ledger.record(recording).await?;
    let (word, superseded) = match &outcome {
        None => ("recorded", None),
        Some(Outcome::New) => ("new", None),
        Some(Outcome::SeenAgain) => ("seen_again", None),
        Some(Outcome::Superseded(superseded)) => ("superseded", Some(superseded)),
    };
    if format == ResultFormat::Json {
        return write::to_stdout(&format!(
            "{}\n",
            json!({"outcome": word, "record": record, "superseded": superseded})
        ));
    }
    let what = match &outcome {
        None => "recorded".to_owned(),
        Some(Outcome::New) => "recorded, new".to_owned(),
        Some(Outcome::SeenAgain) => "seen again".to_owned(),
        Some(Outcome::Superseded(before)) => format!("recorded, and superseded {}", before.artifact.digest_text),
    };
    say(&record, &what)
}

/// `staging/storefront sha256:…: recorded, new`.
fn say(record: &DeploymentRecord, what: &str) -> anyhow::Result<()> {
    let [environment, deployment] =
        [&record.environment_name, &record.deployment_name].map(|name| escape::line(name, escape::NAME_LIMIT));
    let line = format!("{environment}/{deployment} {}: {what}", record.artifact.digest_text);
    write::to_stdout(&format!("{}\n", escape::inert(&line)))
}

pub(super) async fn decommission(args: &DecommissionArgs) -> anyhow::Result<()> {
    let ledger = Ledger::open(&args.place, &args.remote, Access::ReadWrite).await?;
    let slot = Slot { environment_name: args.environment.clone(), deployment_name: args.deployment.clone() };
    let record = ledger.decommission(&slot, args.digest.as_ref()).await?;
    ledger.close().await;
    match args.format {
        ResultFormat::Text => say(&record, "decommissioned"),
        ResultFormat::Json => {
            write::to_stdout(&format!("{}\n", json!({"outcome": "decommissioned", "record": record})))
        }
    }
}
