//! What the gate asks of a record source.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;

use jiff::Timestamp;
use thiserror::Error;

use crate::domain::digest::Digest;
use crate::domain::environment::Environment;
use crate::domain::record::DeploymentRecord;

/// A future that a trait object can return.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The records of one environment, as asked of a source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnvironmentQuery {
    /// holdpoint's name for it, for messages.
    pub environment: String,
    /// The `environment_name`s to read. Empty, with no logical environment: all that the source has.
    pub targets: Vec<String>,
    /// A logical environment whose environments are read as well.
    pub logical_environment: Option<String>,
}

impl From<&Environment> for EnvironmentQuery {
    fn from(environment: &Environment) -> Self {
        Self {
            environment: environment.name.clone(),
            targets: environment.targets.clone(),
            logical_environment: environment.logical_environment.clone(),
        }
    }
}

/// Filters of the records API, by its names; `None` and `false` do not filter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct RecordFilters {
    /// Only records of this project.
    pub project_name: Option<String>,
    /// Only records of this version; needs `project_name`.
    pub project_version_name: Option<String>,
    /// Only records of this status.
    pub status: Option<String>,
    /// Only artifacts of this kind.
    pub artifact_kind: Option<String>,
    /// Only this deployment.
    pub deployment_name: Option<String>,
    /// Every record, instead of the latest of each slot.
    pub full_history: bool,
}

/// What to read from one source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordQuery {
    /// The environments, at least one.
    pub environments: Vec<EnvironmentQuery>,
    /// Filters over all of them.
    pub filters: RecordFilters,
}

/// The records that questions rest on, when their rules say that no others matter to them.
///
/// - The records of these digests, in all environments asked for.
/// - The whole history of slots with one of these deployment names, or with one that a record of these digests has.
/// - The records of the digests that are the newest of their kind in those slots.
/// - Of a target that has records, at least one slot.
///
/// Whatever more is read changes no answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Related {
    /// The digests asked about.
    pub digests: BTreeSet<Digest>,
    /// The deployments that the questions or their rules name.
    pub deployment_names: BTreeSet<String>,
}

/// What a source read for one [`EnvironmentQuery`].
#[derive(Clone, Debug)]
pub struct FetchedEnvironment {
    /// The targets, with those of the logical environment.
    pub targets: Vec<String>,
    /// Their records, each id once, in any order.
    pub records: Vec<DeploymentRecord>,
    /// Why they may be short of the truth; `None` when the source vouches for every target.
    pub incomplete: Option<String>,
}

/// What a source read.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// One for each environment asked for, in the same order.
    pub environments: Vec<FetchedEnvironment>,
    /// When the source saw the records; `None` when it cannot tell.
    pub observed_at: Option<Timestamp>,
    /// The digest of all records read, whatever their order.
    pub digest: Digest,
}

/// What kind of failure a source met. Its text is the finding's `code`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceErrorKind {
    /// The token is missing, unreadable, expired or refused (401).
    Unauthorized,
    /// The token may not read the records (403).
    Forbidden,
    /// The source has no environment of this name.
    UnknownEnvironment,
    /// The source asks to slow down (429) and the deadline does not allow it.
    RateLimited,
    /// The source failed (5xx).
    Unavailable,
    /// The source refused the request (other 4xx).
    Refused,
    /// No connection, or it broke.
    Connection,
    /// The certificate or the handshake failed.
    Tls,
    /// A redirect that would leave the origin.
    Redirect,
    /// The deadline passed.
    Timeout,
    /// The answer is larger than allowed.
    TooLarge,
    /// The answer is not what the API promises.
    Malformed,
    /// The records changed while they were read, each time.
    Unstable,
    /// Fewer records came than the source counts.
    Incomplete,
    /// The file could not be read.
    File,
}

impl SourceErrorKind {
    /// A stable word for machines.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unauthorized => "source_unauthorized",
            Self::Forbidden => "source_forbidden",
            Self::UnknownEnvironment => "environment_unknown",
            Self::RateLimited => "source_rate_limited",
            Self::Unavailable => "source_unavailable",
            Self::Refused => "source_refused",
            Self::Connection => "source_connection",
            Self::Tls => "source_tls",
            Self::Redirect => "source_redirect",
            Self::Timeout => "source_timeout",
            Self::TooLarge => "source_too_large",
            Self::Malformed => "source_malformed",
            Self::Unstable => "source_unstable",
            Self::Incomplete => "records_incomplete",
            Self::File => "source_file",
        }
    }
}

/// Why records could not be read. It holds no secret and no response body beyond a short, quoted message.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct SourceError {
    /// The kind of failure.
    pub kind: SourceErrorKind,
    /// What happened, to what: lower case, no full stop.
    pub message: String,
    /// What to do about it.
    pub remediation: String,
}

impl SourceError {
    /// An error of this kind.
    pub fn new(kind: SourceErrorKind, message: impl Into<String>, remediation: impl Into<String>) -> Self {
        Self { kind, message: message.into(), remediation: remediation.into() }
    }
}

/// Told how far a long read has come.
pub trait Progress: Send + Sync {
    /// `read` records of `total` are here; `total` is `None` until the source has told.
    fn records(&self, read: usize, total: Option<usize>);
}

/// Progress that nobody watches.
#[derive(Clone, Copy, Debug)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn records(&self, _read: usize, _total: Option<usize>) {}
}

/// Where deployment records come from.
pub trait RecordSource: Send + Sync {
    /// Its type in the configuration: `chainloop`, `snapshot`.
    fn kind(&self) -> &'static str;

    /// Says that this will be asked for once, soon: a source may begin to read, and keep it for that one time.
    fn begin(&self, _query: &RecordQuery) {}

    /// Reads all records that the query asks for.
    ///
    /// # Errors
    /// Whenever the answer would not be the whole truth and the source cannot say why in
    /// [`FetchedEnvironment::incomplete`].
    fn fetch<'a>(
        &'a self,
        query: &'a RecordQuery,
        progress: &'a dyn Progress,
    ) -> BoxFuture<'a, Result<Fetched, SourceError>>;

    /// Reads what is related, of all records that the query asks for; nothing when [`Self::fetch`] is as good.
    ///
    /// # Errors
    /// Those of [`Self::fetch`].
    fn fetch_related<'a>(
        &'a self,
        _query: &'a RecordQuery,
        _related: &'a Related,
        _progress: &'a dyn Progress,
    ) -> BoxFuture<'a, Result<Option<Fetched>, SourceError>> {
        Box::pin(std::future::ready(Ok(None)))
    }
}
