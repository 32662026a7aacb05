//! The process: how it starts, with a certificate of its own too, and how signals end it.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::client::closed;
use super::process::{Program, answer, post};
use super::wire::{review, told};
use super::world::image;
use crate::support::cli::{Holdpoint, folder};

#[tokio::test(flavor = "multi_thread")]
async fn reviews_are_answered_over_tls_with_a_certificate_of_its_own() {
    let program = Program::start(&["--self-signed", "localhost,holdpoint.shop.svc"]).await;
    assert_eq!((program.ask(1).await.code, program.ask(9).await.code), (0, 403));
    // Nothing is answered in the clear there.
    let mut plain = TcpStream::connect(program.server.reviews()).await.unwrap();
    plain.write_all(b"GET /validate HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut text = Vec::new();
    tokio::io::AsyncReadExt::read_to_end(&mut plain, &mut text).await.ok();
    assert!(!text.starts_with(b"HTTP/"), "{text:?}");
    program.server.becomes("/metrics", "holdpoint_handshake_failures_total 1\n").await;
    let expiry = program.server.get("/metrics").await.1;
    let expiry = expiry.lines().find_map(|line| line.strip_prefix("holdpoint_certificate_expiry_timestamp_seconds "));
    let expiry: i64 = expiry.unwrap().parse().unwrap();
    assert!(expiry > holdpoint::app::now().as_second(), "{expiry}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_drains_and_no_call_fails() {
    for signal in [Signal::TERM, Signal::INT] {
        let program = Program::start(&[]).await;
        let body = review("uid-1", "shop", &image(1));
        let mut idle = TcpStream::connect(program.server.reviews()).await.unwrap();
        let first = post(&mut idle, &body).await;
        assert!(!first.closes);
        // Half a review is on its way when the signal comes.
        let mut busy = TcpStream::connect(program.server.reviews()).await.unwrap();
        let (before, after) = body.split_at(body.len() / 2);
        let head = "POST /validate HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length:";
        busy.write_all(format!("{head} {}\r\n\r\n{before}", body.len()).as_bytes()).await.unwrap();
        program.server.becomes("/metrics", "holdpoint_connections_open 2\n").await;
        program.server.signal(signal);
        program.server.becomes("/readyz", "[-] running").await;
        // Some still come.
        let mut late = TcpStream::connect(program.server.reviews()).await.unwrap();
        let answered = post(&mut late, &body).await;
        assert!(answered.closes && told(&answered.body, "uid-1").allowed);
        closed(&mut idle).await;
        busy.write_all(after.as_bytes()).await.unwrap();
        let answered = answer(&mut busy).await;
        assert!(answered.closes && told(&answered.body, "uid-1").allowed);
        let (code, log) = program.server.ended().await;
        assert_eq!(code, Some(0), "{log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_ends_it_at_once() {
    let program = Program::start(&[]).await;
    let mut busy = TcpStream::connect(program.server.reviews()).await.unwrap();
    busy.write_all(b"POST /validate HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n").await.unwrap();
    busy.write_all(b"content-length: 1000\r\n\r\n{").await.unwrap();
    program.server.becomes("/metrics", "holdpoint_connections_open 1\n").await;
    program.server.signal(Signal::TERM);
    program.server.becomes("/readyz", "[-] running").await;
    let told = Instant::now();
    program.server.signal(Signal::TERM);
    let (code, log) = program.server.ended().await;
    assert_eq!(code, Some(0), "{log}");
    assert!(told.elapsed() < Duration::from_secs(7), "{:?}", told.elapsed());
}

#[test]
fn files_that_are_wrong_are_told_at_the_start() {
    let good = "version: 1
sources: {saved: {type: snapshot, path: records.json}}
environments: [{name: production, source: saved}]
policies: [policies]
rules: [{policy: gate}]
";
    let admission = "admission: {workloads: [{namespaces: [shop], environment: production}]}\n";
    let policy = ("policies/gate.rego", "package gate\ndeny contains \"no\" if false");
    let local: &[&str] = &["--listen", "127.0.0.1:0", "--operations-listen", "127.0.0.1:0"];
    let whole = format!("{good}{admission}");
    let files = format!("{whole}server: {{tls: {{certificate: none.crt, key: none.key}}}}\n");
    for (configuration, policy, words) in [
        (whole.as_str(), ("policies/gate.rego", "package gate\ndeny contains {"), "gate.rego"),
        (files.as_str(), policy, "none.crt"),
        ("version: 3\n", policy, "version"),
    ] {
        let folder = folder(&[("holdpoint.yaml", configuration), policy]);
        let serve = Holdpoint::new(&["serve"]).args(local).directory(folder.path());
        let run = serve.run_within(Duration::from_secs(20));
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{words}: {run:?}");
        assert!(run.stderr.starts_with("error: ") && run.stderr.contains(words), "{words}: {run:?}");
    }
}
