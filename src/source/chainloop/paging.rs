//! Reading a whole list, page by page.
//!
//! The API does not say whether its first page is 0 or 1, nor what it does with a page size that it does not like.
//! So the pages are counted by what the server answers, and a list is whole when as many different ids have come as
//! it says there are. Whatever the server does, a list that is short of that number never looks whole.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::super::collect::{Distinct, Seen};
use super::super::text;
use super::super::wire::{self, Interner, NamedEnvironment, Page, Pagination, RecordHash};
use super::client::{Call, Session, Tally};
use super::failure::plain;
use crate::domain::record::DeploymentRecord;
use crate::gate::source::{SourceError, SourceErrorKind};

/// How often a list is read from the start when it changes meanwhile.
const TRIES: usize = 3;
/// Page sizes to try when the server refuses the one asked for.
const SMALLER: [u64; 2] = [50, 20];

/// What the API lists.
pub(super) trait Listed: Sized + Send + 'static {
    /// What must not change while the list is read.
    type Content: PartialEq + Send + 'static;
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

/// How a list is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) page_size: u64,
    pub(super) parallel: usize,
    pub(super) max_items: u64,
}

/// A list as it was read.
pub(super) struct Listing<T> {
    pub(super) items: Vec<T>,
    /// Why it is not whole.
    pub(super) incomplete: Option<String>,
}

/// Items with their contents, and what the page said.
struct Parsed<T: Listed> {
    items: Vec<(T, T::Content)>,
    pagination: Option<Pagination>,
}

/// Why a page did not come.
struct Missing {
    error: SourceError,
    /// The server found fault with the request itself (400).
    bad_request: bool,
}

/// The list changed while it was read: what was seen of it.
struct Moved(String);

/// Why one try to read the list failed for good, or for this time.
enum Stop {
    Failed(SourceError),
    Moved(Moved),
}

impl From<Moved> for Stop {
    fn from(moved: Moved) -> Self {
        Self::Moved(moved)
    }
}

impl From<Missing> for Stop {
    fn from(missing: Missing) -> Self {
        Self::Failed(missing.error)
    }
}

/// Reads a whole list, from the start again while it changes.
///
/// # Errors
/// Those of its requests, and `Unstable` when it changed each time.
pub(super) async fn list<T: Listed>(
    session: &Arc<Session>,
    call: &Call,
    limits: Limits,
) -> Result<Listing<T>, SourceError> {
    let mut moved = String::new();
    for left in (0..TRIES).rev() {
        let mut reading = Reading { items: Vec::new(), seen: Distinct::new(), total: 0 };
        let outcome = reading.read(session, call, limits).await;
        match outcome {
            Ok(incomplete) if incomplete.is_none() || left == 0 => {
                return Ok(Listing { items: reading.items, incomplete });
            }
            Ok(_) => {}
            Err(Stop::Failed(error)) => return Err(error),
            Err(Stop::Moved(Moved(how))) => moved = how,
        }
        reading.withdraw(session);
        tracing::debug!(what = %call.what, left, moved, "reading the list from the start again");
    }
    Err(SourceError::new(
        SourceErrorKind::Unstable,
        format!("{} changed while they were read, {TRIES} times ({moved})", call.what),
        "try again when fewer deployments are being recorded",
    ))
}

struct Reading<T: Listed> {
    items: Vec<T>,
    seen: Distinct<T::Content>,
    total: u64,
}

impl<T: Listed> Reading<T> {
    /// Reads all pages once. The answer says why the list is not whole.
    async fn read(&mut self, session: &Arc<Session>, call: &Call, limits: Limits) -> Result<Option<String>, Stop> {
        let (first, asked) = first_page::<T>(session, call, limits.page_size).await?;
        let said = first.pagination.unwrap_or_default();
        let Some(total) = said.total_count.or((first.items.is_empty() && first.pagination.is_some()).then_some(0))
        else {
            self.total = u64::MAX;
            self.take(session, first)?;
            return Ok(Some(format!("the answer about {} has no `pagination.total_count`", call.what)));
        };
        if total > limits.max_items {
            return Err(Stop::Failed(too_many(call, total, limits.max_items)));
        }
        self.total = total;
        tell::<T>(session, |tally| {
            tally.total = Some(tally.total.unwrap_or(0).saturating_add(usize::try_from(total).unwrap_or(usize::MAX)));
        });
        let length = u64::try_from(first.items.len()).unwrap_or(u64::MAX);
        let size = said.page_size.filter(|size| *size > 0).or(asked.map(|(_, size)| size)).unwrap_or(length).max(1);
        let number = asked.map(|(number, _)| number).or(said.page).unwrap_or(1);
        self.take(session, first)?;
        if self.is_whole() {
            return Ok(None);
        }
        let last = number.saturating_add(total.div_ceil(size)).saturating_sub(1);
        let refused = self.others(session, call, Span { next: number.saturating_add(1), last, size }, limits).await?;
        self.stragglers(session, call, last, size).await?;
        match refused {
            _ if self.is_whole() => Ok(None),
            Some(error) => Err(Stop::Failed(error)),
            None => Ok(Some(format!("{} of {total} came of {}", self.seen.len(), call.what))),
        }
    }

