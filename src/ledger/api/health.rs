//! Whether the ledger runs, and whether it can answer.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::refusal::{Error, Refusal};
use super::wire::Health;
use super::{Api, answer};
use crate::ledger::filter::Page;

/// The process runs and answers.
#[utoipa::path(get, path = "/livez", security(()), responses((status = 200, body = Health, description = "It runs.")))]
pub(super) async fn livez() -> Response {
    answer::json(&Health { status: "ok" })
}

/// The store answers, and the server was not told to stop.
#[utoipa::path(
    get,
    path = "/readyz",
    security(()),
    responses(
        (status = 200, body = Health, description = "It can answer."),
        (status = 503, body = Error, description = "It cannot, and why.")
    )
)]
pub(super) async fn readyz(State(api): State<Arc<Api>>) -> Result<Response, Refusal> {
    if api.shutdown.is_draining() {
        return Err(Refusal::unavailable("the server was told to stop"));
    }
    api.store.environments(None, Page::new(1, 1)?).await?;
    Ok(answer::json(&Health { status: "ok" }))
}
