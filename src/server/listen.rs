//! A listener: accepts connections, bounds them, and lets them end in peace.
//!
//! hyper answers each connection; what it does not do is here: a cap on connections that cannot be used to keep others
//! out, and an end at which no call fails.

mod connection;
mod slots;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use super::certificate::Certificates;
use super::shutdown::Shutdown;
use connection::Connection;

pub use slots::Connections;

/// When a connection cannot be accepted, such as for want of files, another try is made after this.
const PAUSE: Duration = Duration::from_millis(100);
/// How long a draining server without connections waits for those that are still sent to it.
const LINGER: Duration = Duration::from_secs(1);
/// A connection on which nothing happened for this long may be closed to make room.
const QUIET: Duration = Duration::from_secs(2);

/// Bounds of a listener.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at a time.
    pub connections: usize,
    /// From the end of a request, or the handshake, to the end of the next one's head.
    pub idle_timeout: Duration,
    /// For the TLS handshake.
    pub handshake_timeout: Duration,
    /// From the order to stop to the end.
    pub drain: Duration,
}

/// Answers connections until it is told to stop and they have ended.
///
/// While it drains it accepts connections still: they are sent to it until everybody has heard that it stops.
pub async fn serve(
    listener: TcpListener,
    tls: Option<Certificates>,
    router: Router,
    limits: Limits,
    mut shutdown: Shutdown,
    connections: Arc<Connections>,
) {
    let accepting = Accepting { tls, router, limits, shutdown: shutdown.clone(), connections };
    let mut open = JoinSet::new();
    let mut drain: Option<Drain> = None;
    let mut at_once = shutdown.clone();
    loop {
        let ends = drain.as_ref().map(|drain| drain.end(open.is_empty()));
        tokio::select! {
            () = at_once.at_once() => break,
            () = shutdown.draining(), if drain.is_none() => drain = Some(Drain::begin(limits.drain)),
            () = sleep_until(ends.unwrap_or_else(Instant::now)), if ends.is_some() => break,
            Some(_ended) = open.join_next(), if !open.is_empty() => {
                if let Some(drain) = &mut drain { drain.quiet_since = Instant::now() }
            }
            accepted = listener.accept() => match accepted {
                Ok((stream, _from)) => accepting.take(stream, &mut open),
                Err(error) => failed(&error).await,
            },
        }
    }
    // What is still open then was given all the time there is.
    open.shutdown().await;
}

/// The end of a listener.
struct Drain {
    latest: Instant,
    quiet_since: Instant,
}

impl Drain {
    fn begin(drain: Duration) -> Self {
        let now = Instant::now();
        Self { latest: now + drain, quiet_since: now }
    }

    fn end(&self, nothing_open: bool) -> Instant {
        if nothing_open { (self.quiet_since + LINGER).min(self.latest) } else { self.latest }
    }
}

async fn failed(error: &io::Error) {
    tracing::warn!(%error, "a connection could not be accepted");
    sleep(PAUSE).await;
}

struct Accepting {
    tls: Option<Certificates>,
    router: Router,
    limits: Limits,
    shutdown: Shutdown,
    connections: Arc<Connections>,
}

impl Accepting {
    /// Answers a connection, in the place of a quiet one when there are too many.
    fn take(&self, stream: TcpStream, open: &mut JoinSet<()>) {
        if self.connections.open() >= self.limits.connections && !self.connections.close_quiet(QUIET) {
            self.connections.refuse();
            return;
        }
        // Answers are small and waited for.
        let _best_effort = stream.set_nodelay(true);
        let connection = Connection {
            place: self.connections.enter(),
            tls: self.tls.as_ref().map(Certificates::server_config),
            router: self.router.clone(),
            limits: self.limits,
            shutdown: self.shutdown.clone(),
        };
        open.spawn(connection.answer(stream));
    }
}
