//! One page: asked for, read, and turned into items.

use std::sync::Arc;

use reqwest::header::HeaderValue;

use super::super::client::{Answer, Call, Session};
use super::super::extensions::Extensions;
use super::super::failure::plain;
use crate::domain::record::DeploymentRecord;
use crate::gate::source::{SourceError, SourceErrorKind};
use crate::source::wire::{self, Interner, NamedEnvironment, Page, Pagination, RecordHash};

/// Page sizes to try when the server refuses the one asked for.
const SMALLER: [u64; 2] = [50, 20];

/// How many times as many items as were asked for a page may have: a server may have its own idea of a page.
const SURPLUS: u64 = 10;

/// What the API lists.
pub(in super::super) trait Listed: Sized + Send + 'static {
    /// What must not change while the list is read.
    type Content: Clone + PartialEq + Send + 'static;
    /// Whether these are the records whose number the progress tells.
    const COUNTED: bool;

    fn parse(body: &[u8], interner: &mut Interner) -> Result<Page<Self>, serde_json::Error>;
    fn id(&self) -> &Arc<str>;
    fn content(&self) -> Self::Content;
}

impl Listed for DeploymentRecord {
    type Content = RecordHash;
    const COUNTED: bool = true;

    fn parse(body: &[u8], interner: &mut Interner) -> Result<Page<Self>, serde_json::Error> {
        wire::deployments(body, interner)
    }

    fn id(&self) -> &Arc<str> {
        &self.id
    }

    fn content(&self) -> RecordHash {
        wire::hash(self)
    }
}

impl Listed for NamedEnvironment {
    type Content = Self;
    const COUNTED: bool = false;

    fn parse(body: &[u8], interner: &mut Interner) -> Result<Page<Self>, serde_json::Error> {
        wire::environments(body, interner)
    }

    fn id(&self) -> &Arc<str> {
        if self.id.is_empty() { &self.name } else { &self.id }
    }

    fn content(&self) -> Self {
        self.clone()
    }
}

/// Items with their contents, and what the page said.
pub(super) struct Parsed<T: Listed> {
    pub(super) items: Vec<(T, T::Content)>,
    pub(super) pagination: Option<Pagination>,
    /// What the server knows the page by, and can do.
    pub(super) extensions: Extensions,
}

/// The newest record of a list, and what is known of the list.
pub(in super::super) struct Newest {
    /// How many records the list has; 0 when the server does not tell.
    pub(in super::super) total: u64,
    pub(in super::super) deployment_name: Option<String>,
    /// What the server knows the list by, and can do.
    pub(in super::super) extensions: Extensions,
}

/// Why a page did not come.
pub(super) struct Missing {
    pub(super) error: SourceError,
    /// The server found fault with the request itself (400).
    bad_request: bool,
}

impl Missing {
    /// Whether the server refused this one page, rather than failed.
    pub(super) const fn is_refusal(&self) -> bool {
        matches!(self.error.kind, SourceErrorKind::Refused | SourceErrorKind::UnknownEnvironment)
    }
}

/// The first page, and the number and size that were asked for when the server accepted any.
pub(super) async fn first_page<T: Listed>(
    session: &Arc<Session>,
    call: &Call,
    page_size: u64,
) -> Result<(Parsed<T>, Option<(u64, u64)>), Missing> {
    let asked = (1, page_size);
    let refusal = match page::<T>(session, call, Some(asked)).await {
        Ok(parsed) => return Ok((parsed, Some(asked))),
        Err(missing) if missing.bad_request => missing,
        Err(missing) => return Err(missing),
    };
    let smaller = SMALLER.into_iter().filter(|size| *size < page_size).map(|size| Some((1, size)));
    for asked in smaller.chain([None]) {
        match page::<T>(session, call, asked).await {
            Ok(parsed) => return Ok((parsed, asked)),
            Err(missing) if missing.bad_request => {}
            Err(missing) => return Err(missing),
        }
    }
    Err(refusal)
}

