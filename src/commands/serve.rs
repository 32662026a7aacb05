//! `holdpoint serve`: answers reviews and deployments of GitHub until it is told to stop.

mod github_app;
pub(super) mod signals;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use tokio::net::TcpListener;
use tokio::sync::Notify;

use crate::admission::settings::Mode;
use crate::app;
use crate::app::serve::ServeChanges;
use crate::cli::serve::{ModeArg, ServeArgs};
use crate::config::{Config, TlsConfig, TlsVersion};
use crate::exit::Exit;
use crate::server::certificate::{CertificateFiles, Certificates};
use crate::server::listen::{self, Connections, Limits};
use crate::server::reload::{Build, Built, Reloader, fingerprint};
use crate::server::shutdown::Shutdown;
use crate::server::{self, Door, DoorParts, Running, operations, self_signed};

use super::{standard_error, write};

/// How long a client may take for the head of a request, how long a connection may be without one, and how long a TLS
/// handshake may take.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
const IDLE_TIMEOUT: Duration = Duration::from_mins(5);
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// Connections for health and metrics.
const OPERATIONS_CONNECTIONS: usize = 64;
/// Threads that may wait for evaluations.
const BLOCKING_THREADS: usize = 128;

/// Serves until it is told to stop.
///
/// # Errors
/// Wrong usage or configuration, a certificate that cannot be served, an address that cannot be listened on.
pub fn execute(args: &ServeArgs) -> anyhow::Result<Exit> {
    let config = Config::load(&args.config)?;
    let reviews = serves_reviews(args, &config)?;
    let changes = ServeChanges { mode: args.mode.map(Mode::from), offline: args.offline, without_reviews: !reviews };
    let listen = reviews.then(|| args.listen.unwrap_or(config.server.listen));
    let operations = args.operations_listen.unwrap_or(config.server.operations);
    let certificates = listen.map(|listen| certificates(args, &config, listen)).transpose()?.flatten();
    let readmissions = app::serve::readmissions(&config);
    let build: Build = {
        let (path, readmissions) = (args.config.clone(), Arc::clone(&readmissions));
        Arc::new(move || app::serve::judge(&Config::load(&path)?, &changes, &readmissions))
    };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().max_blocking_threads(BLOCKING_THREADS).build()?;
    let served = runtime.block_on(async {
        let server = Server { config: &config, build, readmissions, certificates };
        server.run(listen, operations).await
    });
    // Evaluations that overran are left behind.
    runtime.shutdown_timeout(Duration::from_secs(1));
    served.map(|()| Exit::Allow)
}

impl From<ModeArg> for Mode {
    fn from(mode: ModeArg) -> Self {
        match mode {
            ModeArg::Enforce => Self::Enforce,
            ModeArg::Warn => Self::Warn,
            ModeArg::Audit => Self::Audit,
        }
    }
}

/// Whether there are reviews to answer, beside deployments of GitHub.
fn serves_reviews(args: &ServeArgs, config: &Config) -> anyhow::Result<bool> {
    let path = config.path.display();
    if args.github_app && config.github_app.is_none() {
        bail!("`{path}` has no `github_app`\nhint: add it; docs/github-app.md says how");
    }
    if config.admission.is_none() && config.github_app.is_none() {
        bail!(
            "`{path}` has no `admission` and no `github_app`, so nothing says what is judged\nhint: add one; \
             docs/admission.md and docs/github-app.md begin with a few lines"
        );
    }
    let reviews = config.admission.is_some() && !args.github_app;
    if !reviews && (args.listen.is_some() || !args.self_signed.is_empty()) {
        bail!(
            "`--listen` and `--self-signed` are for reviews, and there are none to answer\nhint: set \
             `github_app.listen` and `github_app.tls`"
        );
    }
    Ok(reviews)
}

/// The certificate of the command line, or of the configuration. Without one, only this machine is served.
fn certificates(args: &ServeArgs, config: &Config, listen: SocketAddr) -> anyhow::Result<Option<Certificates>> {
    if !args.self_signed.is_empty() {
        let made = self_signed::make(&args.self_signed, app::now())?;
        write::to_stdout(&format!("{}\n", BASE64.encode(&made.ca_pem)))?;
        return Ok(Some(Certificates::from_memory(&made)?));
    }
    let Some(tls) = &config.server.tls else {
        if listen.ip().is_loopback() {
            return Ok(None);
        }
        bail!(
            "there is no certificate for {listen}, and reviews never leave a machine in the clear\nhint: set \
             `server.tls`, try `--self-signed NAME`, or listen on 127.0.0.1"
        );
    };
    Ok(Some(Certificates::load(files(tls))?))
}

