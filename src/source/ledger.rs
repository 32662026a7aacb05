//! Records from a ledger, read where it is: its file, or its database.
//!
//! All that a fetch asks for is read in one transaction, so it is one moment of the ledger. Nothing is written.

mod related;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::collect::ByTarget;
use super::related::SMALL;
use super::target::Target;
use super::{text, wire};
use crate::domain::artifact::ArtifactKind;
use crate::domain::record::{DeploymentRecord, RecordStatus};
use crate::domain::text::nearest;
use crate::gate::source::{
    BoxFuture, EnvironmentQuery, Fetched, FetchedEnvironment, Progress, RecordFilters, RecordQuery, RecordSource,
    Related, SourceError, SourceErrorKind,
};
use crate::ledger::error::{LedgerError, LedgerErrorKind};
use crate::ledger::filter::{Filter, Page};
use crate::ledger::store::{Access, Place, Reader, Store};
use related::LedgerLists;

/// How many records, or environments, are read at a time.
const PAGE_SIZE: u32 = 1000;

/// Reads the current time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A record source that reads a ledger, which is opened anew for each fetch.
pub struct LedgerSource {
    place: Place,
    clock: Clock,
    whole_up_to: u64,
}

impl LedgerSource {
    /// The source of this ledger, which is first opened when records are asked for.
    #[must_use]
    pub fn new(place: Place, clock: Clock) -> Self {
        Self { place, clock, whole_up_to: SMALL }
    }

    /// The same source, which reads up to so many records whole though less would do.
    #[must_use]
    pub fn whole_up_to(self, records: u64) -> Self {
        Self { whole_up_to: records, ..self }
    }

    async fn read(&self, query: &RecordQuery, progress: &dyn Progress) -> Result<Fetched, SourceError> {
        let plans = query.environments.iter().map(plan).collect::<Result<Vec<_>, _>>()?;
        let observed_at = (self.clock)();
        let store = Store::open(&self.place, Access::ReadOnly).await.map_err(source_error)?;
        let read = read_all(&store, &plans, &query.filters, progress).await;
        store.close().await;
        Ok(assemble(&plans, read?, observed_at))
    }

    async fn read_related(
        &self,
        query: &RecordQuery,
        related: &Related,
        progress: &dyn Progress,
    ) -> Result<Option<Fetched>, SourceError> {
        if !super::related::can_be_read(query) {
            return Ok(None);
        }
        let plans = query.environments.iter().map(plan).collect::<Result<Vec<_>, _>>()?;
        let observed_at = (self.clock)();
        let store = Store::open(&self.place, Access::ReadOnly).await.map_err(source_error)?;
        let read = read_related(&store, &plans, self.whole_up_to, &query.filters, related, progress).await;
        store.close().await;
        Ok(read?.map(|read| assemble(&plans, read, observed_at)))
    }
}

fn plan(asked: &EnvironmentQuery) -> Result<BTreeSet<Target>, SourceError> {
    if let Some(logical) = &asked.logical_environment {
        return Err(SourceError::new(
            SourceErrorKind::UnknownEnvironment,
            format!("a ledger has no logical environments, and so not `{}`", text::name(logical)),
            format!("name the `targets` of the environment `{}` instead", asked.environment),
        ));
    }
    if asked.targets.is_empty() {
        return Ok(BTreeSet::from([Target::All]));
    }
    Ok(asked.targets.iter().map(|name| Target::Named(Arc::from(name.as_str()))).collect())
}

/// Reads every target once, all of them in one transaction.
async fn read_all(
    store: &Store,
    plans: &[BTreeSet<Target>],
    filters: &RecordFilters,
    progress: &dyn Progress,
) -> Result<BTreeMap<Target, Vec<DeploymentRecord>>, SourceError> {
    let mut reader = store.read().await.map_err(source_error)?;
    let mut read: BTreeMap<Target, Vec<DeploymentRecord>> = BTreeMap::new();
    for target in plans.iter().flatten().collect::<BTreeSet<_>>() {
        let before = read.values().map(Vec::len).sum();
        let records = list(&mut reader, &filter(target, filters), before, progress).await.map_err(source_error)?;
        if let (Target::Named(name), true) = (target, records.is_empty()) {
            check_known(&mut reader, name).await?;
        }
        read.insert(target.clone(), records);
    }
    // Only now it is certain that all of it is of one moment.
    reader.finish().await.map_err(source_error)?;
    Ok(read)
}

/// Reads of every target what is related, in one transaction; nothing when they have no more records than so many.
async fn read_related(
    store: &Store,
    plans: &[BTreeSet<Target>],
    whole_up_to: u64,
    filters: &RecordFilters,
    related: &Related,
    progress: &dyn Progress,
) -> Result<Option<BTreeMap<Target, Vec<DeploymentRecord>>>, SourceError> {
    let mut reader = store.read().await.map_err(source_error)?;
    let targets = plans.iter().flatten().filter_map(Target::name).collect();
    let mut lists = LedgerLists { reader: &mut reader, filters, progress, read: 0 };
    let is_small = lists.count(&targets).await? <= whole_up_to;
    let found = if is_small { None } else { Some(super::related::read(&mut lists, &targets, related).await?) };
    reader.finish().await.map_err(source_error)?;
    let by_target = |found: BTreeMap<Arc<str>, Vec<DeploymentRecord>>| {
        found.into_iter().map(|(name, records)| (Target::Named(name), records)).collect()
    };
    Ok(found.map(by_target))
}

