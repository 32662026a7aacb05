//! How many connections there are, for how long, and how they end.

use std::time::{Duration, Instant};

use holdpoint::server::certificate::Certificates;
use holdpoint::server::listen::Limits;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::client::{Client, LONG, Served, answer, closed, get, limits};
use super::pki::{Authority, Mount};

const SHORT: Duration = Duration::from_millis(600);

fn says_close(answer: &str) -> bool {
    answer.to_ascii_lowercase().contains("\r\nconnection: close\r\n")
}

#[tokio::test]
async fn connections_are_kept_and_know_their_peer() {
    let served = Served::start(None, limits()).await;
    let mut stream = served.connect().await;
    for _ in 0..3 {
        let answer = get(&mut stream, "/peer").await.unwrap();
        assert!(answer.contains(&stream.local_addr().unwrap().to_string()), "{answer}");
        assert!(!says_close(&answer), "{answer}");
    }
    assert_eq!((served.connections.accepted(), served.connections.open()), (1, 1));
}

#[tokio::test]
async fn a_head_has_to_come_in_time_however_it_drips() {
    let served = Served::start(None, Limits { header_timeout: SHORT, ..limits() }).await;
    let started = Instant::now();
    let mut silent = served.connect().await;
    let mut dripping = served.connect().await;
    dripping.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    // After an answer too.
    let mut second = served.connect().await;
    get(&mut second, "/").await.unwrap();
    second.write_all(b"GET / HT").await.unwrap();
    let drip = async {
        while dripping.write_all(b"a: b\r\n").await.is_ok() {
            assert!(started.elapsed() < LONG);
            tokio::time::sleep(SHORT / 10).await;
        }
    };
    tokio::join!(drip, closed(&mut silent), closed(&mut second));
    assert!(started.elapsed() >= SHORT);
    // A request that comes in pieces, but in time, is answered.
    let mut pieces = served.connect().await;
    for piece in ["GET / HT", "TP/1.1\r\nho", "st: a\r\n", "\r\n"] {
        pieces.write_all(piece.as_bytes()).await.unwrap();
        tokio::time::sleep(SHORT / 20).await;
    }
    answer(&mut pieces).await.unwrap();
    assert_eq!(served.connections.refused(), 2, "who sent half a head");
}

#[tokio::test]
async fn an_answer_may_take_longer_than_a_head_and_idle_connections_end() {
    let served = Served::start(None, Limits { header_timeout: SHORT, idle_timeout: 2 * SHORT, ..limits() }).await;
    let mut stream = served.connect().await;
    let (answered, ()) = tokio::join!(get(&mut stream, "/wait"), async {
        tokio::time::sleep(3 * SHORT).await;
        served.go_on.add_permits(1);
    });
    answered.unwrap();
    let idle = Instant::now();
    // Longer than a head may take.
    tokio::time::sleep(SHORT + SHORT / 4).await;
    get(&mut stream, "/").await.unwrap();
    closed(&mut stream).await;
    assert!(idle.elapsed() >= 2 * SHORT);
    assert_eq!(served.connections.refused(), 0);
}

#[tokio::test]
async fn a_handshake_has_to_end_in_time() {
    let mount = Mount::new(&Authority::new().server(1), None);
    let certificates = Certificates::load(mount.files()).unwrap();
    let served = Served::start(Some(certificates), Limits { handshake_timeout: SHORT, ..limits() }).await;
    let mut silent = served.connect().await;
    closed(&mut silent).await;
    let mut plain = served.connect().await;
    assert!(get(&mut plain, "/").await.is_err());
    assert_eq!(served.connections.handshake_failures(), 2);
}

#[tokio::test]
async fn what_is_in_flight_is_answered_and_what_is_idle_is_closed() {
    let authority = Authority::new();
    let mount = Mount::new(&authority.server(1), None);
    let certificates = Certificates::load(mount.files()).unwrap();
    let served = Served::start(Some(certificates), Limits { drain: Duration::from_secs(10), ..limits() }).await;
    let client = Client::trusting(&authority.pem());
    let mut idle = client.connect(served.address).await.unwrap();
    get(&mut idle, "/").await.unwrap();
    let mut fresh = client.connect(served.address).await.unwrap();
    let mut busy = client.connect(served.address).await.unwrap();
    let in_flight = tokio::spawn(async move {
        let answer = get(&mut busy, "/wait").await.unwrap();
        closed(&mut busy).await;
        answer
    });
    served.waiting.acquire().await.unwrap().forget();

    let told = Instant::now();
    served.trigger.drain();
    // Not everybody knows yet that the server goes.
    let mut late = client.connect(served.address).await.unwrap();
    assert!(says_close(&get(&mut late, "/").await.unwrap()));
    closed(&mut late).await;
    closed(&mut idle).await;
    closed(&mut fresh).await;
    assert!(!in_flight.is_finished());
    served.go_on.add_permits(1);
    assert!(says_close(&in_flight.await.unwrap()));
    served.ended().await;
    assert!(told.elapsed() < Duration::from_secs(9), "nothing was left to wait for: {:?}", told.elapsed());
}

