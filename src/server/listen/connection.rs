//! One connection, from the handshake to its end.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use http::{HeaderValue, Request, Response, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tower::Service as _;

use super::activity::Activity;
use super::counters::Open;
use super::io::{Answer, Watched};
use super::places::Place;
use crate::server::shutdown::Shutdown;

/// The largest head of a request in bytes, and how much of a body is read at a time.
const LARGEST_HEAD: usize = 64 << 10;

/// Who is at the other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// Everything that one connection needs.
pub(super) struct Connection {
    pub(super) peer: Peer,
    pub(super) tls: Option<Arc<ServerConfig>>,
    pub(super) service: axum::Router,
    pub(super) activity: Arc<Activity>,
    pub(super) shutdown: Shutdown,
    pub(super) open: Open,
    pub(super) place: Place,
}

/// What happened on a connection.
enum Event {
    Ended,
    Overdue,
    AskedToClose,
    Draining,
}

impl Connection {
    pub(super) async fn run(mut self, stream: TcpStream) {
        // Answers are small, and nobody is to wait for more to be sent with them.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "answers may be delayed by the network");
        }
        match self.tls.take() {
            None => self.answer(stream).await,
            Some(config) => {
                let handshake = TlsAcceptor::from(config).accept(stream);
                match timeout(self.activity.limits().handshake_timeout, handshake).await {
                    Ok(Ok(stream)) => self.answer(stream).await,
                    Ok(Err(error)) => self.handshake_failed(&error.to_string()),
                    Err(_elapsed) => self.handshake_failed("it took too long"),
                }
            }
        }
        // Until here: what is not run to its end gives its place back as well.
        drop(self.place);
    }

    fn handshake_failed(&self, reason: &str) {
        self.open.handshake_failed();
        // Whoever scans ports must not fill the log.
        tracing::debug!(peer = %self.peer.0, reason, "TLS handshake failed");
    }

    async fn answer(&self, stream: impl AsyncRead + AsyncWrite + Unpin) {
        self.activity.opened();
        let stream = TokioIo::new(Watched { stream, activity: Arc::clone(&self.activity) });
        let service = service_fn(|request| self.call(request));
        // The time for a head is measured here: hyper's would also end connections that are merely idle.
        let connection = http1::Builder::new()
            .header_read_timeout(None)
            .max_buf_size(LARGEST_HEAD)
            .serve_connection(stream, service);
        self.attend(pin!(connection)).await;
    }

    /// Lets a connection go on until it ends, or has to.
    async fn attend<C: Closing>(&self, mut connection: Pin<&mut C>) {
        let mut shutdown = self.shutdown.clone();
        let mut draining = false;
        let mut alarm = pin!(sleep(self.activity.limits().header_timeout));
        loop {
            let event = tokio::select! {
                // What has arrived is read before anything is closed.
                biased;
                event = self.step(connection.as_mut(), alarm.as_mut(), draining) => event,
                () = shutdown.draining(), if !draining => Event::Draining,
                () = self.activity.asked_to_close() => Event::AskedToClose,
            };
            match event {
                Event::Ended => return,
                Event::Draining => draining = true,
                Event::AskedToClose if !self.activity.is_unused() => {}
                Event::AskedToClose => {
                    self.open.made_room();
                    self.close(connection.as_mut());
                }
                Event::Overdue if self.activity.is_unused() => self.close(connection.as_mut()),
                Event::Overdue => return self.cut(),
            }
        }
    }

    fn close<C: Closing>(&self, connection: Pin<&mut C>) {
        self.activity.closing();
        connection.close();
    }

    /// A head that does not end, or a client that does not take what it is sent.
    fn cut(&self) {
        if self.activity.is_reading() {
            self.open.refused();
        }
        tracing::debug!(peer = %self.peer.0, "a connection was cut: the client is too slow");
    }

    async fn step<C: Closing>(&self, mut connection: Pin<&mut C>, mut alarm: Pin<&mut Sleep>, draining: bool) -> Event {
        poll_fn(|context| {
            if connection.as_mut().poll(context).is_ready() {
                return Poll::Ready(Event::Ended);
            }
            // All that changes what a connection is doing happens while it is polled.
            let Some(end) = self.activity.end(draining) else { return Poll::Pending };
            if end <= Instant::now() {
                return Poll::Ready(Event::Overdue);
            }
            if alarm.deadline() != end {
                alarm.as_mut().reset(end);
            }
            alarm.as_mut().poll(context).map(|()| Event::Overdue)
        })
        .await
    }

    fn call(&self, request: Request<Incoming>) -> impl Future<Output = Result<Response<Answer>, Infallible>> + use<> {
        let answering = self.activity.answering();
        let shutdown = self.shutdown.clone();
        let mut request = request.map(axum::body::Body::new);
        request.extensions_mut().insert(self.peer);
        let answer = self.service.clone().call(request);
        async move {
            let mut answer = answer.await?;
            if shutdown.is_draining() {
                answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            Ok(answer.map(|body| Answer::new(body, answering)))
        }
    }
}

/// A connection that can be told to end, when it is idle at once, and else with the next answer.
trait Closing: Future<Output = hyper::Result<()>> {
    fn close(self: Pin<&mut Self>);
}

impl<I, S, B> Closing for http1::Connection<I, S>
where
    S: hyper::service::HttpService<Incoming, ResBody = B>,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    I: hyper::rt::Read + hyper::rt::Write + Unpin,
    B: hyper::body::Body + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    fn close(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}
