//! `ledger record` and `ledger decommission`.

use std::io::{BufRead, Read as _};

use anyhow::{Context as _, anyhow};
use serde_json::json;
use tokio::sync::mpsc;

use super::super::write;
use super::place::{Done, Ledger};
use crate::cli::ledger::{DecommissionArgs, RecordArgs, ResultFormat};
use crate::domain::record::DeploymentRecord;
use crate::domain::reference::ArtifactReference;
use crate::ledger::entry::{Artifact, Outcome, Project, Recording, Slot};
use crate::ledger::store::Access;
use crate::output::escape;

/// How many lines are kept together at most.
const GROUP: usize = 256;
/// The longest line, in bytes: what is longer is no line of ours.
const LONGEST_LINE: u64 = 64 << 10;

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
    let done = lines(&ledger, args).await;
    ledger.close().await;
    done
}

/// Records the lines of standard input: those that are there already are kept together, and each is answered after that.
async fn lines(ledger: &Ledger, args: &RecordArgs) -> anyhow::Result<()> {
    let mut waiting = read_lines();
    let mut group = Vec::with_capacity(GROUP);
    let mut number: usize = 0;
    while waiting.recv_many(&mut group, GROUP).await > 0 {
        let mut recordings = Vec::with_capacity(group.len());
        let mut refused = Ok(());
        for line in group.drain(..) {
            number = number.saturating_add(1);
            match parse(args, line).with_context(|| format!("line {number} cannot be recorded")) {
                Ok(recording) => recordings.push(recording),
                Err(error) => {
                    refused = Err(error);
                    break;
                }
            }
        }
        // What comes before a line that cannot be recorded is.
        let (done, kept) = ledger.record_all(recordings).await;
        done.iter().try_for_each(|done| answer(done, args.format))?;
        kept.and(refused)?;
    }
    Ok(())
}

/// The lines of standard input, read by a thread that may block.
fn read_lines() -> mpsc::Receiver<std::io::Result<String>> {
    let (lines, waiting) = mpsc::channel(GROUP);
    std::thread::spawn(move || {
        let mut input = std::io::stdin().lock();
        while let Some(line) = next_line(&mut input).transpose() {
            let is_last = line.is_err();
            if lines.blocking_send(line).is_err() || is_last {
                return;
            }
        }
    });
    waiting
}

/// The next line; nothing at the end. One that is too long is an error: its parts would pass for lines of their own.
fn next_line(input: &mut impl BufRead) -> std::io::Result<Option<String>> {
    let mut line = String::new();
    let length = input.take(LONGEST_LINE).read_line(&mut line)?;
    if u64::try_from(length).is_ok_and(|length| length == LONGEST_LINE) && !line.ends_with('\n') {
        return Err(std::io::Error::other(format!("the line is longer than {LONGEST_LINE} bytes")));
    }
    Ok((length > 0).then_some(line))
}

fn parse(args: &RecordArgs, line: std::io::Result<String>) -> anyhow::Result<Recording> {
    let line = line.context("standard input cannot be read")?;
    let words = <[&str; 3]>::try_from(line.split_whitespace().collect::<Vec<_>>());
    let recording = recording(args, words.map_err(|_words| anyhow!("it is not `ARTIFACT ENVIRONMENT DEPLOYMENT`"))?)?;
    recording.check()?;
    Ok(recording)
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
    answer(&ledger.record(recording).await?, format)
}

fn answer(Done { record, outcome }: &Done, format: ResultFormat) -> anyhow::Result<()> {
    let (word, superseded) = match outcome {
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
    let what = match outcome {
        None => "recorded".to_owned(),
        Some(Outcome::New) => "recorded, new".to_owned(),
        Some(Outcome::SeenAgain) => "seen again".to_owned(),
        Some(Outcome::Superseded(before)) => format!("recorded, and superseded {}", before.artifact.digest_text),
    };
    say(record, &what)
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

#[cfg(test)]
mod tests {
    use super::{LONGEST_LINE, next_line};

    #[test]
    fn a_line_that_is_too_long_is_never_two() {
        let longest = usize::try_from(LONGEST_LINE).unwrap();
        let full = format!("{}\n", "x".repeat(longest - 1));
        let mut input = format!("a b c\n{full}last").into_bytes();
        let mut rest = input.as_slice();
        for expected in [Some("a b c\n"), Some(full.as_str()), Some("last"), None] {
            assert_eq!(next_line(&mut rest).unwrap().as_deref(), expected);
        }
        input = format!("a b c{}d e f\n", " ".repeat(longest)).into_bytes();
        assert_eq!(next_line(&mut input.as_slice()).unwrap_err().to_string(), "the line is longer than 65536 bytes");
    }
}
