//! The body of a request, before anybody knows what it is: bounded in size, in time, and in how many large ones there
//! are at a time. Each connection may send one, and together they could take more memory than there is.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes, HttpBody as _, to_bytes};
use http_body_util::BodyExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout_at;

/// A body up to this size needs no place: all connections together can send that. In bytes.
const SMALL: usize = 64 << 10;
/// Larger ones at a time. An object that is judged is seldom one of them.
const PLACES: usize = 32;
/// How long the rest of a body may take once it has a place.
const PATIENCE: Duration = Duration::from_secs(3);

/// The large bodies that are in memory.
pub struct Bodies(Arc<Semaphore>);

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::server) enum Refusal {
    /// It is larger than allowed, or the connection broke: the error does not tell in a way that could be relied on.
    TooLarge,
    /// It did not come in time.
    TooSlow,
    /// There were too many large ones until its time was over.
    NoPlace,
}

impl Default for Bodies {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(PLACES)))
    }
}

impl Bodies {
    /// The body, of `most` bytes at most, and its place, to be kept until the review is out of memory.
    pub(in crate::server) async fn read(
        &self,
        body: Body,
        most: usize,
        deadline: Instant,
    ) -> Result<(Bytes, Option<OwnedSemaphorePermit>), Refusal> {
        let hint = body.size_hint();
        if usize::try_from(hint.lower()).map_or(true, |least| least > most) {
            return Err(Refusal::TooLarge);
        }
        if usize::try_from(hint.upper().unwrap_or(u64::MAX)).is_ok_and(|length| length <= SMALL) {
            let bytes = timeout_at(deadline.into(), to_bytes(body, most)).await;
            return Ok((bytes.map_err(|_elapsed| Refusal::TooSlow)?.map_err(|_broken| Refusal::TooLarge)?, None));
        }
        self.read_large(body, most, deadline).await
    }

    /// A place is taken by what has come, not by what is announced, and not for long: whoever sends slowly keeps out
    /// nobody else.
    async fn read_large(
        &self,
        mut body: Body,
        most: usize,
        deadline: Instant,
    ) -> Result<(Bytes, Option<OwnedSemaphorePermit>), Refusal> {
        let (mut bytes, mut place, mut until) = (Vec::new(), None, deadline);
        loop {
            let frame = timeout_at(until.into(), body.frame()).await.map_err(|_elapsed| Refusal::TooSlow)?;
            let Some(frame) = frame else { return Ok((bytes.into(), place)) };
            let frame = frame.map_err(|_broken| Refusal::TooLarge)?;
            let Some(data) = frame.data_ref() else { continue };
            if data.len() > most.saturating_sub(bytes.len()) {
                return Err(Refusal::TooLarge);
            }
            bytes.extend_from_slice(data);
            if place.is_none() && bytes.len() > SMALL {
                place = Some(self.place(deadline).await?);
                until = deadline.min(Instant::now() + PATIENCE);
            }
        }
    }

    async fn place(&self, deadline: Instant) -> Result<OwnedSemaphorePermit, Refusal> {
        let place = timeout_at(deadline.into(), Arc::clone(&self.0).acquire_owned()).await;
        place.ok().and_then(Result::ok).ok_or(Refusal::NoPlace)
    }
}
