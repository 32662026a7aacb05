//! Reviews without a break, and what came of each.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::world::{STAGED, UNKNOWN, WITHDRAWN, digest};
use crate::serve::client::Client;
use crate::serve::process::try_post;
use crate::serve::wire::{review, told};

/// Connections at a time.
const CONNECTIONS: usize = 4;
/// Between two reviews on a connection.
const PAUSE: Duration = Duration::from_millis(5);

/// One review.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// When it was sent.
    pub(super) at: Instant,
    /// When the answer was there, or it was known that none would come.
    pub(super) until: Instant,
    pub(super) image: usize,
    /// 200 for an allow, the code of a refusal otherwise; or why there is no answer.
    pub(super) outcome: Result<u64, String>,
}

/// Who is asked, as often as a connection is made: none when nobody can be.
pub(super) type Choose = Arc<dyn Fn() -> Option<SocketAddr> + Send + Sync>;

/// Asks until it is ended.
pub(super) struct Load {
    over: Arc<AtomicBool>,
    workers: JoinSet<Vec<Asked>>,
}

impl Load {
    /// Over TLS with a client, and in the clear without one.
    pub(super) fn start(choose: &Choose, client: Option<&Client>) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let mut workers = JoinSet::new();
        for number in 0..CONNECTIONS {
            workers.spawn(work(number, Arc::clone(choose), client.cloned(), Arc::clone(&over)));
        }
        Self { over, workers }
    }

    /// All that was asked, in the order of time.
    pub(super) async fn end(mut self) -> Vec<Asked> {
        self.over.store(true, Ordering::Relaxed);
        let mut all = Vec::new();
        while let Some(asked) = self.workers.join_next().await {
            all.extend(asked.unwrap());
        }
        all.sort_by_key(|asked: &Asked| asked.at);
        all
    }
}

async fn work(worker: usize, choose: Choose, client: Option<Client>, over: Arc<AtomicBool>) -> Vec<Asked> {
    let mut asked = Vec::new();
    let images = [STAGED, UNKNOWN, WITHDRAWN];
    let mut turn = worker;
    while !over.load(Ordering::Relaxed) {
        let Some(address) = choose() else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let stream = match connect(client.as_ref(), address).await {
            Ok(stream) => stream,
            Err(error) => {
                let now = Instant::now();
                asked.push(Asked { at: now, until: now, image: STAGED, outcome: Err(error) });
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        converse(stream, &mut asked, &over, || {
            turn += 1;
            images[turn % images.len()]
        })
        .await;
    }
    asked
}

/// Asks on one connection until the server ends it, or the load does. A connection serves a while: new ones are made now
/// and then, as API servers do.
async fn converse(
    mut stream: Box<dyn Stream>,
    asked: &mut Vec<Asked>,
    over: &AtomicBool,
    mut next: impl FnMut() -> usize,
) {
    for _ in 0..50 {
        if over.load(Ordering::Relaxed) {
            return;
        }
        let (at, image) = (Instant::now(), next());
        let body = review("a-uid", "shop", &format!("ghcr.io/acme/storefront@{}", digest(image)));
        let answer = try_post(&mut stream, &body).await;
        let closes = answer.as_ref().map_or(true, |answer| answer.closes);
        let outcome = answer.map(|answer| {
            assert_eq!(answer.status, 200, "{}", answer.body);
            let told = told(&answer.body, "a-uid");
            if told.allowed { 200 } else { told.code }
        });
        asked.push(Asked { at, until: Instant::now(), image, outcome });
        if closes {
            return;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

async fn connect(client: Option<&Client>, address: SocketAddr) -> Result<Box<dyn Stream>, String> {
    match client {
        Some(client) => Ok(Box::new(client.connect(address).await?)),
        None => Ok(Box::new(TcpStream::connect(address).await.map_err(|error| error.to_string())?)),
    }
}

/// Always this one.
pub(super) fn only(address: SocketAddr) -> Choose {
    Arc::new(move || Some(address))
}

/// That every review of this image that was sent in a time came to one of these codes, and that there were some.
pub(super) fn expect(what: &str, asked: &[Asked], image: usize, from: Instant, to: Instant, codes: &[u64]) {
    let mut seen = 0;
    for one in asked.iter().filter(|one| one.image == image && one.at >= from && one.at < to) {
        let told = one.outcome.as_ref();
        assert!(told.is_ok_and(|code| codes.contains(code)), "{what}: image {image}: {told:?}, not one of {codes:?}");
        seen += 1;
    }
    assert!(seen > 0, "{what}: nobody asked about image {image}");
}
