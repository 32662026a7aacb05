//! Deployments of GitHub, as `gh api graphql` writes them.

mod export;
mod history;
mod standing;

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::entry::{Artifact, PastRecord, Recording, Slot};
use super::super::error::LedgerError;
use crate::domain::reference::{ArtifactReference, ReferenceError};
use crate::domain::text::line;
use crate::github::event::{self, Deployment};
use crate::github::question::{self, Named};
use crate::github::template::{FIELDS, Facts, Template};
use export::Node;
use history::{History, Place, Stay};
use standing::Standing;

/// How much of what is wrong with a deployment is shown, in characters.
const SHOWN: usize = 160;

/// What artifacts and deployments are called.
#[derive(Clone, Debug)]
pub struct Names {
    artifacts: Vec<Template>,
    deployment: Template,
}

/// What an export holds.
#[derive(Debug, Default)]
pub struct Deployments {
    /// What was in each slot.
    pub records: Vec<PastRecord>,
    /// Deployments that are in no record, by the reason.
    pub passed_over: BTreeMap<&'static str, PassedOver>,
}

/// Deployments that are in no record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PassedOver {
    /// How many.
    pub count: usize,
    /// The first of them, and what is wrong with it.
    pub first: String,
}

impl Names {
    /// Reads the templates.
    ///
    /// # Errors
    /// What is no template; none for artifacts.
    pub fn parse(artifacts: &[String], deployment: &str) -> Result<Self, LedgerError> {
        if artifacts.is_empty() {
            let hint = "say how the artifact is made, such as `--artifact 'ghcr.io/{repository}@{payload/digest}'`";
            return Err(LedgerError::invalid("GitHub does not say what artifact a deployment is of", hint));
        }
        let artifacts = artifacts.iter().map(|text| template("--artifact", text)).collect::<Result<_, _>>()?;
        Ok(Self { artifacts, deployment: template("--deployment", deployment)? })
    }

    /// The name of a deployment whose artifacts are not known, if it is the same for all of them.
    fn deployment(&self, facts: &Facts<'_>) -> Option<String> {
        self.deployment.list().is_none().then(|| self.deployment.fill(facts).ok()).flatten()
    }
}

fn template(option: &str, text: &str) -> Result<Template, LedgerError> {
    text.parse().map_err(|error| {
        let message = format!("`{option} {}` {error}", line(text, SHOWN));
        LedgerError::invalid(message, format!("fields are {FIELDS}"))
    })
}

fn artifact(environment: &str, named: Named) -> Result<(Slot, Artifact), String> {
    let text = named.artifact;
    let reference: ArtifactReference =
        text.parse().map_err(|error: ReferenceError| format!("`{text}` cannot be recorded: {error}"))?;
    let slot =
        Slot { environment_name: environment.to_owned(), deployment_name: named.deployment_name.unwrap_or_default() };
    let artifact = Artifact {
        kind: reference.kind,
        name: reference.name.unwrap_or_default(),
        digest: reference.digest,
        version: reference.tag.unwrap_or_default(),
    };
    let recording = Recording { slot, artifact, project: None };
    recording.check().map_err(|error| error.message)?;
    Ok((recording.slot, recording.artifact))
}

/// Reads an export. What has not succeeded is passed over, and what cannot be named is too; where that may have taken a
/// slot, what was there before counts as superseded.
///
/// # Errors
/// What is no such export, or not all of it; artifacts that would be in one slot at a time.
pub fn deployed(export: Value, names: &Names) -> Result<Deployments, LedgerError> {
    let mut found = Deployments::default();
    let mut history = History::default();
    for ((repository, number), node) in export::read(export)? {
        if let Some((reason, why)) = one(&mut history, &repository, node, names)? {
            let over = found.passed_over.entry(reason).or_default();
            if over.count == 0 {
                over.first = line(&format!("deployment {number} of `{repository}`: {why}"), SHOWN);
            }
            over.count = over.count.saturating_add(1);
        }
    }
    found.records = history.records();
    Ok(found)
}

/// Puts a deployment into the history; why it is passed over otherwise, and what more there is to say of it.
fn one(
    history: &mut History,
    repository: &str,
    node: Node,
    names: &Names,
) -> Result<Option<(&'static str, String)>, LedgerError> {
    let standing = standing::of(&node);
    let Some(environment) = node.environment.filter(|name| !name.is_empty()) else {
        return Ok(Some(("they have no environment", String::new())));
    };
    let deployment = Deployment {
        id: node.database_id,
        sha: node.commit_oid,
        reference: node.reference.map(|reference| reference.name).unwrap_or_default(),
        task: node.task.unwrap_or_default(),
        payload: Value::Null,
    };
    let read = event::payload(&node.payload.unwrap_or_default());
    let payload = read.as_ref().unwrap_or(&Value::Null);
    let facts = Facts { repository, environment: &environment, deployment: &deployment, payload, element: 0 };
    let (perhaps, reason, why) = match standing {
        Standing::Not { reason, perhaps } => (perhaps, reason, node.state.unwrap_or_default()),
        Standing::Counts { status, since, ended } => match artifacts(names, &facts, read.as_ref().err()) {
            Ok(artifacts) => {
                for (slot, artifact) in artifacts {
                    let status = status.clone();
                    let stay = Stay { deployment: deployment.id, artifact, status, since, seen: since, ended };
                    history.add(repository, slot, stay)?;
                }
                return Ok(None);
            }
            Err(why) => (Some(since), "they do not say their artifact", why),
        },
    };
    if let Some(at) = perhaps {
        let name = names.deployment(&facts);
        history.add_unknown(at, Place { repository: repository.to_owned(), environment, name });
    }
    Ok(Some((reason, why)))
}

/// What a deployment put where; why that is not known otherwise.
fn artifacts(
    names: &Names,
    facts: &Facts<'_>,
    unread: Option<&serde_json::Error>,
) -> Result<Vec<(Slot, Artifact)>, String> {
    if let Some(error) = unread {
        return Err(format!("the payload cannot be read: {error}"));
    }
    let made = question::named_by(&names.artifacts, Some(&names.deployment), facts)?;
    made.into_iter().map(|named| artifact(facts.environment, named)).collect()
}

#[cfg(test)]
mod tests;
