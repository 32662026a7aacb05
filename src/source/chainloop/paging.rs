//! Reading a whole list, page by page.
//!
//! The API does not say whether its first page is 0 or 1, nor what it does with a page size that it does not like.
//! So the pages are counted by what the server answers, and a list is whole when as many different ids have come as
//! it says there are. Whatever the server does, a list that is short of that number never looks whole.

mod page;

use std::sync::Arc;

use reqwest::header::HeaderValue;
use tokio::task::JoinSet;

use super::super::collect::{Distinct, Seen};
use super::super::text;
use super::super::wire::Pagination;
use super::client::{Call, Session, Tally};
use crate::gate::source::{SourceError, SourceErrorKind};
use page::{Missing, Parsed, broke_off, first_page, page};

pub(super) use page::{Listed, Newest, newest};

/// How often a list is read from the start when it changes meanwhile.
const TRIES: usize = 3;

/// How a list is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) page_size: u64,
    pub(super) parallel: usize,
    pub(super) max_items: u64,
}

/// A list as it was read.
pub(super) struct Listing<T: Listed> {
    /// Each id once, with its content.
    pub(super) items: Vec<(T, T::Content)>,
    /// Why it is not whole.
    pub(super) incomplete: Option<String>,
    /// What the server knows it by, when all its pages came with that.
    pub(super) tag: Option<HeaderValue>,
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
        let mut reading = Reading::new();
        let outcome = reading.read(session, call, limits).await;
        let outcome = outcome.map(|incomplete| incomplete.or_else(|| reading.contradiction(call)));
        match outcome {
            Ok(incomplete) if incomplete.is_none() || left == 0 => {
                return Ok(Listing { items: reading.items, incomplete, tag: reading.tag });
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
    items: Vec<(T, T::Content)>,
    seen: Distinct<T::Content>,
    total: u64,
    /// An item came on two pages.
    overlapped: bool,
    /// How many items came on one page at most.
    largest_page: u64,
    /// The most pages, and the smallest page size, that any page said.
    said: Pagination,
    /// What the server knows all pages so far by.
    tag: Option<HeaderValue>,
}

impl<T: Listed> Reading<T> {
    fn new() -> Self {
        let seen = Distinct::new();
        let said = Pagination::default();
        Self { items: Vec::new(), seen, total: 0, overlapped: false, largest_page: 0, said, tag: None }
    }

    /// Why a list that has as many items as it counts is doubted all the same.
    fn contradiction(&self, call: &Call) -> Option<String> {
        let pages = self.said.surplus_pages(self.total, self.largest_page)?;
        Some(format!("the answer about {} counts {} but {pages} pages of them", call.what, self.total))
    }

    /// Reads all pages once. The answer says why the list is not whole.
    async fn read(&mut self, session: &Arc<Session>, call: &Call, limits: Limits) -> Result<Option<String>, Stop> {
        let (first, asked) = first_page::<T>(session, call, limits.page_size).await?;
        let said = first.pagination.unwrap_or_default();
        self.tag.clone_from(&first.extensions.tag);
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
        let sizes = said.page_size.filter(|size| *size > 0).into_iter().chain(asked.map(|(_, size)| size));
        let size = sizes.min().unwrap_or(1).max(length).max(1);
        let number = asked.map(|(number, _)| number).or(said.page).unwrap_or(1);
        self.take(session, first)?;
        if self.is_whole() {
            return Ok(None);
        }
        let last = number.saturating_add(total.div_ceil(size)).saturating_sub(1);
        let refused = self.others(session, call, Span { next: number.saturating_add(1), last, size }, limits).await?;
        self.stragglers(session, call, last, size).await?;
        if self.overlapped {
            self.offsets(session, call, last, size).await?;
        }
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
                Err(missing) if number == span.last && missing.is_refusal() => refused = Some(missing.error),
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
                Err(missing) if missing.is_refusal() && next == 0 => {}
                Err(missing) if missing.is_refusal() => return Ok(()),
                Err(missing) => return Err(missing.into()),
            }
            next = next.max(last).saturating_add(1);
        }
        Ok(())
    }

    /// Reads on for a server that does what the API's documentation says: there `page` is the offset of the first
    /// item, so the pages read so far overlap in all but one item.
    async fn offsets(&mut self, session: &Arc<Session>, call: &Call, last: u64, size: u64) -> Result<(), Stop> {
        let mut offset = size;
        while !self.is_whole() && offset < self.total {
            let new = match page::<T>(session, call, Some((offset, size))).await {
                Ok(parsed) => self.take(session, parsed)?,
                Err(missing) if missing.is_refusal() => return Ok(()),
                Err(missing) => return Err(missing.into()),
            };
            if new == 0 && offset > last {
                return Ok(());
            }
            offset = offset.saturating_add(size);
        }
        Ok(())
    }

    /// Keeps what is new of a page and says how much that was.
    fn take(&mut self, session: &Session, parsed: Parsed<T>) -> Result<usize, Moved> {
        let total = parsed.pagination.and_then(|pagination| pagination.total_count);
        if let Some(total) = total.filter(|total| *total != self.total) {
            return Err(Moved(format!("`total_count` went from {} to {total}", self.total)));
        }
        self.note(&parsed);
        let before = self.items.len();
        for (item, content) in parsed.items {
            match self.seen.see(item.id(), content.clone()) {
                Seen::First => self.items.push((item, content)),
                Seen::Again => self.overlapped = true,
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

    /// Keeps what a page says of the pages.
    fn note(&mut self, parsed: &Parsed<T>) {
        self.largest_page = self.largest_page.max(u64::try_from(parsed.items.len()).unwrap_or(u64::MAX));
        let page = parsed.pagination.unwrap_or_default();
        self.said.total_pages = self.said.total_pages.max(page.total_pages);
        let sizes = [self.said.page_size, page.page_size.filter(|size| *size > 0)];
        self.said.page_size = sizes.into_iter().flatten().min();
        if self.tag != parsed.extensions.tag {
            self.tag = None;
        }
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

fn too_many(call: &Call, total: u64, most: u64) -> SourceError {
    SourceError::new(
        SourceErrorKind::TooLarge,
        format!("{}: there are {total}, and at most {most} are read", call.cannot()),
        "read fewer environments at once, or ask for less history",
    )
}
