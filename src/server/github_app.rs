//! The GitHub App: runs that wait for an environment are kept until they are answered.
//!
//! What GitHub sends is proved, kept and acknowledged ([`webhook`]); what is kept is on the disk ([`store`]). A worker
//! ([`worker`]) looks at each deployment when its time has come: it reads the records anew, decides as all other doors
//! do, and tells GitHub ([`client`]).

pub mod client;
mod find;
pub mod health;
mod observations;
pub mod store;
mod token;
pub mod webhook;
pub mod worker;

mod look;

use std::sync::Arc;

use axum::Router;
use axum::routing::post;
use tokio::sync::{Notify, Semaphore};

use super::Door;
use super::handler::{Bodies, refuse};
use super::judge::tags::ResolveTag;
use crate::github::settings::GithubSettings;
use crate::github::signature::Secrets;
use client::Client;
use observations::Observations;
use store::Store;

/// What a GitHub App is made of.
pub struct Parts {
    /// What the configuration says of it.
    pub settings: GithubSettings,
    /// What GitHub signs with.
    pub secrets: Secrets,
    /// What is kept.
    pub store: Store,
    /// How GitHub is told.
    pub client: Client,
    /// Who knows what tags stand for.
    pub tags: Arc<dyn ResolveTag>,
    /// How many deployments may wait.
    pub most: u32,
    /// How many are evaluated at a time: the number of cores.
    pub evaluations: usize,
}

/// The GitHub App.
pub struct GithubApp {
    parts: Parts,
    /// The gate of this moment, the clock and the metrics.
    door: Arc<Door>,
    bodies: Bodies,
    observations: Observations,
    evaluations: Arc<Semaphore>,
    /// Something has come.
    arrived: Notify,
}

impl GithubApp {
    /// Puts the parts together.
    #[must_use]
    pub fn new(parts: Parts, door: Arc<Door>) -> Arc<Self> {
        let evaluations = Arc::new(Semaphore::new(parts.evaluations.max(1)));
        let (bodies, observations, arrived) = (Bodies::default(), Observations::default(), Notify::new());
        Arc::new(Self { parts, door, bodies, observations, evaluations, arrived })
    }
}

/// The routes of its listener.
pub fn router(app: Arc<GithubApp>) -> Router {
    use axum::http::StatusCode;
    Router::new()
        .route("/github/webhook", post(webhook::receive))
        .fallback(|| async { refuse(StatusCode::NOT_FOUND, "events of GitHub go to POST /github/webhook") })
        .method_not_allowed_fallback(|| async {
            refuse(StatusCode::METHOD_NOT_ALLOWED, "an event of GitHub is sent with POST")
        })
        .with_state(app)
}
