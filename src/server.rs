//! Doors to the gate that others knock at: the admission webhook for a Kubernetes API server, and the GitHub App.
//!
//! | listener | path | what it is |
//! | --- | --- | --- |
//! | reviews, TLS | `POST /validate` | a review, answered by the settings of the configuration |
//! | reviews, TLS | `POST /validate/{profile}` | a review, answered by those of a profile |
//! | GitHub | `POST /github/webhook` | a run that waits for an environment: see [`github_app`] |
//! | operations | `GET /livez`, `/readyz`, `/metrics` | see [`operations`] |
//!
//! Answers come from memory: [`records`] reads in the background, [`judge`] decides, [`readmission`] remembers.

pub mod certificate;
pub mod clock;
pub mod github_app;
pub mod handler;
pub mod judge;
pub mod listen;
pub mod metrics;
pub mod operations;
pub mod readmission;
pub mod records;
pub mod reload;
pub mod self_signed;
pub mod shutdown;
pub mod tls;
mod trace;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::Router;
use axum::routing::post;
use tokio::sync::Notify;

use certificate::Certificates;
use clock::Clock;
use github_app::health::Health;
use handler::Bodies;
use judge::Judge;
use listen::Connections;
use metrics::Metrics;
use readmission::Readmissions;
use records::Refreshing;
use shutdown::Shutdown;

/// A judge that reads its records as long as it is used.
pub struct Running {
    /// What answers.
    pub judge: Arc<Judge>,
    _refreshing: Refreshing,
}

impl Running {
    /// Starts to read the records. It has to be called within a runtime.
    #[must_use]
    pub fn start(judge: Arc<Judge>) -> Self {
        let refreshing = judge.records().start();
        Self { judge, _refreshing: refreshing }
    }
}

/// What the parts of a server share.
pub struct Door {
    running: ArcSwap<Running>,
    /// Another judge has come.
    replaced: Notify,
    /// What is counted.
    pub metrics: Metrics,
    /// What is known of the GitHub App.
    pub github: Health,
    /// The bodies that are being read.
    bodies: Bodies,
    /// All that stays as it is.
    pub parts: DoorParts,
}

/// What a [`Door`] is made of besides its judge.
pub struct DoorParts {
    /// Allows that are remembered.
    pub readmissions: Arc<Readmissions>,
    /// How long an answer may take when the API server does not say.
    pub deadline: Duration,
    /// The largest body, in bytes.
    pub body: usize,
    /// The certificate that is served; none without TLS.
    pub certificates: Option<Certificates>,
    /// The connections of the listener for reviews.
    pub connections: Arc<Connections>,
    /// Whether the server was told to stop.
    pub shutdown: Shutdown,
    /// The clock.
    pub clock: Clock,
}

impl Door {
    /// Puts the parts together.
    #[must_use]
    pub fn new(running: Running, parts: DoorParts) -> Self {
        let metrics = Metrics::default();
        metrics.reloaded_at.set((parts.clock)().as_second());
        let (github, bodies) = (Health::default(), Bodies::default());
        Self { running: ArcSwap::from_pointee(running), replaced: Notify::new(), metrics, github, bodies, parts }
    }

    /// The judge of this moment.
    #[must_use]
    pub fn judge(&self) -> Arc<Judge> {
        Arc::clone(&self.running.load().judge)
    }

    /// Puts another in its place; reviews that are being judged end with the one they began with.
    pub fn replace(&self, running: Running) {
        self.running.store(Arc::new(running));
        self.replaced.notify_one();
    }

    /// The metrics, with what other parts know now.
    fn scrape(&self) -> Result<String, std::fmt::Error> {
        let DoorParts { readmissions, certificates, connections, clock, .. } = &self.parts;
        self.metrics.see_judge(&self.judge(), readmissions.len(), clock());
        if let Some(certificates) = certificates {
            self.metrics.see_certificate(&certificates.status());
        }
        self.metrics.see_connections(connections);
        self.metrics.text()
    }
}

/// The routes for reviews.
pub fn router(door: Arc<Door>) -> Router {
    Router::new()
        .route("/validate", post(handler::validate))
        .route("/validate/{profile}", post(handler::validate_profile))
        .fallback(handler::elsewhere)
        .method_not_allowed_fallback(handler::wrong_method)
        .with_state(door)
}
