//! The server of a configuration.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// How `holdpoint serve` listens, how long things may take, and what it keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerConfig {
    /// Where reviews are answered.
    pub listen: SocketAddr,
    /// Where health and metrics are; another address than `listen`.
    pub operations: SocketAddr,
    /// The certificate; none leaves it to the command line.
    pub tls: Option<TlsConfig>,
    /// How often the records of an environment are read, give or take a tenth.
    pub refresh: Duration,
    /// From which age on records count as unavailable; at least twice `refresh`, so that one failed read changes
    /// nothing.
    pub stale_after: Duration,
    /// The file that keeps what may be readmitted over a restart; none keeps it in memory alone.
    pub readmissions: Option<PathBuf>,
    /// How long an answer may take when the API server does not say.
    pub deadline: Duration,
    /// How long a server that was told to stop answers and waits.
    pub drain: Duration,
    /// How many connections for reviews may be open at a time.
    pub connections: usize,
    /// The largest body of a request, in bytes.
    pub body: u64,
    /// Whether plugins that send requests may run while an API server waits.
    pub plugins_with_http: bool,
}

/// The certificate of the server, and those that it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsConfig {
    /// The certificate in PEM, with its chain behind it.
    pub certificate: PathBuf,
    /// Its private key in PEM.
    pub key: PathBuf,
    /// The oldest version that is spoken.
    pub minimum: TlsVersion,
    /// Certificates in PEM that must have signed a client's; none asks clients for no certificate.
    pub client_ca: Option<PathBuf>,
    /// A client's certificate has one of these as a subject alternative name or its common name; empty means any. Only
    /// with `client_ca`.
    pub client_names: Vec<String>,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// TLS 1.2.
    V1_2,
    /// TLS 1.3.
    #[default]
    V1_3,
}

impl Default for ServerConfig {
    fn default() -> Self {
        let anywhere = |port| SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port);
        Self {
            listen: anywhere(8443),
            operations: anywhere(8080),
            tls: None,
            refresh: Duration::from_secs(30),
            stale_after: Duration::from_mins(5),
            readmissions: None,
            deadline: Duration::from_secs(8),
            drain: Duration::from_secs(25),
            connections: 1024,
            body: 7 << 20,
            plugins_with_http: false,
        }
    }
}
