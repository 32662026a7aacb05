//! The body of a request: bounded in size and time.

use std::time::Duration;

use axum::body::{Body, HttpBody as _, to_bytes};
use axum::http::HeaderMap;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::refusal::Refusal;
use crate::server::handler::is_json;

/// The largest body, in bytes. A recording has less than a hundredth of it.
pub(super) const LARGEST_BODY: usize = 64 << 10;
/// How long a body may take to come.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// Reads a body of JSON.
///
/// # Errors
/// A body of another type, one that is too large or too slow, and what is no such value.
pub(super) async fn json<T: DeserializeOwned>(headers: &HeaderMap, body: Body) -> Result<T, Refusal> {
    if !is_json(headers) {
        return Err(Refusal::not_json());
    }
    if usize::try_from(body.size_hint().lower()).map_or(true, |least| least > LARGEST_BODY) {
        return Err(Refusal::too_large(LARGEST_BODY));
    }
    let bytes = timeout(BODY_TIMEOUT, to_bytes(body, LARGEST_BODY)).await;
    let bytes = bytes.map_err(|_elapsed| Refusal::too_slow())?;
    let bytes = bytes.map_err(|_too_large_or_broken| Refusal::too_large(LARGEST_BODY))?;
    serde_json::from_slice(&bytes).map_err(|error| Refusal::invalid(&format!("the body cannot be used: {error}")))
}
