//! Reading what a question rests on, by the indexes of the ledger, whatever else it holds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Target, check_known, filter, list, source_error};
use crate::domain::digest::Digest;
use crate::domain::record::DeploymentRecord;
use crate::gate::source::{Progress, RecordFilters, RecordQuery, Related, SourceError};
use crate::ledger::filter::{Filter, Page};
use crate::ledger::store::Reader;

/// Whether the records of this query can be looked up one by one: histories of targets that are named.
pub(super) fn can_be_read(query: &RecordQuery) -> bool {
    query.filters.full_history
        && query.filters.deployment_name.is_none()
        && query.environments.iter().all(|asked| !asked.targets.is_empty())
}

/// One read of what is related.
pub(super) struct RelatedRead<'a> {
    reader: &'a mut Reader,
    filters: &'a RecordFilters,
    progress: &'a dyn Progress,
    /// What was read of each target, by id.
    found: BTreeMap<Target, BTreeMap<Arc<str>, DeploymentRecord>>,
}

impl<'a> RelatedRead<'a> {
    /// A read of these targets.
    pub(super) fn new(
        reader: &'a mut Reader,
        targets: BTreeSet<&Target>,
        filters: &'a RecordFilters,
        progress: &'a dyn Progress,
    ) -> Self {
        let found = targets.into_iter().map(|target| (target.clone(), BTreeMap::new())).collect();
        Self { reader, filters, progress, found }
    }

    /// How many records the targets have.
    pub(super) async fn records(&mut self) -> Result<u64, SourceError> {
        let mut records = 0_u64;
        for target in self.found.keys() {
            let first = Page::new(1, 1).map_err(source_error)?;
            let listed = self.reader.list(&filter(target, self.filters), first).await.map_err(source_error)?;
            records = records.saturating_add(listed.total_count);
        }
        Ok(records)
    }

    /// Reads what [`Related`] describes.
    pub(super) async fn read(
        mut self,
        related: &Related,
    ) -> Result<BTreeMap<Target, Vec<DeploymentRecord>>, SourceError> {
        let targets: Vec<Target> = self.found.keys().cloned().collect();
        let mut names = related.deployment_names.clone();
        for target in &targets {
            for digest in &related.digests {
                let records = self.add(target, |filter| filter.digest = Some(*digest)).await?;
                names.extend(records.iter().map(|record| record.deployment_name.as_ref().to_owned()));
            }
        }
        let mut holders = BTreeSet::new();
        for target in &targets {
            for name in &names {
                let slot = self.add(target, |filter| filter.deployment_name = Some(name.clone())).await?;
                holders.extend(newest_of_each_kind(slot));
            }
            if self.found.get(target).is_none_or(BTreeMap::is_empty) {
                self.add_any_slot(target).await?;
            }
        }
        for target in &targets {
            for digest in holders.difference(&related.digests) {
                self.add(target, |filter| filter.digest = Some(*digest)).await?;
            }
        }
        Ok(self.found.into_iter().map(|(target, records)| (target, records.into_values().collect())).collect())
    }

    /// Reads a list of the target, and keeps it.
    async fn add(
        &mut self,
        target: &Target,
        narrow: impl FnOnce(&mut Filter),
    ) -> Result<Vec<DeploymentRecord>, SourceError> {
        let mut filter = filter(target, self.filters);
        narrow(&mut filter);
        let before = self.found.values().map(BTreeMap::len).sum();
        let records = list(self.reader, &filter, before, self.progress).await.map_err(source_error)?;
        let found = self.found.entry(target.clone()).or_default();
        found.extend(records.iter().map(|record| (Arc::clone(&record.id), record.clone())));
        Ok(records)
    }

    /// Reads a slot of the target, if there is any: a target without records is another matter than one whose records
    /// are not read.
    async fn add_any_slot(&mut self, target: &Target) -> Result<(), SourceError> {
        let first = Page::new(1, 1).map_err(source_error)?;
        let listed = self.reader.list(&filter(target, self.filters), first).await.map_err(source_error)?;
        match (listed.records.first(), target) {
            (Some(newest), _) => {
                let name = newest.deployment_name.as_ref().to_owned();
                self.add(target, |filter| filter.deployment_name = Some(name)).await.map(drop)
            }
            (None, Target::Named(name)) => check_known(self.reader, name).await,
            (None, Target::All) => Ok(()),
        }
    }
}

/// The digests that are the newest of their kind in a slot's history.
fn newest_of_each_kind(mut history: Vec<DeploymentRecord>) -> Vec<Digest> {
    history.sort_unstable_by(DeploymentRecord::newest_first);
    let mut kinds = BTreeSet::new();
    let newest = history.iter().filter(|record| kinds.insert(record.artifact.kind.as_str()));
    newest.filter_map(|record| record.artifact.digest).collect()
}
