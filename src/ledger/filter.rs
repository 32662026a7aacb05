//! What a list is asked for, and what it answers.

use std::sync::Arc;

use jiff::Timestamp;

use super::error::LedgerError;
use crate::domain::artifact::ArtifactKind;
use crate::domain::digest::Digest;
use crate::domain::record::{DeploymentRecord, RecordStatus};

/// Which records are wanted, by the names of the records API; a default filter wants the latest of every slot.
///
/// Of the records that fit, the latest of each slot is listed, or all with `full_history`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only records of this environment.
    pub environment_name: Option<String>,
    /// Only records of this project.
    pub project_name: Option<String>,
    /// Only records of this version; needs `project_name`.
    pub project_version_name: Option<String>,
    /// Only records of this status.
    pub status: Option<RecordStatus>,
    /// Only artifacts of this kind.
    pub artifact_kind: Option<ArtifactKind>,
    /// Only this deployment.
    pub deployment_name: Option<String>,
    /// Every record, newest first, instead of the latest of each slot.
    pub full_history: bool,
    /// Only artifacts of this digest (an extension).
    pub digest: Option<Digest>,
    /// Only records that changed at this time or later (an extension).
    pub updated_since: Option<Timestamp>,
}

/// A part of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Which, from 1 on.
    pub number: u64,
    /// How many entries it has, at least 1.
    pub size: u32,
}

impl Page {
    /// A page of a list.
    ///
    /// # Errors
    /// Page 0, or pages without entries.
    pub fn new(number: u64, size: u32) -> Result<Self, LedgerError> {
        if number == 0 || size == 0 {
            return Err(LedgerError::invalid("pages and their sizes count from 1", "ask for page 1, or leave it out"));
        }
        Ok(Self { number, size })
    }

    /// How many entries are before it.
    #[must_use]
    pub fn offset(self) -> u64 {
        self.number.saturating_sub(1).saturating_mul(u64::from(self.size))
    }
}

/// A page of records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// The records: with `full_history` newest first, otherwise the newest slot first.
    pub records: Vec<DeploymentRecord>,
    /// How many records all pages have.
    pub total_count: u64,
}

/// An environment of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerEnvironment {
    /// Its id.
    pub id: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// When it was first recorded.
    pub created_at: Timestamp,
    /// When something in it last changed.
    pub updated_at: Timestamp,
}

/// A page of environments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListedEnvironments {
    /// The environments, by name.
    pub environments: Vec<LedgerEnvironment>,
    /// How many all pages have.
    pub total_count: u64,
}

impl Filter {
    /// # Errors
    /// A project version without its project.
    pub(super) fn check(&self) -> Result<(), LedgerError> {
        if self.project_version_name.is_some() && self.project_name.is_none() {
            return Err(LedgerError::invalid(
                "project_version_name needs project_name",
                "name the project, since versions of two projects may have one name",
            ));
        }
        Ok(())
    }

    /// Whether more is asked for than a part of the ledger as a whole.
    pub(super) const fn selects(&self) -> bool {
        self.project_name.is_some()
            || self.status.is_some()
            || self.artifact_kind.is_some()
            || self.digest.is_some()
            || self.updated_since.is_some()
            || (self.deployment_name.is_some() && self.environment_name.is_none())
    }
}
