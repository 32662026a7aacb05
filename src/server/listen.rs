//! contract
use std::sync::Arc;
use std::time::Duration;
/// c
pub struct Limits {
    pub connections: usize,
    pub header_timeout: Duration,
    pub idle_timeout: Duration,
    pub handshake_timeout: Duration,
    pub drain: Duration,
}
/// c
#[derive(Default)]
pub struct Connections;
impl Connections {
    /// c
    pub fn open(&self) -> usize {
        0
    }
    /// c
    pub fn accepted(&self) -> u64 {
        0
    }
    /// c
    pub fn handshake_failures(&self) -> u64 {
        0
    }
}
/// c
pub async fn serve(
    _listener: tokio::net::TcpListener,
    _tls: Option<super::certificate::Certificates>,
    _service: axum::Router,
    _limits: Limits,
    _shutdown: super::shutdown::Shutdown,
    _connections: Arc<Connections>,
) -> std::io::Result<()> {
    Ok(())
}