/// The parameters of a page.
const fn window(number: u64, size: u64) -> [(&'static str, u64); 2] {
    [("pagination.page", number), ("pagination.page_size", size)]
}

/// Reads the first record of a list that begins with the newest; nothing when the list is the one known by a tag.
///
/// # Errors
/// Those of the request.
pub(in super::super) async fn newest(
    session: &Arc<Session>,
    call: &Call,
    known: Option<&HeaderValue>,
) -> Result<Option<Newest>, SourceError> {
    let answer = ask(session, call, &window(1, 1), known).await.map_err(|missing| missing.error)?;
    if answer.unchanged {
        return Ok(None);
    }
    let first: Parsed<DeploymentRecord> =
        parse(session, call, answer, Some(SURPLUS)).await.map_err(|missing| missing.error)?;
    Ok(Some(Newest {
        total: first.pagination.and_then(|pagination| pagination.total_count).unwrap_or_default(),
        deployment_name: first.items.first().map(|(record, _)| record.deployment_name.as_ref().to_owned()),
        extensions: first.extensions,
    }))
}

/// Reads one page: its number and size, or whatever the server gives without either.
pub(super) async fn page<T: Listed>(
    session: &Arc<Session>,
    call: &Call,
    asked: Option<(u64, u64)>,
) -> Result<Parsed<T>, Missing> {
    let most = asked.map(|(_, size)| size.saturating_mul(SURPLUS));
    let asked = asked.map(|(number, size)| window(number, size));
    let answer = ask(session, call, asked.as_ref().map_or(&[], |asked| asked.as_slice()), None).await?;
    parse(session, call, answer, most).await
}

async fn ask(
    session: &Session,
    call: &Call,
    page: &[(&'static str, u64)],
    known: Option<&HeaderValue>,
) -> Result<Answer, Missing> {
    let permit = session.permits.acquire().await;
    let answer = session.answer(call, page, known).await;
    drop(permit);
    answer.map_err(|(error, bad_request)| Missing { error, bad_request })
}

/// Turns an answer into at most so many items.
async fn parse<T: Listed>(
    session: &Arc<Session>,
    call: &Call,
    answer: Answer,
    most: Option<u64>,
) -> Result<Parsed<T>, Missing> {
    let given_up = |error| Missing { error, bad_request: false };
    session.check_deadline(call).map_err(given_up)?;
    let Answer { body, extensions, .. } = answer;
    // Off the thread that does input and output: the rest of the pages go on meanwhile.
    let parsing = session.clone();
    let parsed = tokio::task::spawn_blocking(move || {
        let page = T::parse(&body, &mut parsing.interner()).map_err(|error| (error, body))?;
        let items = page.items.into_iter().map(|item| {
            let content = item.content();
            (item, content)
        });
        Ok(Parsed { items: items.collect(), pagination: page.pagination, extensions })
    });
    let parsed = parsed.await.map_err(|failure| given_up(broke_off(call, &failure)))?;
    session.check_deadline(call).map_err(given_up)?;
    let parsed: Parsed<T> =
        parsed.map_err(|(error, body): (serde_json::Error, Vec<u8>)| given_up(malformed(call, &error, &body)))?;
    match most {
        Some(most) if u64::try_from(parsed.items.len()).unwrap_or(u64::MAX) > most => {
            Err(given_up(overfull(call, parsed.items.len(), most)))
        }
        _ => Ok(parsed),
    }
}

fn overfull(call: &Call, items: usize, most: u64) -> SourceError {
    SourceError::new(
        SourceErrorKind::Malformed,
        format!("a page about {} has {items} items, where at most {most} are read", call.what),
        "check that the URL of the source is the Chainloop API, which answers in pages",
    )
}

fn malformed(call: &Call, error: &serde_json::Error, body: &[u8]) -> SourceError {
    let what = if error.is_data() {
        format!("an answer about {} cannot be used: {}", call.what, wire::describe(error))
    } else {
        let said = plain(body).unwrap_or_else(|| "nothing".to_owned());
        let said: String = said.chars().take(120).collect();
        format!("an answer about {} is not JSON: {}; it is {said}", call.what, wire::describe(error))
    };
    let remediation =
        "check that the URL of the source is the Chainloop API and that no proxy in between answers for it";
    SourceError::new(SourceErrorKind::Malformed, what, remediation)
}

pub(super) fn broke_off(call: &Call, failure: &tokio::task::JoinError) -> SourceError {
    SourceError::new(
        SourceErrorKind::Malformed,
        format!("reading {} broke off: {failure}", call.what),
        "run it again; if it stays, report it as a fault of holdpoint",
    )
}
