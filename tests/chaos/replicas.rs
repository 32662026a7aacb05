//! Replicas that end while reviews come in: told to, and killed.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tokio::time::sleep;

use super::load::{Asked, Choose, Load, expect, only};
use super::world::{STAGED, UNKNOWN, WITHDRAWN, project, ready, records_are_current, source};
use crate::support::chainloop::Reply;
use crate::support::server::Server;

/// How long it takes until everybody has heard that a replica is not ready: the probe's period and the Service's delay.
const HEARING: Duration = Duration::from_millis(500);

/// The Service in front of replicas: connections go to those in it, in turn.
#[derive(Clone, Default)]
struct Service(Arc<Mutex<Vec<SocketAddr>>>);

impl Service {
    fn choose(&self) -> Choose {
        let (own, turn) = (self.clone(), AtomicUsize::new(0));
        Arc::new(move || {
            let replicas = own.0.lock().unwrap();
            let turn = turn.fetch_add(1, Ordering::Relaxed);
            replicas.get(turn % replicas.len().max(1)).copied()
        })
    }

    fn add(&self, server: &Server) {
        self.0.lock().unwrap().push(server.reviews());
    }

    fn remove(&self, address: SocketAddr) {
        self.0.lock().unwrap().retain(|replica| *replica != address);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_is_told_to_end_fails_no_review() {
    let source = source().await;
    let (first, second) = (project(&source, ""), project(&source, ""));
    let (first, second) = (ready(first.path()).await, ready(second.path()).await);
    let service = Service::default();
    service.add(&first);
    service.add(&second);
    let load = Load::start(&service.choose(), None);
    let began = Instant::now();
    sleep(HEARING).await;

    let address = first.reviews();
    first.signal(Signal::TERM);
    first.becomes("/readyz", "[-] running").await;
    // Until everybody has heard, connections come to it, too.
    sleep(HEARING).await;
    service.remove(address);
    let (code, log) = first.ended().await;
    assert_eq!(code, Some(0), "{log}");

    sleep(HEARING).await;
    let asked = load.end().await;
    let ended = Instant::now();
    for (image, code) in [(STAGED, 200), (WITHDRAWN, 200), (UNKNOWN, 403)] {
        expect("while a replica ends", &asked, image, began, ended, &[code]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_is_killed_goes_on_where_it_was() {
    let source = source().await;
    let project = project(&source, "");
    let first = ready(project.path()).await;
    let load = Load::start(&only(first.reviews()), None);
    let began = Instant::now();
    // What is let in again is on the disk a few seconds after it was allowed.
    let remembered = project.path().join("readmissions.json");
    while !remembered.exists() {
        assert!(began.elapsed() < crate::support::server::LONG, "nothing is remembered: {}", first.log());
        sleep(Duration::from_millis(20)).await;
    }
    let killing = Instant::now();
    first.signal(Signal::KILL);
    assert_eq!(first.ended().await.0, None);
    let asked = load.end().await;
    // Those that were under way may get no answer, and no wrong one.
    let (before, under_way): (Vec<Asked>, Vec<Asked>) = asked.into_iter().partition(|one| one.until < killing);
    for (image, code) in [(STAGED, 200), (WITHDRAWN, 200), (UNKNOWN, 403)] {
        expect("before the end", &before, image, began, killing, &[code]);
        let answered = under_way.iter().filter(|one| one.image == image).filter_map(|one| one.outcome.as_ref().ok());
        assert!(answered.into_iter().all(|told| *told == code), "at the end: image {image}");
    }

    // It comes back while the source is down: what ran before comes in again, and nothing else.
    source.answer_records_with(Some(Reply::rpc_status(500, 13, "internal error")));
    let second = Server::start(project.path(), &[]).await;
    let service = Service::default();
    service.add(&second);
    second.becomes("/readyz", "[+] running").await;
    let load = Load::start(&service.choose(), None);
    let began = Instant::now();
    sleep(HEARING).await;
    let down = Instant::now();
    source.answer_records_with(None);
    records_are_current(&second, true).await;
    let up = Instant::now();
    sleep(HEARING).await;
    let asked = load.end().await;
    let ended = Instant::now();
    for image in [STAGED, WITHDRAWN] {
        expect("after a restart without records", &asked, image, began, ended, &[200]);
    }
    expect("after a restart without records", &asked, UNKNOWN, began, down, &[503]);
    expect("after a restart", &asked, UNKNOWN, up, ended, &[403]);
}
