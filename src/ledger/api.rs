//! The API of the ledger: the part of Chainloop's that is about deployments, answered from a [`Store`].
//!
//! | path | what it is |
//! | --- | --- |
//! | `GET /v1/deployments` | a page of records, filtered |
//! | `POST /v1/deployments` | records a deployment, or its end |
//! | `GET /v1/environments`, `/v1/environments/{id}` | the environments that records name |
//! | `GET /livez`, `/readyz` | whether the process runs, whether the store answers |
//!
//! Every answer is JSON. What a request can cause is an answer below 500; the others say that the ledger is in trouble.

mod answer;
mod body;
mod deployments;
mod environments;
mod guard;
mod health;
mod openapi;
mod query;
mod rate;
mod recording;
mod refusal;
mod wire;

use std::num::NonZeroU32;
use std::sync::Arc;

use axum::routing::get;
use axum::{Router, middleware};

use super::store::Store;
use crate::server::clock::Clock;
use crate::server::shutdown::Shutdown;
use rate::Rate;
use refusal::Refusal;

pub use openapi::document;

/// What the header of the same name says on every answer under `/v1`: what this server does beyond the API.
pub const EXTENSIONS_HEADER: &str = "holdpoint-extensions";
/// The records filter `digest`.
pub const DIGEST: &str = "digest";
/// The records filter `updated_since`.
pub const UPDATED_SINCE: &str = "updated_since";

/// What the API is made of.
pub struct Api {
    store: Store,
    tokens: bool,
    rate: Option<Rate>,
    clock: Clock,
    shutdown: Shutdown,
}

/// How the API is guarded.
#[derive(Clone, Copy, Debug)]
pub struct Guard {
    /// Whether a token is needed.
    pub tokens: bool,
    /// Requests a second from one address; `None` for any number.
    pub rate: Option<NonZeroU32>,
}

impl Api {
    /// Puts the parts together.
    #[must_use]
    pub fn new(store: Store, guard: Guard, clock: Clock, shutdown: Shutdown) -> Self {
        Self { store, tokens: guard.tokens, rate: guard.rate.map(Rate::new), clock, shutdown }
    }
}

/// The routes.
pub fn router(api: Arc<Api>) -> Router {
    let guarded = Router::new()
        .route("/v1/deployments", get(deployments::list).post(deployments::record))
        .route("/v1/environments", get(environments::list))
        .route("/v1/environments/{id}", get(environments::describe))
        .fallback(|| async { Refusal::not_found("there is no such path") })
        .method_not_allowed_fallback(|| async { Refusal::method() })
        .layer(middleware::from_fn_with_state(Arc::clone(&api), guard::authorize));
    Router::new()
        .route("/livez", get(health::livez))
        .route("/readyz", get(health::readyz))
        .method_not_allowed_fallback(|| async { Refusal::method() })
        .merge(guarded)
        .layer(middleware::from_fn_with_state(Arc::clone(&api), guard::bound))
        .with_state(api)
}