    /// Reads the pages of the span in parallel. A last page that is refused may only mean that pages are counted
    /// from 0, so its refusal is handed back.
    async fn others(
        &mut self,
        session: &Arc<Session>,
        call: &Call,
        span: Span,
        limits: Limits,
    ) -> Result<Option<SourceError>, Stop> {
        let call = Arc::new(call.clone());
        let mut numbers = span.next..=span.last;
        let mut pages = JoinSet::new();
        let mut refused = None;
        loop {
            while pages.len() < limits.parallel.max(1) {
                let Some(number) = numbers.next() else { break };
                let (session, call) = (session.clone(), call.clone());
                pages.spawn(async move { (number, page::<T>(&session, &call, Some((number, span.size))).await) });
            }
            let Some(joined) = pages.join_next().await else { return Ok(refused) };
            let (number, answer) = joined.map_err(|failure| Stop::Failed(broke_off(&call, &failure)))?;
            match answer {
                Ok(parsed) => {
                    let items = parsed.items.len();
                    if self.take(session, parsed)? == 0 && items > 0 {
                        // The server repeats itself: the pages left would only do so again.
                        return Ok(refused);
                    }
                }
                Err(missing) if number == span.last && is_refusal(&missing) => refused = Some(missing.error),
                Err(missing) => return Err(missing.into()),
            }
        }
    }

    /// Looks where a list that is short may have the rest: on page 0, and on pages after the last when they are
    /// smaller than the server says.
    async fn stragglers(&mut self, session: &Arc<Session>, call: &Call, last: u64, size: u64) -> Result<(), Stop> {
        let mut next = 0;
        while !self.is_whole() {
            match page::<T>(session, call, Some((next, size))).await {
                Ok(parsed) => {
                    let new = self.take(session, parsed)?;
                    if new == 0 && next > 0 {
                        return Ok(());
                    }
                }
                Err(missing) if is_refusal(&missing) && next == 0 => {}
                Err(missing) if is_refusal(&missing) => return Ok(()),
                Err(missing) => return Err(missing.into()),
            }
            next = next.max(last).saturating_add(1);
        }
        Ok(())
    }

    /// Keeps what is new of a page and says how much that was.
    fn take(&mut self, session: &Session, parsed: Parsed<T>) -> Result<usize, Moved> {
        let total = parsed.pagination.and_then(|pagination| pagination.total_count);
        if let Some(total) = total.filter(|total| *total != self.total) {
            return Err(Moved(format!("`total_count` went from {} to {total}", self.total)));
        }
        let before = self.items.len();
        for (item, content) in parsed.items {
            match self.seen.see(item.id(), content) {
                Seen::First => self.items.push(item),
                Seen::Again => {}
                Seen::Changed => return Err(Moved(format!("`{}` came with two contents", text::name(item.id())))),
            }
        }
        let new = self.items.len() - before;
        tell::<T>(session, |tally| tally.read += new);
        if u64::try_from(self.seen.len()).unwrap_or(u64::MAX) > self.total {
            return Err(Moved(format!("{} came where `total_count` is {}", self.seen.len(), self.total)));
        }
        Ok(new)
    }

    fn is_whole(&self) -> bool {
        u64::try_from(self.seen.len()).is_ok_and(|count| count == self.total)
    }

    /// Takes back what this try has added to the tally.
    fn withdraw(&self, session: &Session) {
        tell::<T>(session, |tally| {
            tally.read = tally.read.saturating_sub(self.items.len());
            let total = usize::try_from(self.total).unwrap_or(usize::MAX);
            tally.total = tally.total.map(|all| all.saturating_sub(total));
        });
    }
}

fn tell<T: Listed>(session: &Session, change: impl FnOnce(&mut Tally)) {
    if T::COUNTED {
        session.tally.send_modify(change);
    }
}

/// Pages still to read.
#[derive(Clone, Copy)]
struct Span {
    next: u64,
    last: u64,
    size: u64,
}

/// The first page, and the number and size that were asked for when the server accepted any.
async fn first_page<T: Listed>(
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

/// Reads one page: its number and size, or whatever the server gives without either.
async fn page<T: Listed>(session: &Arc<Session>, call: &Call, asked: Option<(u64, u64)>) -> Result<Parsed<T>, Missing> {
    let asked = asked.map(|(number, size)| [("pagination.page", number), ("pagination.page_size", size)]);
    let permit = session.permits.acquire().await;
    let body = session.get(call, asked.as_ref().map_or(&[], |asked| asked.as_slice())).await;
    drop(permit);
    let body = body.map_err(|(error, bad_request)| Missing { error, bad_request })?;
    // Off the thread that does input and output: the rest of the pages go on meanwhile.
    let parsing = session.clone();
    let parsed = tokio::task::spawn_blocking(move || {
        let page = T::parse(&body, &mut parsing.interner()).map_err(|error| (error, body))?;
        let items = page.items.into_iter().map(|item| {
            let content = item.content();
            (item, content)
        });
        Ok(Parsed { items: items.collect(), pagination: page.pagination })
    });
    let parsed = parsed.await.map_err(|failure| Missing { error: broke_off(call, &failure), bad_request: false })?;
    parsed.map_err(|(error, body): (serde_json::Error, Vec<u8>)| Missing {
        error: malformed(call, &error, &body),
        bad_request: false,
    })
}

/// Whether the server refused this one page, rather than failed.
const fn is_refusal(missing: &Missing) -> bool {
    matches!(missing.error.kind, SourceErrorKind::Refused | SourceErrorKind::UnknownEnvironment)
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

fn too_many(call: &Call, total: u64, most: u64) -> SourceError {
    SourceError::new(
        SourceErrorKind::TooLarge,
        format!("cannot read {}: there are {total}, and at most {most} are read", call.what),
        "read fewer environments at once, or ask for less history",
    )
}

fn broke_off(call: &Call, failure: &tokio::task::JoinError) -> SourceError {
    SourceError::new(
        SourceErrorKind::Malformed,
        format!("reading {} broke off: {failure}", call.what),
        "run it again; if it stays, report it as a fault of holdpoint",
    )
}
