//! The short lists of a question, from a server that finds records by their digest.
//!
//! A server announces that: `digest` in the header [`super::extensions`] reads. The lists come in answers of their own, and
//! all about one target must have the same `ETag`: then they are parts of one moment, as a whole list would be.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use reqwest::header::HeaderValue;
use tokio::task::JoinSet;

use super::client::Session;
use super::paging::{Limits, Listing, Newest, list, newest};
use super::targets::{Environments, TargetRecords, call};
use crate::domain::record::DeploymentRecord;
use crate::gate::source::{RecordFilters, Related, SourceError, SourceErrorKind};
use crate::source::related::{About, Asked, Lists};
use crate::source::target::Target;
use crate::source::wire;

/// How often it is begun anew when records change meanwhile.
const TRIES: usize = 3;

/// What is read, and how.
pub(super) struct RelatedRead {
    pub(super) environments: Environments,
    pub(super) filters: RecordFilters,
    pub(super) targets: BTreeSet<Arc<str>>,
    /// Up to so many records are read whole.
    pub(super) whole_up_to: u64,
}

/// Why the short lists did not come.
enum Stop {
    Failed(SourceError),
    /// A target changed between two of its lists.
    Moved,
    /// They say less than the whole list would.
    Unusable,
}

impl From<SourceError> for Stop {
    fn from(error: SourceError) -> Self {
        Self::Failed(error)
    }
}

impl RelatedRead {
    /// Reads what is related of each target; nothing when to read all is as good, or is needed.
    pub(super) async fn read(&self, related: &Related) -> Result<Option<Vec<TargetRecords>>, SourceError> {
        for _ in 0..TRIES {
            let Some(mut lists) = self.begin(related).await? else { return Ok(None) };
            match crate::source::related::read(&mut lists, &self.targets, related).await {
                Ok(found) => {
                    return Ok(Some(found.into_iter().map(|(name, records)| of_target(name, records)).collect()));
                }
                Err(Stop::Failed(error)) => return Err(error),
                Err(Stop::Unusable) => return Ok(None),
                Err(Stop::Moved) => tracing::debug!("records changed while a question's were read"),
            }
        }
        Ok(None)
    }

    /// Asks for the newest record of each target, and with it for what the server can do.
    async fn begin(&self, related: &Related) -> Result<Option<ServerLists<'_>>, SourceError> {
        let mut reads = JoinSet::new();
        for target in self.targets.iter().cloned() {
            let session = Arc::clone(&self.environments.session);
            let call = call(&Target::Named(Arc::clone(&target)), &self.filters);
            reads.spawn(async move { (target, newest(&session, &call, None).await) });
        }
        let mut newest_of = HashMap::new();
        while let Some(joined) = reads.join_next().await {
            let (target, newest) = joined.map_err(|failure| super::broke_off(&failure))?;
            match newest {
                Ok(Some(newest)) => drop(newest_of.insert(target, newest)),
                // The whole read knows more to say of it.
                Ok(None) => return Ok(None),
                Err(error) if error.kind == SourceErrorKind::UnknownEnvironment => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        let is_able = newest_of.values().all(|Newest { total, extensions, .. }| {
            extensions.finds_digests && (*total == 0 || extensions.tag.is_some())
        });
        let records = newest_of.values().map(|newest| newest.total).fold(0, u64::saturating_add);
        let is_useful = is_able && records > self.whole_up_to && self.is_shorter_than(records, related);
        Ok(is_useful.then_some(ServerLists { read: self, newest: newest_of }))
    }

    /// Whether there are fewer lists to begin with than so many records have pages.
    fn is_shorter_than(&self, records: u64, related: &Related) -> bool {
        let of_each = related.digests.len().saturating_add(related.deployment_names.len());
        let lists = u64::try_from(self.targets.len().saturating_mul(of_each)).unwrap_or(u64::MAX);
        lists < records / self.environments.limits.page_size.max(1)
    }
}

fn of_target(name: Arc<str>, records: Vec<DeploymentRecord>) -> TargetRecords {
    let hashed = records.into_iter().map(|record| {
        let hash = wire::hash(&record);
        (record, hash)
    });
    // The tag is of lists that were read whole.
    TargetRecords { target: Target::Named(name), records: hashed.collect(), incomplete: None, tag: None }
}

/// The lists of one moment of each target.
struct ServerLists<'a> {
    read: &'a RelatedRead,
    newest: HashMap<Arc<str>, Newest>,
}

impl ServerLists<'_> {
    fn tag(&self, target: &Arc<str>) -> Option<&HeaderValue> {
        self.newest.get(target).and_then(|newest| newest.extensions.tag.as_ref())
    }

    /// The records of a list that is of the moment that was begun with.
    fn checked(&self, asked: &Asked, listing: Listing<DeploymentRecord>) -> Result<Vec<DeploymentRecord>, Stop> {
        let (target, _) = asked;
        if listing.tag.as_ref() != self.tag(target) {
            return Err(Stop::Moved);
        }
        let is_foreign = |(record, _): &(DeploymentRecord, _)| record.environment_name != *target;
        if listing.incomplete.is_some() || listing.items.iter().any(is_foreign) {
            return Err(Stop::Unusable);
        }
        Ok(listing.items.into_iter().map(|(record, _)| record).collect())
    }
}

/// The list with all of a target's records that are about this.
async fn read_list(
    session: Arc<Session>,
    limits: Limits,
    filters: RecordFilters,
    (target, about): Asked,
) -> Result<Listing<DeploymentRecord>, SourceError> {
    let mut call = call(&Target::Named(target), &filters);
    call.parameters.push(match about {
        About::Digest(digest) => ("digest", digest.to_string()),
        About::Deployment(name) => ("deployment_name", name),
    });
    list(&session, &call, limits).await
}

impl Lists for ServerLists<'_> {
    type Error = Stop;

    async fn read(&mut self, asked: Vec<Asked>) -> Result<Vec<Vec<DeploymentRecord>>, Stop> {
        let Environments { session, limits, .. } = &self.read.environments;
        let mut reads = JoinSet::new();
        for (number, asked) in asked.iter().cloned().enumerate() {
            let list = read_list(Arc::clone(session), *limits, self.read.filters.clone(), asked);
            reads.spawn(async move { (number, list.await) });
        }
        let mut answers = vec![Vec::new(); asked.len()];
        while let Some(joined) = reads.join_next().await {
            let (number, listing) = joined.map_err(|failure| super::broke_off(&failure))?;
            if let (Some(answer), Some(asked)) = (answers.get_mut(number), asked.get(number)) {
                *answer = self.checked(asked, listing?)?;
            }
        }
        Ok(answers)
    }

    async fn any_deployment(&mut self, target: &Arc<str>) -> Result<Option<String>, Stop> {
        let newest = self.newest.get(target).and_then(|newest| newest.deployment_name.clone());
        if newest.is_none() {
            self.read.environments.check(target).await?;
        }
        Ok(newest)
    }
}