fn files(tls: &TlsConfig) -> CertificateFiles {
    CertificateFiles {
        certificate: tls.certificate.clone(),
        key: tls.key.clone(),
        client_ca: tls.client_ca.clone(),
        client_names: tls.client_names.clone(),
        minimum_1_2: tls.minimum == TlsVersion::V1_2,
    }
}

struct Server<'config> {
    config: &'config Config,
    build: Build,
    readmissions: Arc<server::readmission::Readmissions>,
    certificates: Option<Certificates>,
}

impl Server<'_> {
    async fn run(self, listen: Option<SocketAddr>, operations: SocketAddr) -> anyhow::Result<()> {
        let build = Arc::clone(&self.build);
        // Before they are read: what changes meanwhile is read again.
        let seen = fingerprint(&app::serve::files(self.config));
        let Built { judge, files } =
            tokio::task::spawn_blocking(move || build()).await.context("the policies could not be loaded")??;
        let (trigger, shutdown) = Shutdown::new();
        let door = Arc::new(self.door(Running::start(Arc::new(judge)), shutdown.clone()));
        let reviews = match listen {
            Some(listen) => Some(bind(listen).await?),
            None => None,
        };
        let health = bind(operations).await?;
        let github = github_app::Listening::start(self.config, &door, reviews.is_none()).await?;
        self.announce(reviews.as_ref(), github.as_ref(), &health)?;
        let asked = Arc::new(Notify::new());
        let reloader = Reloader::new(Arc::clone(&door), self.build, Arc::clone(&asked), files, seen);
        let _writing = self.readmissions.start();
        let background = [
            tokio::spawn(reloader.run()),
            tokio::spawn(signals::watch(trigger, asked)?),
            tokio::spawn(watch_certificates(self.certificates.clone())),
        ];
        let server = &self.config.server;
        let limits = limits(server.connections, server.drain);
        let of_operations = Limits { connections: OPERATIONS_CONNECTIONS, ..limits.clone() };
        let health = tokio::spawn(listen::serve(
            health,
            None,
            operations::router(Arc::clone(&door)),
            of_operations,
            shutdown.clone(),
            Arc::default(),
        ));
        let answering = async {
            let Some(reviews) = reviews else { return Ok(()) };
            let connections = Arc::clone(&door.parts.connections);
            let (routes, limits) = (server::router(Arc::clone(&door)), limits.clone());
            let end = listen::serve(reviews, self.certificates, routes, limits, shutdown.clone(), connections).await;
            end.context("the listener for reviews failed")
        };
        let end = tokio::try_join!(answering, github_app::serve(github, limits.clone(), shutdown.clone()));
        background.iter().for_each(tokio::task::JoinHandle::abort);
        health.abort();
        self.readmissions.flush().await;
        end.map(|((), ())| ())
    }

    fn door(&self, running: Running, shutdown: Shutdown) -> Door {
        let server = &self.config.server;
        let parts = DoorParts {
            readmissions: Arc::clone(&self.readmissions),
            deadline: server.deadline,
            body: usize::try_from(server.body).unwrap_or(usize::MAX),
            certificates: self.certificates.clone(),
            connections: Arc::new(Connections::default()),
            shutdown,
            clock: app::serve::clock(),
        };
        Door::new(running, parts)
    }

    /// The addresses, as they are after the port 0 got a number.
    fn announce(
        &self,
        reviews: Option<&TcpListener>,
        github: Option<&github_app::Listening>,
        health: &TcpListener,
    ) -> anyhow::Result<()> {
        let mut doors = Vec::new();
        if let Some(reviews) = reviews {
            let scheme = if self.certificates.is_some() { "https" } else { "http" };
            doors.push(format!("answering reviews on {scheme}://{}/validate", reviews.local_addr()?));
        }
        if let Some(github) = github {
            doors.push(format!("taking events of GitHub on {}", github.address()?));
        }
        doors.push(format!("health and metrics on http://{}", health.local_addr()?));
        standard_error::write(&doors.join("; "));
        Ok(())
    }
}

pub(super) const fn limits(connections: usize, drain: Duration) -> Limits {
    Limits {
        connections,
        header_timeout: HEADER_TIMEOUT,
        idle_timeout: IDLE_TIMEOUT,
        handshake_timeout: HANDSHAKE_TIMEOUT,
        drain,
    }
}

pub(super) async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("{address} cannot be listened on"))
}

pub(super) async fn watch_certificates(certificates: Option<Certificates>) {
    if let Some(certificates) = certificates {
        certificates.watch(std::future::pending::<()>()).await;
    }
}