fn filter(target: &Target, filters: &RecordFilters) -> Filter {
    Filter {
        environment_name: match target {
            Target::All => None,
            Target::Named(name) => Some(name.as_ref().to_owned()),
        },
        project_name: filters.project_name.clone(),
        project_version_name: filters.project_version_name.clone(),
        status: filters.status.as_deref().map(RecordStatus::from_text),
        artifact_kind: filters.artifact_kind.as_deref().map(ArtifactKind::from_text),
        deployment_name: filters.deployment_name.clone(),
        full_history: filters.full_history,
        digest: None,
        updated_since: None,
    }
}

async fn list(
    reader: &mut Reader,
    filter: &Filter,
    before: usize,
    progress: &dyn Progress,
) -> Result<Vec<DeploymentRecord>, LedgerError> {
    let mut records: Vec<DeploymentRecord> = Vec::new();
    for number in 1.. {
        let page = reader.list(filter, Page::new(number, PAGE_SIZE)?).await?;
        let is_empty = page.records.is_empty();
        records.extend(page.records);
        let total = usize::try_from(page.total_count).unwrap_or(usize::MAX);
        progress.records(before + records.len(), Some(before + total));
        if records.len() >= total || is_empty {
            if records.len() == total {
                break;
            }
            let message = format!("the ledger counts {total} records and has {}", records.len());
            return Err(LedgerError::new(LedgerErrorKind::Damaged, message, "restore a backup"));
        }
    }
    Ok(records)
}

/// Tells an environment that nobody recorded from one without such records.
async fn check_known(reader: &mut Reader, name: &str) -> Result<(), SourceError> {
    let mut known: Vec<Arc<str>> = Vec::new();
    for number in 1.. {
        let page = Page::new(number, PAGE_SIZE).map_err(source_error)?;
        let listed = reader.environments(None, page).await.map_err(source_error)?;
        if listed.environments.iter().any(|environment| &*environment.name == name) {
            return Ok(());
        }
        if listed.environments.is_empty() {
            break;
        }
        known.extend(listed.environments.into_iter().map(|environment| environment.name));
    }
    let nearest = nearest(name, known.iter().map(|name| &**name));
    let nearest = nearest.map(|nearest| format!("; did you mean `{}`?", text::name(nearest))).unwrap_or_default();
    Err(SourceError::new(
        SourceErrorKind::UnknownEnvironment,
        format!("the ledger has no environment `{}`{nearest}", text::name(name)),
        "correct the configuration, or record a deployment there",
    ))
}

/// Sorts what was read into the environments asked for.
fn assemble(
    plans: &[BTreeSet<Target>],
    read: BTreeMap<Target, Vec<DeploymentRecord>>,
    observed_at: Timestamp,
) -> Fetched {
    let names = |target: &Target| match target {
        Target::Named(name) => BTreeSet::from([Arc::clone(name)]),
        Target::All => read.get(target).into_iter().flatten().map(|record| record.environment_name.clone()).collect(),
    };
    let plans: Vec<BTreeSet<Arc<str>>> = plans.iter().map(|plan| plan.iter().flat_map(&names).collect()).collect();
    let mut by_target = ByTarget::default();
    plans.iter().flatten().for_each(|name| by_target.expect(name));
    let mut seen = BTreeSet::new();
    let mut hashes = Vec::new();
    for record in read.into_values().flatten() {
        // A target that was read both by name and with all others came twice, and is the same.
        if seen.insert(Arc::clone(&record.id)) {
            let hash = wire::hash(&record);
            if by_target.keep(record) {
                hashes.push(hash);
            }
        }
    }
    let environments = plans.iter().map(|names| FetchedEnvironment {
        targets: names.iter().map(|name| name.as_ref().to_owned()).collect(),
        records: by_target.take_all(names),
        incomplete: None,
    });
    Fetched { environments: environments.collect(), observed_at: Some(observed_at), digest: wire::digest(hashes) }
}

fn source_error(error: LedgerError) -> SourceError {
    let kind = match error.kind {
        LedgerErrorKind::Invalid | LedgerErrorKind::Conflict => SourceErrorKind::Refused,
        LedgerErrorKind::Unauthorized => SourceErrorKind::Unauthorized,
        LedgerErrorKind::Forbidden => SourceErrorKind::Forbidden,
        LedgerErrorKind::Unavailable => SourceErrorKind::Unavailable,
        LedgerErrorKind::NotFound | LedgerErrorKind::Damaged | LedgerErrorKind::Failed => SourceErrorKind::File,
    };
    SourceError::new(kind, error.message, error.hint)
}

impl RecordSource for LedgerSource {
    fn kind(&self) -> &'static str {
        "ledger"
    }

    fn fetch<'a>(
        &'a self,
        query: &'a RecordQuery,
        progress: &'a dyn Progress,
    ) -> BoxFuture<'a, Result<Fetched, SourceError>> {
        Box::pin(self.read(query, progress))
    }

    fn fetch_related<'a>(
        &'a self,
        query: &'a RecordQuery,
        related: &'a Related,
        progress: &'a dyn Progress,
    ) -> BoxFuture<'a, Result<Option<Fetched>, SourceError>> {
        Box::pin(self.read_related(query, related, progress))
    }
}
