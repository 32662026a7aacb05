//! Connections: how many, for how long, and how they end.
//!
//! A server that is told to stop is still sent connections for some seconds, until everybody has heard that it goes.
//! So it accepts for a while, says `Connection: close` with each answer, and closes connections that nobody uses.

mod activity;
mod connection;
mod counters;
mod drain;
mod io;
mod places;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use super::certificate::Certificates;
use super::shutdown::Shutdown;
use activity::Activity;
use connection::Connection;
pub use connection::Peer;
pub use counters::Connections;
use drain::Drain;
use places::Places;

/// How long to wait before accepting again after that failed, such as for want of file descriptors.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// How many connections, and how long they may do what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many may be open at a time. Others wait, and are not refused.
    pub connections: usize,
    /// From the first byte of a request, or from the beginning of a connection, to the end of the head.
    pub header_timeout: Duration,
    /// From an answer to the next request. API servers close after 90 seconds: longer than that avoids that both sides
    /// close and send at the same time.
    pub idle_timeout: Duration,
    /// From the beginning of a connection to the end of the TLS handshake.
    pub handshake_timeout: Duration,
    /// From the moment that the server is told to stop to its end.
    pub drain: Duration,
}

/// Answers on all connections until it is told to stop, and then as long as there are any, at most for
/// [`Limits::drain`]. Requests have a [`Peer`] among their extensions.
///
/// Failures of single connections, and of accepting them, never end it.
///
/// # Errors
/// When the address of the listener cannot be read.
pub async fn serve(
    listener: TcpListener,
    tls: Option<Certificates>,
    service: axum::Router,
    limits: Limits,
    shutdown: Shutdown,
    connections: Arc<Connections>,
) -> std::io::Result<()> {
    let address = listener.local_addr()?;
    tracing::info!(%address, tls = tls.is_some(), "listening");
    let mut at_once = shutdown.clone();
    let mut server = Server {
        places: Places::new(limits.connections),
        kind: Kind { tls, service, limits: Arc::new(limits), shutdown, connections },
        tasks: JoinSet::new(),
        pause: SHORTEST_PAUSE,
    };
    tokio::select! {
        () = at_once.at_once() => {}
        () = server.run(listener) => {}
    }
    if !server.tasks.is_empty() {
        tracing::warn!(%address, connections = server.tasks.len(), "connections were cut: the time to finish is over");
    }
    Ok(())
}

/// What all connections have in common.
struct Kind {
    tls: Option<Certificates>,
    service: axum::Router,
    limits: Arc<Limits>,
    shutdown: Shutdown,
    connections: Arc<Connections>,
}

struct Server {
    kind: Kind,
    places: Places,
    tasks: JoinSet<()>,
    pause: Duration,
}

impl Server {
    async fn run(&mut self, listener: TcpListener) {
        let drain = self.accept(listener).await;
        tokio::select! {
            () = sleep_until(drain.end) => {}
            () = async { while self.tasks.join_next().await.is_some() {} } => {}
        }
    }

    /// Accepts until the server drains, and nobody has come for a while.
    async fn accept(&mut self, listener: TcpListener) -> Drain {
        let mut shutdown = self.kind.shutdown.clone();
        let mut drain: Option<Drain> = None;
        let mut waiting: Option<(TcpStream, SocketAddr)> = None;
        loop {
            tokio::select! {
                () = shutdown.draining(), if drain.is_none() => {
                    drain = Some(Drain::new(Instant::now(), self.kind.limits.drain));
                }
                over = Drain::over(drain.as_ref()) => {
                    self.kind.connections.refuse(u64::from(waiting.is_some()));
                    return over;
                }
                Some(ended) = self.tasks.join_next_with_id() => {
                    let id = ended.map_or_else(|error| error.id(), |(id, ())| id);
                    self.places.forget(id);
                }
                place = self.places.next(), if waiting.is_some() => {
                    if let Some((stream, address)) = waiting.take() {
                        self.begin(stream, address, place);
                    }
                }
                accepted = listener.accept(), if waiting.is_none() => match accepted {
                    Ok(accepted) => {
                        self.pause = SHORTEST_PAUSE;
                        waiting = Some(accepted);
                        if let Some(drain) = &mut drain {
                            drain.somebody_came(Instant::now());
                        }
                    }
                    Err(error) => self.back_off(&error).await,
                },
            }
        }
    }

    fn begin(&mut self, stream: TcpStream, address: SocketAddr, place: places::Place) {
        let activity = Arc::new(Activity::new(Arc::clone(&self.kind.limits)));
        let connection = Connection {
            peer: Peer(address),
            tls: self.kind.tls.as_ref().map(Certificates::server_config),
            service: self.kind.service.clone(),
            activity: Arc::clone(&activity),
            shutdown: self.kind.shutdown.clone(),
            open: self.kind.connections.begin(),
            place,
        };
        let task = self.tasks.spawn(connection.run(stream));
        self.places.remember(task.id(), activity);
    }

    /// Accepting fails when a client is gone again, which is nothing, and for want of resources, which takes a while.
    async fn back_off(&mut self, error: &std::io::Error) {
        use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
        if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted) {
            return;
        }
        tracing::warn!(%error, pause = ?self.pause, "no connection can be accepted");
        sleep(self.pause).await;
        self.pause = self.pause.saturating_mul(2).min(LONGEST_PAUSE);
    }
}