#[tokio::test]
async fn no_call_fails_while_the_server_drains() {
    let served = Served::start(None, Limits { drain: Duration::from_secs(5), ..limits() }).await;
    let address = served.address;
    let caller = tokio::spawn(async move {
        // As an HTTP client does: a connection is used until an answer says that it closes.
        let mut kept: Option<TcpStream> = None;
        let mut answers = Vec::new();
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(2) {
            let mut stream = match kept.take() {
                Some(stream) => stream,
                None => TcpStream::connect(address).await.unwrap(),
            };
            let answer = get(&mut stream, "/").await.unwrap();
            kept = (!says_close(&answer)).then_some(stream);
            answers.push(says_close(&answer));
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        answers
    });
    tokio::time::sleep(SHORT).await;
    served.trigger.drain();
    let answers = caller.await.unwrap();
    assert!(answers.contains(&true) && answers.contains(&false), "{} answers", answers.len());
    served.ended().await;
}

#[tokio::test]
async fn draining_ends_at_its_limit_and_at_once_on_request() {
    for (drain, at_once) in [(2 * SHORT, false), (LONG, true)] {
        let served = Served::start(None, Limits { drain, ..limits() }).await;
        let mut stuck = served.connect().await;
        stuck.write_all(b"GET /wait HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        served.waiting.acquire().await.unwrap().forget();
        let told = Instant::now();
        served.trigger.drain();
        if at_once {
            served.trigger.at_once();
            // Telling something milder later changes nothing.
            served.trigger.drain();
        }
        let connections = std::sync::Arc::clone(&served.connections);
        served.ended().await;
        closed(&mut stuck).await;
        assert_eq!(told.elapsed() >= 2 * SHORT, !at_once);
        assert!(told.elapsed() < LONG / 2, "{:?}", told.elapsed());
        assert_eq!(connections.open(), 0);
    }
}

#[tokio::test]
async fn above_the_limit_connections_wait_and_idle_ones_make_room() {
    let served = Served::start(None, Limits { connections: 2, ..limits() }).await;
    let mut idle = served.connect().await;
    get(&mut idle, "/").await.unwrap();
    let mut busy = served.connect().await;
    busy.write_all(b"GET /wait HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    served.waiting.acquire().await.unwrap().forget();

    let started = Instant::now();
    let mut third = served.connect().await;
    let early = tokio::time::timeout(Duration::from_secs(1), get(&mut third, "/")).await;
    assert!(early.is_err(), "it waits: {early:?}");
    assert_eq!(served.connections.open(), 2);
    answer(&mut third).await.unwrap();
    assert!(started.elapsed() > Duration::from_secs(2), "{:?}", started.elapsed());
    closed(&mut idle).await;
    assert_eq!((served.connections.made_room(), served.connections.accepted()), (1, 3));

    // A connection that is answered never makes room, and whoever ends does at once.
    let mut fourth = served.connect().await;
    drop(third);
    get(&mut fourth, "/").await.unwrap();
    served.go_on.add_permits(1);
    answer(&mut busy).await.unwrap();
    assert_eq!((served.connections.made_room(), served.connections.refused()), (1, 0));
}

#[tokio::test]
async fn bodies_pass_whole_and_nonsense_harms_nobody() {
    let served = Served::start(None, limits()).await;
    let mut stream = served.connect().await;
    let body = "b".repeat(1 << 20);
    let request = format!("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let (sent, answered) = {
        let (mut reads, mut writes) = stream.split();
        let sending = async { writes.write_all(request.as_bytes()).await };
        tokio::join!(sending, answer(&mut reads))
    };
    sent.unwrap();
    assert_eq!(answered.unwrap().matches('b').count(), body.len());
    get(&mut stream, "/").await.unwrap();
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(200_000));
    for nonsense in ["\u{16}\u{3}\u{1}\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", &long] {
        let mut stream = served.connect().await;
        stream.write_all(nonsense.as_bytes()).await.ok();
        assert!(answer(&mut stream).await.is_err());
    }
    get(&mut served.connect().await, "/").await.unwrap();
}
