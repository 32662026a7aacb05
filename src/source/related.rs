//! Reading what questions rest on by a few short lists, whatever else there is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::domain::digest::Digest;
use crate::domain::record::{DeploymentRecord, newest_of_each_kind};
use crate::gate::source::{RecordQuery, Related};

/// Up to so many records are always read whole: that takes some milliseconds, and the promotion map shows more.
pub(super) const SMALL: u64 = 500;

/// What a list of one target's records is about: it has all of them that fit, whatever their status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum About {
    Digest(Digest),
    Deployment(String),
}

/// One list to read: a target, and what of it.
pub(super) type Asked = (Arc<str>, About);

/// A source that finds records by their digest and by their deployment. All of its answers about one target are of one
/// moment.
pub(super) trait Lists {
    /// Why a list could not be read.
    type Error;

    /// These lists, in the order asked for.
    fn read(
        &mut self,
        asked: Vec<Asked>,
    ) -> impl Future<Output = Result<Vec<Vec<DeploymentRecord>>, Self::Error>> + Send;

    /// The name of any deployment in the target; none for a target without records. It fails for one that nobody knows.
    fn any_deployment(&mut self, target: &Arc<str>)
    -> impl Future<Output = Result<Option<String>, Self::Error>> + Send;
}

/// Whether the records of this query can be looked up one by one: histories of targets that are named.
pub(super) fn can_be_read(query: &RecordQuery) -> bool {
    query.filters.full_history
        && query.filters.deployment_name.is_none()
        && query.environments.iter().all(|asked| !asked.targets.is_empty())
}

/// Reads what [`Related`] describes of these targets.
pub(super) async fn read<L: Lists + Send>(
    lists: &mut L,
    targets: &BTreeSet<Arc<str>>,
    related: &Related,
) -> Result<BTreeMap<Arc<str>, Vec<DeploymentRecord>>, L::Error> {
    let mut found = Found::new(lists, targets);
    let mut names = related.deployment_names.clone();
    for record in found.read(each(targets, &related.digests, About::Digest)).await?.into_iter().flatten() {
        names.insert(record.deployment_name.as_ref().to_owned());
    }
    let mut holders = BTreeSet::new();
    for mut slot in found.read(each(targets, &names, About::Deployment)).await? {
        slot.sort_unstable_by(DeploymentRecord::newest_first);
        holders.extend(newest_of_each_kind(&slot));
    }
    found.read_any_slot_of_empty().await?;
    let holders: BTreeSet<Digest> = holders.difference(&related.digests).copied().collect();
    found.read(each(targets, &holders, About::Digest)).await?;
    Ok(found.records.into_iter().map(|(target, records)| (target, records.into_values().collect())).collect())
}

/// A list of each target about each of these.
fn each<T: Clone>(targets: &BTreeSet<Arc<str>>, those: &BTreeSet<T>, about: impl Fn(T) -> About) -> Vec<Asked> {
    let of_one = |target: &Arc<str>| -> Vec<Asked> {
        those.iter().map(|one| (Arc::clone(target), about(one.clone()))).collect()
    };
    targets.iter().flat_map(of_one).collect()
}

/// What was read so far.
struct Found<'a, L> {
    lists: &'a mut L,
    /// The records of each target, by id.
    records: BTreeMap<Arc<str>, BTreeMap<Arc<str>, DeploymentRecord>>,
}

impl<'a, L: Lists> Found<'a, L> {
    fn new(lists: &'a mut L, targets: &BTreeSet<Arc<str>>) -> Self {
        Self { lists, records: targets.iter().map(|target| (Arc::clone(target), BTreeMap::new())).collect() }
    }

    /// Reads lists, and keeps what they have.
    async fn read(&mut self, asked: Vec<Asked>) -> Result<Vec<Vec<DeploymentRecord>>, L::Error> {
        let read = self.lists.read(asked.clone()).await?;
        for ((target, _), records) in asked.into_iter().zip(&read) {
            let kept = self.records.entry(target).or_default();
            kept.extend(records.iter().map(|record| (Arc::clone(&record.id), record.clone())));
        }
        Ok(read)
    }

    /// Reads a slot of each target of which nothing was found, if it has any: a target without records is another matter
    /// than one whose records are not read.
    async fn read_any_slot_of_empty(&mut self) -> Result<(), L::Error> {
        let is_empty = |(target, records): (&Arc<str>, &BTreeMap<_, _>)| records.is_empty().then(|| Arc::clone(target));
        for target in self.records.iter().filter_map(is_empty).collect::<Vec<_>>() {
            if let Some(name) = self.lists.any_deployment(&target).await? {
                self.read(vec![(target, About::Deployment(name))]).await?;
            }
        }
        Ok(())
    }
}
