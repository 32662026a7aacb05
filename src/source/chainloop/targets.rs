//! The records of one target, and which targets there are.

use std::sync::Arc;

use reqwest::header::HeaderValue;
use tokio::sync::OnceCell;

use super::super::target::Target;
use super::super::text;
use super::super::wire::{NamedEnvironment, RecordHash};
use super::changes::refresh;
use super::client::{Call, Session};
use super::paging::{Limits, Listing, list};
use super::unchanging::{Kept, Unchanging};
use crate::domain::record::DeploymentRecord;
use crate::domain::text::nearest;
use crate::gate::source::{RecordFilters, SourceError, SourceErrorKind};

/// The records of one target.
pub(super) struct TargetRecords {
    pub(super) target: Target,
    pub(super) records: Vec<(DeploymentRecord, RecordHash)>,
    pub(super) incomplete: Option<String>,
    /// What the server knows them by.
    pub(super) tag: Option<HeaderValue>,
}

/// The records of one target: where those that were read before still hold, only what has changed since is read.
pub(super) async fn read(
    environments: Environments,
    target: Target,
    filters: RecordFilters,
    unchanging: Unchanging,
) -> Result<TargetRecords, SourceError> {
    let call = call(&target, &filters);
    if let Some(kept) = unchanging.get(&target, &filters)
        && let Some(now) = refresh(&environments, &call, &filters, &kept).await?
        && is_only_of(&target, &now.records)
    {
        let (records, tag) = (now.records.to_vec(), Some(now.tag.clone()));
        unchanging.put(&target, &filters, Some(now));
        return Ok(TargetRecords { target, records, incomplete: None, tag });
    }
    let read = read_anew(&environments, target, call).await?;
    let whole = read.tag.as_ref().filter(|_| read.incomplete.is_none());
    let kept = whole.map(|tag| Kept { tag: tag.clone(), records: read.records.as_slice().into() });
    unchanging.put(&read.target, &filters, kept);
    Ok(read)
}

/// The list of a target's records.
pub(super) fn call(target: &Target, filters: &RecordFilters) -> Call {
    let what = match target {
        Target::All => "the deployment records".to_owned(),
        Target::Named(name) => format!("the deployment records of `{}`", text::name(name)),
    };
    Call { list: "deployments", what, parameters: parameters(target, filters), addition: None }
}

/// Whether a list has no records of other targets.
fn is_only_of(target: &Target, records: &[(DeploymentRecord, RecordHash)]) -> bool {
    target.name().is_none_or(|name| records.iter().all(|(record, _)| record.environment_name == name))
}

/// Reads all records of a target. When none came, it makes sure that the target exists.
async fn read_anew(environments: &Environments, target: Target, call: Call) -> Result<TargetRecords, SourceError> {
    let listing = list::<DeploymentRecord>(&environments.session, &call, environments.limits).await;
    let Target::Named(name) = &target else {
        let Listing { items: records, incomplete, tag } = listing?;
        return Ok(TargetRecords { target, records, incomplete, tag });
    };
    let Listing { items: mut records, mut incomplete, tag } = match listing {
        Err(error) if error.kind == SourceErrorKind::UnknownEnvironment => {
            // The list of environments knows better what was meant; without it, the first answer stands.
            return Err(environments.check(name).await.err().filter(|known| known.kind == error.kind).unwrap_or(error));
        }
        listing => listing?,
    };
    let foreign = records.iter().find(|(record, _)| record.environment_name != *name);
    if let Some((record, _)) = foreign {
        // A server that does not filter by this name may know it by another, and then the rest is not all there is.
        let (name, other) = (text::name(name), text::name(&record.environment_name));
        incomplete = Some(format!("the answer about `{name}` has records of `{other}`"));
    }
    records.retain(|(record, _)| record.environment_name == *name);
    if records.is_empty() && incomplete.is_none() {
        environments.check(name).await?;
    }
    Ok(TargetRecords { target, records, incomplete, tag })
}

fn parameters(target: &Target, filters: &RecordFilters) -> Vec<(&'static str, String)> {
    let environment = match target {
        Target::All => None,
        Target::Named(name) => Some(name.as_ref().to_owned()),
    };
    let given = [
        ("environment_name", environment),
        ("project_name", filters.project_name.clone()),
        ("project_version_name", filters.project_version_name.clone()),
        ("status", filters.status.clone()),
        ("artifact_kind", filters.artifact_kind.clone()),
        ("deployment_name", filters.deployment_name.clone()),
        ("full_history", filters.full_history.then(|| "true".to_owned())),
    ];
    given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// The environments that the API knows, read at most once in a fetch.
#[derive(Clone)]
pub(super) struct Environments {
    pub(super) session: Arc<Session>,
    pub(super) limits: Limits,
    known: Arc<OnceCell<Vec<NamedEnvironment>>>,
}

impl Environments {
    pub(super) fn new(session: Arc<Session>, limits: Limits) -> Self {
        Self { session, limits, known: Arc::default() }
    }

    /// The environments of a logical environment.
    ///
    /// # Errors
    /// When there are none.
    pub(super) async fn of_logical(&self, logical: &str) -> Result<Vec<Arc<str>>, SourceError> {
        let known = self.known().await?;
        let is_member = |environment: &&NamedEnvironment| environment.logical_environment.as_deref() == Some(logical);
        let members: Vec<_> = known.iter().filter(is_member).map(|environment| environment.name.clone()).collect();
        if members.is_empty() {
            let names = known.iter().filter_map(|environment| environment.logical_environment.as_deref());
            return Err(self.unknown("logical environment", logical, names));
        }
        Ok(members)
    }

    /// Whether there is an environment of this name.
    ///
    /// # Errors
    /// When there is none, or the environments cannot be read.
    pub(super) async fn check(&self, name: &str) -> Result<(), SourceError> {
        let known = self.known().await?;
        if known.iter().any(|environment| &*environment.name == name) {
            return Ok(());
        }
        Err(self.unknown("environment", name, known.iter().map(|environment| &*environment.name)))
    }

    async fn known(&self) -> Result<&[NamedEnvironment], SourceError> {
        let known = self.known.get_or_try_init(|| async {
            let what = "the environments".to_owned();
            let call = Call { list: "environments", what, parameters: Vec::new(), addition: None };
            let listing = list::<NamedEnvironment>(&self.session, &call, self.limits).await?;
            match listing.incomplete {
                None => Ok(listing.items.into_iter().map(|(environment, _)| environment).collect()),
                Some(words) => Err(SourceError::new(
                    SourceErrorKind::Incomplete,
                    format!("cannot tell which environments there are: {words}"),
                    "try again; if it stays, see why the API lists fewer environments than it counts",
                )),
            }
        });
        known.await.map(Vec::as_slice)
    }

    fn unknown<'a>(&self, kind: &str, name: &str, known: impl Iterator<Item = &'a str>) -> SourceError {
        let product = self.session.client.product;
        let nearest = nearest(name, known).map(|nearest| format!("; did you mean `{}`?", text::name(nearest)));
        SourceError::new(
            SourceErrorKind::UnknownEnvironment,
            format!("{} has no {kind} `{}`{}", product.name(), text::name(name), nearest.unwrap_or_default()),
            format!("correct the configuration, or {}", product.new_environment(kind)),
        )
    }
}
