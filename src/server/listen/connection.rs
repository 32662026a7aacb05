//! One connection, from the handshake to its end.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

use super::Limits;
use super::slots::{Place, Slot};
use crate::server::shutdown::Shutdown;

pub(super) struct Connection {
    pub(super) place: Place,
    /// As it is now: a certificate that is taken over later is for later connections.
    pub(super) tls: Option<Arc<ServerConfig>>,
    pub(super) router: Router,
    pub(super) limits: Limits,
    pub(super) shutdown: Shutdown,
}

impl Connection {
    pub(super) async fn answer(self, stream: TcpStream) {
        let slot = Arc::clone(&self.place.slot);
        let mut at_once = self.shutdown.clone();
        tokio::select! {
            () = self.secure(stream) => {}
            () = slot.has_to_close() => {}
            () = at_once.at_once() => {}
        }
    }

    async fn secure(mut self, stream: TcpStream) {
        let Some(tls) = self.tls.take() else { return self.requests(stream).await };
        match timeout(self.limits.handshake_timeout, TlsAcceptor::from(tls).accept(stream)).await {
            Ok(Ok(stream)) => self.requests(stream).await,
            Ok(Err(error)) => {
                self.place.handshake_failed();
                tracing::debug!(%error, "a TLS handshake failed");
            }
            Err(_elapsed) => self.place.handshake_failed(),
        }
    }

    async fn requests(mut self, stream: impl AsyncRead + AsyncWrite + Unpin) {
        let (router, slot, shutdown) = (self.router, Arc::clone(&self.place.slot), self.shutdown.clone());
        let service = service_fn(move |request| respond(router.clone(), Arc::clone(&slot), shutdown.clone(), request));
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(self.limits.idle_timeout);
        let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
        tokio::select! {
            ended = connection.as_mut() => return told(ended),
            () = self.shutdown.draining() => {}
        }
        // A connection without a request yet is not closed: whoever opened it is about to send one.
        if self.place.slot.was_used() {
            connection.as_mut().graceful_shutdown();
        }
        told(connection.await);
    }
}

/// How a connection ends is the client's affair.
fn told(ended: hyper::Result<()>) {
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

async fn respond(
    router: Router,
    slot: Arc<Slot>,
    shutdown: Shutdown,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    let busy = Busy::begin(slot);
    let mut response = router.oneshot(request.map(Body::new)).await?;
    if shutdown.is_draining() {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    drop(busy);
    Ok(response)
}

/// A request that is being answered.
struct Busy(Arc<Slot>);

impl Busy {
    fn begin(slot: Arc<Slot>) -> Self {
        slot.begin();
        Self(slot)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.end();
    }
}
