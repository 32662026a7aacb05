//! The GitHub App of the server: its listener, and what works behind it.

use std::sync::Arc;

use anyhow::Context as _;
use tokio::net::TcpListener;

use crate::app;
use crate::config::Config;
use crate::server::Door;
use crate::server::certificate::Certificates;
use crate::server::github_app::{GithubApp, router, worker};
use crate::server::listen::{self, Limits};
use crate::server::shutdown::Shutdown;

use super::{bind, files, watch_certificates};

/// A GitHub App that can be reached, and does nothing yet.
pub(super) struct Listening {
    listener: TcpListener,
    certificates: Option<Certificates>,
    app: Arc<GithubApp>,
}

impl Listening {
    /// The App of the configuration, if it has one; `alone` where there are no reviews to answer.
    ///
    /// # Errors
    /// Secrets, a certificate or a file that cannot be used; an address that cannot be listened on.
    pub(super) async fn start(config: &Config, door: &Arc<Door>, alone: bool) -> anyhow::Result<Option<Self>> {
        let Some(github) = &config.github_app else { return Ok(None) };
        let certificates = github.tls.as_ref().map(|tls| Certificates::load(files(tls))).transpose()?;
        let parts = app::github_app::parts(config, github).await?;
        let listener = bind(github.listen).await?;
        door.github.begin(alone, github.most);
        Ok(Some(Self { listener, certificates, app: GithubApp::new(parts, Arc::clone(door)) }))
    }

    /// Where GitHub, or a proxy, sends its events.
    pub(super) fn address(&self) -> anyhow::Result<String> {
        let scheme = if self.certificates.is_some() { "https" } else { "http" };
        Ok(format!("{scheme}://{}/github/webhook", self.listener.local_addr()?))
    }
}

/// Takes events and answers them until it is told to stop. Without an App there is nothing to do.
///
/// # Errors
/// When the listener fails.
pub(super) async fn serve(listening: Option<Listening>, limits: Limits, shutdown: Shutdown) -> anyhow::Result<()> {
    let Some(Listening { listener, certificates, app }) = listening else { return Ok(()) };
    let watching = tokio::spawn(watch_certificates(certificates.clone()));
    let working = worker::run(Arc::clone(&app), shutdown.clone(), limits.drain);
    let taking = listen::serve(listener, certificates, router(app), limits, shutdown, Arc::default());
    let ((), taken) = tokio::join!(working, taking);
    watching.abort();
    taken.context("the listener for events of GitHub failed")
}
