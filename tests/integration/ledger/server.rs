//! A ledger that answers on this machine.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use holdpoint::domain::artifact::ArtifactKind;
use holdpoint::ledger::api::{Api, Guard, router};
use holdpoint::ledger::entry::{Artifact, Recording, Slot};
use holdpoint::ledger::store::{Access, Place as StorePlace, Store};
use holdpoint::ledger::token::Scope;
use holdpoint::server::listen::{self, Limits};
use holdpoint::server::shutdown::{Shutdown, Trigger};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tower::ServiceExt as _;

use super::conformance::Target;

/// Where a ledger is kept.
pub(super) enum Place {
    Sqlite(TempDir),
    Postgres(SecretString),
}

/// A ledger with a server before it, which ends with it.
pub(super) struct Server {
    pub(super) store: Store,
    pub(super) url: String,
    trigger: Trigger,
    serving: JoinHandle<std::io::Result<()>>,
    clock: Arc<AtomicI64>,
    shutdown: Shutdown,
    guard: Guard,
    /// What answers.
    api: Arc<Mutex<Router>>,
    answers: Arc<Mutex<Vec<u16>>>,
    between: Arc<Mutex<Between>>,
}

/// What happens between a client and the ledger.
#[derive(Default)]
pub(super) struct Between {
    /// What is recorded after each answer: nothing, or an artifact.
    pub(super) recorded: VecDeque<Option<Recording>>,
    /// A header that no answer has.
    pub(super) without: Option<&'static str>,
}

/// A file, and the database of `DATABASE_URL` when there is one.
pub(super) async fn places() -> Vec<Place> {
    let mut places = vec![Place::sqlite()];
    if let Ok(url) = std::env::var("DATABASE_URL") {
        places.push(Place::Postgres(SecretString::from(url)));
    }
    places
}

impl Place {
    pub(super) fn sqlite() -> Self {
        Self::Sqlite(tempfile::tempdir().unwrap())
    }

    pub(super) fn of_store(&self) -> StorePlace {
        match self {
            Self::Sqlite(folder) => StorePlace::File(folder.path().join("ledger.db")),
            Self::Postgres(url) => StorePlace::Postgres(url.clone()),
        }
    }
}

impl Server {
    pub(super) async fn start(place: &Place) -> Self {
        Self::guarded(place, Guard { tokens: true, rate: None }).await
    }

    pub(super) async fn guarded(place: &Place, guard: Guard) -> Self {
        let store = Store::open(&place.of_store(), Access::Create).await.unwrap();
        let (trigger, shutdown) = Shutdown::new();
        let clock = Arc::new(AtomicI64::new("2026-01-01T00:00:00Z".parse::<Timestamp>().unwrap().as_second()));
        let api = Arc::new(Mutex::new(answering(store.clone(), guard, &clock, shutdown.clone())));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let limits = Limits {
            connections: 64,
            header_timeout: Duration::from_secs(1),
            idle_timeout: Duration::from_secs(5),
            handshake_timeout: Duration::from_secs(5),
            drain: Duration::from_secs(1),
        };
        let answers: Arc<Mutex<Vec<u16>>> = Arc::default();
        let between: Arc<Mutex<Between>> = Arc::default();
        let (noting, happening, recording) = (Arc::clone(&answers), Arc::clone(&between), store.clone());
        let current = Arc::clone(&api);
        let now = move |request: Request| {
            let api = current.lock().unwrap().clone();
            api.oneshot(request)
        };
        let router =
            Router::new().fallback(now).layer(axum::middleware::map_response(move |mut response: Response| {
                noting.lock().unwrap().push(response.status().as_u16());
                let mut between = happening.lock().unwrap();
                between.without.iter().for_each(|header| drop(response.headers_mut().remove(*header)));
                let (recorded, store) = (between.recorded.pop_front().flatten(), recording.clone());
                async move {
                    if let Some(recorded) = recorded {
                        store.record(recorded, Timestamp::UNIX_EPOCH).await.unwrap();
                    }
                    response
                }
            }));
        let serving = tokio::spawn(listen::serve(listener, None, router, limits, shutdown.clone(), Arc::default()));
        Self { store, url, trigger, serving, clock, shutdown, guard, api, answers, between }
    }

    /// Goes on with another ledger, such as a backup.
    pub(super) async fn restore(&mut self, place: &Place) {
        self.store = Store::open(&place.of_store(), Access::ReadWrite).await.unwrap();
        let api = answering(self.store.clone(), self.guard, &self.clock, self.shutdown.clone());
        *self.api.lock().unwrap() = api;
    }

    pub(super) fn now(&self) -> Timestamp {
        Timestamp::from_second(self.clock.fetch_add(1, Ordering::Relaxed)).unwrap()
    }

    /// What happens from now on.
    pub(super) fn between(&self, change: impl FnOnce(&mut Between)) {
        change(&mut self.between.lock().unwrap());
    }

    /// The statuses of the answers since this was asked last.
    pub(super) fn answers(&self) -> Vec<u16> {
        std::mem::take(&mut self.answers.lock().unwrap())
    }

    /// A new token for this.
    pub(super) async fn token(&self, scope: Scope, expires_at: Option<Timestamp>) -> String {
        let name = uuid::Uuid::new_v4().to_string();
        let issued = self.store.issue_token(&name, scope, expires_at, self.now()).await.unwrap();
        issued.token.expose_secret().to_owned()
    }

    pub(super) async fn target(&self) -> Target {
        Target {
            url: self.url.clone(),
            token: self.token(Scope::Write, None).await,
            read_token: self.token(Scope::Read, None).await,
        }
    }

    /// Records an artifact of this number.
    pub(super) async fn record(&self, environment: &str, deployment: &str, artifact: u8) {
        self.store.record(recording(environment, deployment, artifact), self.now()).await.unwrap();
    }

    /// Stops the server; it has to end.
    pub(super) async fn stop(self) {
        self.trigger.drain();
        tokio::time::timeout(Duration::from_secs(10), self.serving).await.unwrap().unwrap().unwrap();
        self.store.close().await;
    }
}

/// The API over a ledger. Each look at the clock is a second later.
fn answering(store: Store, guard: Guard, clock: &Arc<AtomicI64>, shutdown: Shutdown) -> Router {
    let clock = Arc::clone(clock);
    let now = Arc::new(move || Timestamp::from_second(clock.fetch_add(1, Ordering::Relaxed)).unwrap());
    router(Arc::new(Api::new(store, guard, now, shutdown)))
}

/// What an artifact of this number is recorded as.
pub(super) fn recording(environment: &str, deployment: &str, artifact: u8) -> Recording {
    Recording {
        slot: Slot { environment_name: environment.to_owned(), deployment_name: deployment.to_owned() },
        artifact: Artifact {
            kind: if artifact.is_multiple_of(2) { ArtifactKind::ContainerImage } else { ArtifactKind::HelmChart },
            name: "ghcr.io/acme/storefront".to_owned(),
            digest: holdpoint::domain::digest::Digest::from_bytes([artifact; 32]),
            version: format!("1.{artifact}"),
        },
        project: None,
    }
}
