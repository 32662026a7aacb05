//! The body of a request, before anybody knows what it is: bounded in size, in time, and in how many large ones there
//! are at a time. Each connection may send one, and together they could take more memory than there is.

use std::sync::Arc;
use std::time::Instant;

use axum::body::{Body, Bytes, HttpBody as _, to_bytes};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout_at;

/// A body up to this size needs no place: all connections together can send that. In bytes.
const SMALL: u64 = 64 << 10;
/// Larger ones at a time. An object that is judged is seldom one of them.
const PLACES: usize = 32;

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
        let place =
            if hint.upper().is_some_and(|length| length <= SMALL) { None } else { Some(self.place(deadline).await?) };
        match timeout_at(deadline.into(), to_bytes(body, most)).await {
            Ok(Ok(bytes)) => Ok((bytes, place)),
            Ok(Err(_too_large_or_broken)) => Err(Refusal::TooLarge),
            Err(_elapsed) => Err(Refusal::TooSlow),
        }
    }

    async fn place(&self, deadline: Instant) -> Result<OwnedSemaphorePermit, Refusal> {
        let place = timeout_at(deadline.into(), Arc::clone(&self.0).acquire_owned()).await;
        place.ok().and_then(Result::ok).ok_or(Refusal::NoPlace)
    }
}
