//! The snapshot as a plugin sees it: records that match a filter, newest first, found through the indexes.

use std::sync::Arc;

use crate::domain::digest::Digest;
use crate::domain::record::{DeploymentRecord, RecordStatus};
use crate::domain::snapshot::{RecordIndex, Snapshot};

use super::bindings::records::Filter;
use super::bindings::types::DeploymentStatus;
use super::clock::Deadline;
use super::fault::Refused;

/// Records looked at between two looks at the clock.
const STRIDE: usize = 4096;

/// Records by filter.
pub(super) struct View {
    snapshot: Arc<Snapshot>,
    /// The environments whose records were read for this request.
    environments: Vec<String>,
}

/// A record, and the environment it belongs to.
pub(super) type Match<'a> = (&'a str, &'a DeploymentRecord);

impl View {
    pub(super) const fn new(snapshot: Arc<Snapshot>, environments: Vec<String>) -> Self {
        Self { snapshot, environments }
    }

    /// The environments whose records were read.
    pub(super) fn environments(&self) -> &[String] {
        &self.environments
    }

    /// How many match.
    pub(super) fn count(&self, filter: &Filter, deadline: Deadline) -> Result<usize, Refused> {
        let mut count = 0;
        for (_, records) in self.matching(filter)? {
            for (position, found) in records.enumerate() {
                count += usize::from(found.is_some());
                check(position, deadline)?;
            }
        }
        Ok(count)
    }

    /// The newest that matches.
    pub(super) fn latest(&self, filter: &Filter, deadline: Deadline) -> Result<Option<Match<'_>>, Refused> {
        let mut newest: Option<Match<'_>> = None;
        for (environment, records) in self.matching(filter)? {
            for (position, found) in records.enumerate() {
                check(position, deadline)?;
                let Some(record) = found else { continue };
                let is_newer = |(_, known): &Match<'_>| record.newest_first(known).is_lt();
                if newest.as_ref().is_none_or(is_newer) {
                    newest = Some((environment, record));
                }
                break;
            }
        }
        Ok(newest)
    }

    /// Those that match, newest first, from `offset` on.
    pub(super) fn page(
        &self,
        filter: &Filter,
        offset: usize,
        limit: usize,
        deadline: Deadline,
    ) -> Result<Vec<Match<'_>>, Refused> {
        let wanted = offset.saturating_add(limit);
        let mut all: Vec<Match<'_>> = Vec::new();
        for (environment, records) in self.matching(filter)? {
            let mut of_one = 0;
            for (position, found) in records.enumerate() {
                check(position, deadline)?;
                let Some(record) = found else { continue };
                all.push((environment, record));
                of_one += 1;
                // Of one environment no more than that many can be among the first.
                if of_one >= wanted {
                    break;
                }
            }
        }
        all.sort_by(|(_, one), (_, other)| one.newest_first(other));
        Ok(all.into_iter().skip(offset).take(limit).collect())
    }

    /// For each environment, every record that the indexes leave, and none where the rest of the filter does not match.
    fn matching<'a, 'f>(
        &'a self,
        filter: &'f Filter,
    ) -> Result<
        impl Iterator<Item = (&'a str, impl Iterator<Item = Option<&'a DeploymentRecord>> + use<'a, 'f>)> + use<'a, 'f>,
        Refused,
    > {
        let digest = filter.digest.as_deref().map(digest).transpose()?;
        let named = filter.environment.as_deref();
        if let Some(unread) = named.filter(|name| !self.environments.iter().any(|known| known == name)) {
            return Err(Refused::Records(format!(
                "it asked for records of `{unread}`, and only those of {} were read for this request",
                self.environments.join(", ")
            )));
        }
        let wanted = move |name: &&'a String| named.is_none_or(|wanted| wanted == name.as_str());
        let environments = self.environments.iter().filter(wanted);
        Ok(environments.filter_map(move |name| {
            let index = self.snapshot.environments.get(name)?.index();
            let found = candidates(index, filter, digest)
                .map(move |record| record.filter(|record| fits(record, filter, digest)));
            Some((name.as_str(), found))
        }))
    }
}

fn check(position: usize, deadline: Deadline) -> Result<(), Refused> {
    if position % STRIDE == STRIDE - 1 && deadline.is_over() {
        return Err(Refused::OutOfTime);
    }
    Ok(())
}

fn digest(text: &str) -> Result<Digest, Refused> {
    text.parse().map_err(|_error| {
        let why = format!("it asked for records of the digest `{text}`, which is not `sha256:` and 64 hex digits");
        Refused::Records(why)
    })
}

/// What the narrowest index leaves, newest first.
fn candidates<'a>(
    index: &'a RecordIndex,
    filter: &Filter,
    digest: Option<Digest>,
) -> Box<dyn Iterator<Item = Option<&'a DeploymentRecord>> + 'a> {
    let at = |position: &u32| usize::try_from(*position).ok().and_then(|position| index.records().get(position));
    if let Some(digest) = digest {
        return Box::new(index.of_digest(digest).iter().map(at));
    }
    let slots = filter.target.as_deref().map(|target| index.by_slot().get(target));
    match (slots, filter.deployment_name.as_deref()) {
        (Some(None), _) => Box::new(std::iter::empty()),
        (Some(Some(slots)), Some(name)) => Box::new(slots.get(name).into_iter().flatten().map(at)),
        (None, Some(name)) => Box::new(of_name(index, name).into_iter().map(move |position| at(&position))),
        (_, None) => Box::new(index.records().iter().map(Some)),
    }
}

/// The positions of a deployment's records in all targets, newest first.
fn of_name(index: &RecordIndex, name: &str) -> Vec<u32> {
    let mut positions: Vec<u32> =
        index.by_slot().values().filter_map(|slots| slots.get(name)).flatten().copied().collect();
    positions.sort_unstable();
    positions
}

fn fits(record: &DeploymentRecord, filter: &Filter, digest: Option<Digest>) -> bool {
    let same = |wanted: &Option<String>, is: &str| wanted.as_ref().is_none_or(|wanted| wanted == is);
    same(&filter.target, &record.environment_name)
        && same(&filter.deployment_name, &record.deployment_name)
        && digest.is_none_or(|digest| record.artifact.digest == Some(digest))
        && filter.status.is_none_or(|wanted| wanted == status(&record.status))
}

/// The contract's word for a status.
pub(super) const fn status(status: &RecordStatus) -> DeploymentStatus {
    match status {
        RecordStatus::Deployed => DeploymentStatus::Deployed,
        RecordStatus::Superseded => DeploymentStatus::Superseded,
        RecordStatus::Decommissioned => DeploymentStatus::Decommissioned,
        RecordStatus::Other(_) => DeploymentStatus::Unknown,
    }
}

#[cfg(test)]
mod tests;
