//! The short lists of a question, by the indexes of the ledger.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{check_known, filter, list, source_error};
use crate::domain::record::DeploymentRecord;
use crate::gate::source::{Progress, RecordFilters, SourceError};
use crate::ledger::filter::{Listed, Page};
use crate::ledger::store::Reader;
use crate::source::related::{About, Asked, Lists};
use crate::source::target::Target;

/// One moment of the ledger.
pub(super) struct LedgerLists<'a> {
    pub(super) reader: &'a mut Reader,
    pub(super) filters: &'a RecordFilters,
    pub(super) progress: &'a dyn Progress,
    /// How many records came so far.
    pub(super) read: usize,
}

impl LedgerLists<'_> {
    /// How many records the targets have.
    pub(super) async fn count(&mut self, targets: &BTreeSet<Arc<str>>) -> Result<u64, SourceError> {
        let mut records = 0_u64;
        for target in targets {
            records = records.saturating_add(self.newest(target).await?.total_count);
        }
        Ok(records)
    }

    /// The newest record of a target, if it has any.
    async fn newest(&mut self, target: &Arc<str>) -> Result<Listed, SourceError> {
        let first = Page::new(1, 1).map_err(source_error)?;
        let all = filter(&Target::Named(Arc::clone(target)), self.filters);
        self.reader.list(&all, first).await.map_err(source_error)
    }
}

impl Lists for LedgerLists<'_> {
    type Error = SourceError;

    async fn read(&mut self, asked: Vec<Asked>) -> Result<Vec<Vec<DeploymentRecord>>, SourceError> {
        let mut answers = Vec::new();
        for (target, about) in asked {
            let mut filter = filter(&Target::Named(target), self.filters);
            match about {
                About::Digest(digest) => filter.digest = Some(digest),
                About::Deployment(name) => filter.deployment_name = Some(name),
            }
            let records = list(self.reader, &filter, self.read, self.progress).await.map_err(source_error)?;
            self.read = self.read.saturating_add(records.len());
            answers.push(records);
        }
        Ok(answers)
    }

    async fn any_deployment(&mut self, target: &Arc<str>) -> Result<Option<String>, SourceError> {
        let listed = self.newest(target).await?;
        let Some(newest) = listed.records.first() else {
            check_known(self.reader, target).await?;
            return Ok(None);
        };
        Ok(Some(newest.deployment_name.as_ref().to_owned()))
    }
}
