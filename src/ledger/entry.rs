//! What is recorded, and what comes of it.

use jiff::Timestamp;

use super::error::LedgerError;
use crate::domain::artifact::ArtifactKind;
use crate::domain::digest::Digest;
use crate::domain::record::{DeploymentRecord, RecordStatus};
use crate::domain::text;

/// The longest name of an environment, a deployment, a project or a token, and the longest version, in characters.
pub const LONGEST_NAME: usize = 255;
/// The longest name of an artifact, in characters.
pub const LONGEST_ARTIFACT: usize = 512;
/// The longest kind of an artifact, in characters.
const LONGEST_KIND: usize = 64;
/// How much of a refused text a message shows, in characters.
const SHOWN: usize = 80;

/// The place of one artifact at a time.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot {
    /// The environment.
    pub environment_name: String,
    /// The deployment's name within it.
    pub deployment_name: String,
}

/// The artifact that is recorded. In a slot, one with the same kind and digest is the same, whatever its name and version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// What it is.
    pub kind: ArtifactKind,
    /// Its name, such as `ghcr.io/acme/storefront`; may be empty.
    pub name: String,
    /// Its digest.
    pub digest: Digest,
    /// Its version; may be empty.
    pub version: String,
}

/// The project that a record belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: Option<String>,
}

/// "This artifact is in this slot."
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// Where it is.
    pub slot: Slot,
    /// What it is.
    pub artifact: Artifact,
    /// Whose it is. A record keeps the first that it is given.
    pub project: Option<Project>,
}

/// What came of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The record of the slot's artifact.
    pub record: DeploymentRecord,
    /// What was done.
    pub outcome: Outcome,
}

/// What a recording did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The slot was empty.
    New,
    /// The artifact was there already.
    SeenAgain,
    /// Another artifact was there. This is its record, as it is now.
    Superseded(Box<DeploymentRecord>),
}

/// A record from elsewhere, to be taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastRecord {
    /// What was where.
    pub recording: Recording,
    /// Whether it still is.
    pub status: RecordStatus,
    /// When the artifact entered the slot; `None` for now.
    pub created_at: Option<Timestamp>,
    /// When it was last reported; `None` for now.
    pub last_seen_at: Option<Timestamp>,
    /// It was seen to run now: that counts more than what was recorded last, however old it is.
    pub runs_now: bool,
}

/// What came of an import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Records that were added.
    pub added: usize,
    /// Records that were there already, and have a later time or another status now.
    pub updated: usize,
    /// Records that were there already, or are older than the last one of their slot: history is not rewritten.
    pub left_out: usize,
}

impl Slot {
    /// # Errors
    /// A name that is empty, too long or has hidden characters.
    pub(super) fn check(&self) -> Result<(), LedgerError> {
        check_name("environment name", &self.environment_name)?;
        check_name("deployment name", &self.deployment_name)
    }
}

impl Recording {
    /// Whether it can be recorded at all.
    ///
    /// # Errors
    /// A text that is too long or has hidden characters; a name that is empty.
    pub fn check(&self) -> Result<(), LedgerError> {
        self.slot.check()?;
        check_name("artifact kind", self.artifact.kind.as_str())?;
        check_text("artifact kind", self.artifact.kind.as_str(), LONGEST_KIND)?;
        check_text("artifact name", &self.artifact.name, LONGEST_ARTIFACT)?;
        check_text("artifact version", &self.artifact.version, LONGEST_NAME)?;
        if let Some(project) = &self.project {
            check_name("project name", &project.name)?;
            project.version.as_ref().map_or(Ok(()), |version| check_name("project version", version))?;
        }
        Ok(())
    }
}

/// # Errors
/// A name that is empty, too long, or has hidden characters.
pub(super) fn check_name(what: &str, name: &str) -> Result<(), LedgerError> {
    if name.is_empty() {
        return Err(LedgerError::invalid(format!("the {what} is empty"), "give it a name"));
    }
    check_text(what, name, LONGEST_NAME)
}

/// Names that only look alike are refused: with spaces around them, or characters that cannot be seen.
fn check_text(what: &str, text: &str, longest: usize) -> Result<(), LedgerError> {
    let length = text.chars().count();
    if length > longest {
        let message = format!("the {what} has {length} characters; at most {longest} are allowed");
        return Err(LedgerError::invalid(message, "shorten it"));
    }
    if text.chars().any(text::is_hidden) || text.trim() != text {
        let message = format!("the {what} `{}` has characters that cannot be seen", text::line(text, SHOWN));
        return Err(LedgerError::invalid(message, "remove control characters, and spaces at its ends"));
    }
    Ok(())
}
