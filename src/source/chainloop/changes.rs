//! What has changed since a list was read whole, so that it need not be read whole again.
//!
//! Only a server that announces it is asked: `updated_since` and `etag` among its [`super::extensions`]. There no two
//! changes have the same `updated_at`, a later change has a later one, ids are random, and a record that is SUPERSEDED
//! stays as it is.
//!
//! The server's records may have gone another way since: a backup was restored, and more was recorded after it. So the
//! changes are asked for from a moment that both ways have in common, the [`anchor`]. What was kept from before it
//! holds, unless it comes with the changes; what was kept from after it has to come. The count of all records says
//! whether that is all of them. Whenever one of this is not so, the list is read whole.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::client::Call;
use super::paging::{Limits, Listing, Newest, list, newest};
use super::targets::Environments;
use super::unchanging::Kept;
use crate::domain::record::{DeploymentRecord, RecordStatus};
use crate::gate::source::{RecordFilters, SourceError, SourceErrorKind};
use crate::source::wire::RecordHash;

/// How often the changes are asked for when more happens meanwhile.
const TRIES: usize = 3;

/// Up to so many changes are read. A server sorts them anew for each page: of more, the whole list is there sooner.
const MOST: u64 = 5_000;

type Item = (DeploymentRecord, RecordHash);

/// The list as it is now, made of what was kept and what has changed; nothing when it has to be read whole.
///
/// # Errors
/// A server that does not answer. One that refuses the question is asked otherwise.
pub(super) async fn refresh(
    environments: &Environments,
    call: &Call,
    filters: &RecordFilters,
    kept: &Kept,
) -> Result<Option<Kept>, SourceError> {
    match renew(environments, call, filters, kept).await {
        Err(error) if can_be_asked_otherwise(error.kind) => Ok(None),
        renewed => renewed,
    }
}

const fn can_be_asked_otherwise(kind: SourceErrorKind) -> bool {
    use SourceErrorKind::{Refused, TooLarge, UnknownEnvironment, Unstable};
    matches!(kind, Refused | UnknownEnvironment | Unstable | TooLarge)
}

async fn renew(
    environments: &Environments,
    call: &Call,
    filters: &RecordFilters,
    kept: &Kept,
) -> Result<Option<Kept>, SourceError> {
    let Environments { session, limits, .. } = environments;
    // Under another filter, records can leave the list without being listed as changed.
    let is_whole = *filters == RecordFilters { full_history: true, ..RecordFilters::default() };
    for _ in 0..TRIES {
        let Some(Newest { total, extensions, .. }) = newest(session, call, Some(&kept.tag)).await? else {
            tracing::debug!(what = %call.what, records = kept.records.len(), "nothing has changed");
            return Ok(Some(kept.clone()));
        };
        let is_able = is_whole && extensions.finds_changes && total <= limits.max_items;
        let (true, Some(tag), Some(since)) = (is_able, extensions.tag, anchor(&kept.records)) else {
            return Ok(None);
        };
        let mut call = call.clone();
        call.parameters.push(("updated_since", since.to_string()));
        let few = Limits { max_items: MOST, ..*limits };
        let changes: Listing<DeploymentRecord> = list(session, &call, few).await?;
        if changes.incomplete.is_some() {
            return Ok(None);
        }
        // The changes and the count of all are of one moment.
        if changes.tag.as_ref() == Some(&tag) {
            let read = changes.items.len();
            let records = renewed(&kept.records, since, changes.items, total);
            tracing::debug!(what = %call.what, read, total, holds = records.is_some(), "read what has changed");
            return Ok(records.map(|records| Kept { tag, records: records.into() }));
        }
    }
    Ok(None)
}

/// A moment that the server's records have in common with these, if all that changed here since then is there too: when
/// a record was superseded last. What came after it in its slot is among that, under an id that was random then.
fn anchor(kept: &[Item]) -> Option<Timestamp> {
    let is_superseded = |(record, _): &&Item| record.status == RecordStatus::Superseded;
    let (superseded, _) = kept.iter().filter(is_superseded).max_by_key(|(record, _)| record.updated_at)?;
    let is_successor = |(record, _): &Item| {
        record.environment_name == superseded.environment_name
            && record.deployment_name == superseded.deployment_name
            && superseded.created_at.is_some_and(|created| record.created_at > Some(created))
    };
    superseded.updated_at.filter(|_| kept.iter().any(is_successor))
}

/// All records, of which there are `total`; nothing when that cannot be told for sure.
fn renewed(kept: &[Item], since: Timestamp, changes: Vec<Item>, total: u64) -> Option<Vec<Item>> {
    let fresh: HashSet<Arc<str>> = changes.iter().map(|(record, _)| Arc::clone(&record.id)).collect();
    let mut records = changes;
    for item in kept.iter().filter(|(record, _)| !fresh.contains(&record.id)) {
        // What changed since would have come, if it had happened to the server's records.
        item.0.updated_at.filter(|updated| *updated < since)?;
        records.push(item.clone());
    }
    u64::try_from(records.len()).is_ok_and(|count| count == total).then_some(records)
}

#[cfg(test)]
mod tests;
