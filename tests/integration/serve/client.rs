//! A server with a few paths, and clients that see every byte of it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use holdpoint::server::certificate::Certificates;
use holdpoint::server::listen::{Connections, Limits, Peer, serve};
use holdpoint::server::shutdown::{Shutdown, Trigger};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::pki::Issued;

/// Nothing here takes so long, on however slow a machine.
pub(crate) const LONG: Duration = Duration::from_secs(20);

/// What every answer ends with.
const END: &str = "the end";

pub(crate) fn limits() -> Limits {
    Limits { connections: 100, header_timeout: LONG, idle_timeout: LONG, handshake_timeout: LONG, drain: LONG }
}

pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    pub(crate) trigger: Trigger,
    pub(crate) connections: Arc<Connections>,
    /// Requests to `/wait` that have come.
    pub(crate) waiting: Arc<Semaphore>,
    /// What lets them go on.
    pub(crate) go_on: Arc<Semaphore>,
    task: JoinHandle<std::io::Result<()>>,
}

impl Served {
    pub(crate) async fn start(tls: Option<Certificates>, limits: Limits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (trigger, shutdown) = Shutdown::new();
        let connections = Arc::new(Connections::default());
        let (waiting, go_on) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let router = router(Arc::clone(&waiting), Arc::clone(&go_on));
        let task = tokio::spawn(serve(listener, tls, router, limits, shutdown, Arc::clone(&connections)));
        Self { address, trigger, connections, waiting, go_on, task }
    }

    /// Waits until the server has ended by itself.
    pub(crate) async fn ended(self) {
        tokio::time::timeout(LONG, self.task).await.expect("the server ends").unwrap().unwrap();
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }
}

fn router(waiting: Arc<Semaphore>, go_on: Arc<Semaphore>) -> axum::Router {
    let peer = |axum::Extension(Peer(peer)): axum::Extension<Peer>| async move { format!("{peer} {END}") };
    let wait = move || async move {
        waiting.add_permits(1);
        go_on.acquire().await.unwrap().forget();
        END
    };
    axum::Router::new()
        .route("/", axum::routing::get(|| async { END }))
        .route("/peer", axum::routing::get(peer))
        .route("/echo", axum::routing::post(|body: String| async move { format!("{body}{END}") }))
        .route("/wait", axum::routing::get(wait))
}

/// Sends a request and gives the whole answer, or why there is none.
pub(crate) async fn get<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, path: &str) -> Result<String, String> {
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
    stream.write_all(request.as_bytes()).await.map_err(|error| error.to_string())?;
    answer(stream).await
}

pub(crate) async fn answer<S: AsyncRead + Unpin>(stream: &mut S) -> Result<String, String> {
    let mut text = Vec::new();
    while !text.ends_with(END.as_bytes()) {
        let read = tokio::time::timeout(LONG, stream.read_buf(&mut text)).await.map_err(|_elapsed| "no answer")?;
        if read.map_err(|error| error.to_string())? == 0 {
            return Err(format!("closed after {:?}", String::from_utf8_lossy(&text)));
        }
    }
    Ok(String::from_utf8(text).unwrap())
}

/// Waits until the server closes a connection on which it sends nothing more.
pub(crate) async fn closed<S: AsyncRead + Unpin>(stream: &mut S) {
    let read = tokio::time::timeout(LONG, stream.read_u8()).await.expect("the server closes the connection");
    assert!(read.is_err(), "the server sent something: {read:?}");
}

/// What a client trusts, speaks and shows.
#[derive(Clone)]
pub(crate) struct Client(Arc<ClientConfig>);

impl Client {
    pub(crate) fn new(trusted: &str, versions: &[&'static SupportedProtocolVersion], shown: Option<&Issued>) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(trusted.as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap();
        let builder = builder.with_root_certificates(roots);
        let config = match shown {
            None => builder.with_no_client_auth(),
            Some(issued) => {
                let chain = CertificateDer::pem_slice_iter(issued.chain.as_bytes()).map(Result::unwrap).collect();
                let key = PrivateKeyDer::from_pem_slice(issued.key.as_bytes()).unwrap();
                builder.with_client_auth_cert(chain, key).unwrap()
            }
        };
        Self(Arc::new(config))
    }

    pub(crate) fn trusting(authority: &str) -> Self {
        Self::new(authority, rustls::ALL_VERSIONS, None)
    }

    pub(crate) fn speaking(mut self, protocols: &[&str]) -> Self {
        let config = Arc::get_mut(&mut self.0).unwrap();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        self
    }

    pub(crate) async fn connect(&self, address: SocketAddr) -> Result<TlsStream<TcpStream>, String> {
        let stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::clone(&self.0)).connect(name, stream).await.map_err(|error| error.to_string())
    }

    /// The serial number of the certificate that a new connection is shown, or what went wrong.
    pub(crate) async fn shown(&self, address: SocketAddr) -> Result<u64, String> {
        Ok(serial(&self.connect(address).await?))
    }

    /// One request on a connection of its own: the serial number of the server's certificate, or what went wrong.
    pub(crate) async fn serial(&self, address: SocketAddr) -> Result<u64, String> {
        let mut stream = self.connect(address).await?;
        get(&mut stream, "/").await?;
        Ok(serial(&stream))
    }
}

pub(crate) fn serial(stream: &TlsStream<TcpStream>) -> u64 {
    let shown = stream.get_ref().1.peer_certificates().unwrap();
    let (_, shown) = x509_parser::parse_x509_certificate(&shown[0]).unwrap();
    shown.raw_serial().iter().fold(0, |serial, byte| (serial << 8) | u64::from(*byte))
}
