//! Records from Chainloop's `GET /v1/deployments`.
//!
//! The source asks for each target by itself, all pages of it, and checks that an empty target exists. It vouches
//! for nothing that it did not read whole.

mod changes;
mod client;
mod conceal;
mod direct;
mod extensions;
mod failure;
mod options;
mod paging;
mod product;
mod related;
mod targets;
mod token;
mod unchanging;

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;

use secrecy::ExposeSecret as _;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::collect::{ByTarget, Distinct, Seen};
use super::related::{SMALL, can_be_read};
use super::target::Target;
use super::text;
use super::wire;
use crate::gate::source::{
    BoxFuture, EnvironmentQuery, Fetched, FetchedEnvironment, Progress, RecordQuery, RecordSource, Related,
    SourceError, SourceErrorKind,
};
use client::{Client, Session, Tally};
use paging::Limits;
use related::RelatedRead;
use targets::TargetRecords;
use unchanging::Unchanging;

pub use client::Clock;
pub use options::{ChainloopOptions, authorities};
pub use product::Product;

/// A record source that reads the API of one Chainloop installation.
pub struct ChainloopSource {
    client: Arc<Client>,
    limits: Limits,
    unchanging: Unchanging,
    whole_up_to: u64,
}

impl fmt::Debug for ChainloopSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ChainloopSource").field("url", &self.client.base.as_str()).finish_non_exhaustive()
    }
}

impl ChainloopSource {
    /// Checks the options and prepares the HTTP client; nothing is sent yet.
    ///
    /// # Errors
    /// Plain http to another host than this one without `allow_insecure`, a URL with credentials, query or fragment,
    /// an empty token or one that no header can carry, a CA file that cannot be read.
    pub fn new(options: &ChainloopOptions, clock: Clock) -> Result<Self, SourceError> {
        let limits = Limits {
            page_size: u64::from(options.page_size.max(1)),
            parallel: options.parallel.max(1),
            max_items: options.max_records,
        };
        Ok(Self {
            client: Arc::new(options.client(clock)?),
            limits,
            unchanging: Unchanging::default(),
            whole_up_to: SMALL,
        })
    }

    /// The same source, which reads up to so many records whole though less would do.
    #[must_use]
    pub fn whole_up_to(self, records: u64) -> Self {
        Self { whole_up_to: records, ..self }
    }

    async fn read(&self, query: &RecordQuery, progress: &dyn Progress) -> Result<Fetched, SourceError> {
        let Begun { observed_at, environments, tally, plans } = self.begin(query).await?;
        let wanted: BTreeSet<Target> = plans.iter().flatten().cloned().collect();
        let mut reads = JoinSet::new();
        for target in wanted {
            let unchanging = self.unchanging.clone();
            reads.spawn(targets::read(environments.clone(), target, query.filters.clone(), unchanging));
        }
        let read = told(gather(reads), tally, progress).await?;
        assemble(&plans, read, observed_at)
    }

    /// Reads what is related, from a ledger's server that finds it: others are not asked whether they do.
    async fn read_related(
        &self,
        query: &RecordQuery,
        related: &Related,
        progress: &dyn Progress,
    ) -> Result<Option<Fetched>, SourceError> {
        if self.client.product != Product::Ledger || !can_be_read(query) {
            return Ok(None);
        }
        let Begun { observed_at, environments, tally, plans } = self.begin(query).await?;
        let targets = plans.iter().flatten().filter_map(Target::name).collect();
        let (filters, whole_up_to) = (query.filters.clone(), self.whole_up_to);
        let reading = RelatedRead { environments, filters, targets, whole_up_to };
        let Some(read) = told(reading.read(related), tally, progress).await? else { return Ok(None) };
        let by_target = read.into_iter().map(|records| (records.target.clone(), records)).collect();
        assemble(&plans, by_target, observed_at).map(Some)
    }

    /// Begins a fetch, and finds out which targets it is about.
    async fn begin(&self, query: &RecordQuery) -> Result<Begun, SourceError> {
        if query.filters.project_version_name.is_some() && query.filters.project_name.is_none() {
            return Err(SourceError::new(
                SourceErrorKind::Refused,
                "the filter `project_version_name` needs `project_name`",
                "name the project too",
            ));
        }
        let (session, tally) = self.session()?;
        let observed_at = (self.client.clock)();
        let environments = targets::Environments::new(session, self.limits);
        let mut plans = Vec::new();
        for asked in &query.environments {
            plans.push(plan(asked, &environments).await?);
        }
        Ok(Begun { observed_at, environments, tally, plans })
    }

    /// New requests under one deadline, and how far they are.
    fn session(&self) -> Result<(Arc<Session>, watch::Receiver<Tally>), SourceError> {
        self.check_token()?;
        let (sender, receiver) = watch::channel(Tally::default());
        Ok((Arc::new(Session::new(self.client.clone(), self.limits.parallel, sender)), receiver))
    }

    /// A token that says it has expired is not worth a request.
    fn check_token(&self) -> Result<(), SourceError> {
        match self.client.expiry {
            Some(expiry) if expiry <= (self.client.clock)() => {
                let (origin, product) = (&self.client.token_origin, self.client.product);
                Err(SourceError::new(
                    SourceErrorKind::Unauthorized,
                    format!("the {} token in {origin} expired at {expiry} (its `exp`)", product.adjective()),
                    format!("{} and put it in {origin}", product.new_token()),
                ))
            }
            _ => Ok(()),
        }
    }
}

