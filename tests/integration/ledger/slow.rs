//! Clients that take their time.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::server::{Place, Server};

/// One that sends half a request and waits is cut, and others are answered meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn slow_clients_are_dropped() {
    let place = Place::sqlite();
    let server = Server::start(&place).await;
    let began = Instant::now();
    let mut slow = TcpStream::connect(server.url.strip_prefix("http://").unwrap()).await.unwrap();
    slow.write_all(b"GET /v1/deployments HTTP/1.1\r\nhost: ").await.unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.get(format!("{}/livez", server.url)).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let mut told = Vec::new();
    tokio::time::timeout(Duration::from_secs(10), slow.read_to_end(&mut told)).await.unwrap().unwrap();
    assert!(began.elapsed() >= Duration::from_millis(900), "{:?}", began.elapsed());
    assert!(!told.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&told));
    server.stop().await;
}