/// A fetch that has begun.
struct Begun {
    observed_at: jiff::Timestamp,
    environments: targets::Environments,
    tally: watch::Receiver<Tally>,
    /// The targets of each environment asked for.
    plans: Vec<BTreeSet<Target>>,
}

/// The targets of one environment asked for.
async fn plan(asked: &EnvironmentQuery, environments: &targets::Environments) -> Result<BTreeSet<Target>, SourceError> {
    let mut plan: BTreeSet<Target> = asked.targets.iter().map(|name| Target::Named(Arc::from(name.as_str()))).collect();
    match &asked.logical_environment {
        Some(logical) => plan.extend(environments.of_logical(logical).await?.into_iter().map(Target::Named)),
        None if plan.is_empty() => {
            plan.insert(Target::All);
        }
        None => {}
    }
    Ok(plan)
}

/// Waits for all targets.
async fn gather(
    mut reads: JoinSet<Result<TargetRecords, SourceError>>,
) -> Result<HashMap<Target, TargetRecords>, SourceError> {
    let mut read = HashMap::new();
    while let Some(joined) = reads.join_next().await {
        let records = joined.map_err(|failure| broke_off(&failure))??;
        read.insert(records.target.clone(), records);
    }
    Ok(read)
}

/// Waits for a read, telling how far it is.
async fn told<T>(
    read: impl Future<Output = Result<T, SourceError>>,
    mut tally: watch::Receiver<Tally>,
    progress: &dyn Progress,
) -> Result<T, SourceError> {
    let mut read = std::pin::pin!(read);
    let result = loop {
        tokio::select! {
            result = &mut read => break result?,
            Ok(()) = tally.changed() => {
                let tally = *tally.borrow_and_update();
                progress.records(tally.read, tally.total);
            }
        }
    };
    let last = *tally.borrow();
    progress.records(last.read, last.total);
    Ok(result)
}

fn broke_off(failure: &tokio::task::JoinError) -> SourceError {
    SourceError::new(
        SourceErrorKind::Malformed,
        format!("reading the deployment records broke off: {failure}"),
        "run it again; if it stays, report it as a fault of holdpoint",
    )
}

/// Sorts what was read into the environments asked for.
fn assemble(
    plans: &[BTreeSet<Target>],
    read: HashMap<Target, TargetRecords>,
    observed_at: jiff::Timestamp,
) -> Result<Fetched, SourceError> {
    let names = |target: &Target| match (target, read.get(target)) {
        (Target::Named(name), _) => BTreeSet::from([name.clone()]),
        (Target::All, Some(all)) => all.records.iter().map(|(record, _)| record.environment_name.clone()).collect(),
        (Target::All, None) => BTreeSet::new(),
    };
    let plans: Vec<_> = plans
        .iter()
        .map(|plan| {
            let incomplete = plan.iter().find_map(|target| read.get(target)?.incomplete.clone());
            (plan.iter().flat_map(&names).collect::<BTreeSet<_>>(), incomplete)
        })
        .collect();

    let mut by_target = ByTarget::default();
    plans.iter().flat_map(|(names, _)| names).for_each(|name| by_target.expect(name));
    let mut ids = Distinct::new();
    let mut hashes = Vec::new();
    for (record, hash) in read.into_values().flat_map(|records| records.records) {
        // A target that was read both by name and with all others came twice.
        match ids.see(&record.id, hash) {
            Seen::First => {}
            Seen::Again => continue,
            Seen::Changed => return Err(two_contents(&record.id)),
        }
        if by_target.keep(record) {
            hashes.push(hash);
        }
    }
    let environments = plans.into_iter().map(|(names, incomplete)| FetchedEnvironment {
        targets: names.iter().map(|name| name.as_ref().to_owned()).collect(),
        records: by_target.take_all(&names),
        incomplete,
    });
    Ok(Fetched { environments: environments.collect(), observed_at: Some(observed_at), digest: wire::digest(hashes) })
}

fn two_contents(id: &str) -> SourceError {
    SourceError::new(
        SourceErrorKind::Unstable,
        format!("record `{}` came with two contents while the targets were read", text::name(id)),
        "try again when fewer deployments are being recorded",
    )
}

impl RecordSource for ChainloopSource {
    fn kind(&self) -> &'static str {
        self.client.product.kind()
    }

    fn fetch<'a>(
        &'a self,
        query: &'a RecordQuery,
        progress: &'a dyn Progress,
    ) -> BoxFuture<'a, Result<Fetched, SourceError>> {
        Box::pin(async move {
            let token = self.client.token.expose_secret();
            let result = self.read(query, progress).await;
            result.map(|read| conceal::fetched(read, token)).map_err(|error| conceal::error(&error, token))
        })
    }

    fn fetch_related<'a>(
        &'a self,
        query: &'a RecordQuery,
        related: &'a Related,
        progress: &'a dyn Progress,
    ) -> BoxFuture<'a, Result<Option<Fetched>, SourceError>> {
        Box::pin(async move {
            let token = self.client.token.expose_secret();
            let read =
                self.read_related(query, related, progress).await.map_err(|error| conceal::error(&error, token))?;
            Ok(read.map(|read| conceal::fetched(read, token)))
        })
    }
}
