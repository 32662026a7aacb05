//! Names that stand for addresses they should not, with a resolver that says so.

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::net::{IpAddr, TcpListener};
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt as _, Empty};

use super::courier::Courier;
use super::resolve::{Found, Lookup};
use super::{Carrier, Error, Ledger, Requests, WasiHttpHooks as _};
use crate::domain::grant::HostGrant;
use crate::domain::plugin::PluginCall;

/// Gives these answers, one after the other.
struct Answers(Mutex<VecDeque<Vec<IpAddr>>>);

impl Lookup for Answers {
    fn lookup(&self, name: &str) -> Found {
        assert_eq!(name, "a.example");
        let next = self.0.lock().unwrap().pop_front().unwrap_or_default();
        Box::pin(async { Ok(next) })
    }
}

/// One that may ask `a.example` at its default port and at this one.
fn courier(port: u16, networks: &[&str], answers: &[&[&str]]) -> Arc<Courier> {
    let parsed = |addresses: &&[&str]| addresses.iter().map(|address| address.parse().unwrap()).collect();
    let lookup: Arc<dyn Lookup> = Arc::new(Answers(Mutex::new(answers.iter().map(parsed).collect())));
    let networks = networks.iter().map(|network| network.parse().unwrap()).collect();
    let grant = HostGrant { host: "a.example".to_owned(), port: None, networks };
    let ported = HostGrant { port: Some(port), ..grant.clone() };
    Arc::new(Courier::new("custom", &[grant, ported], &lookup).unwrap())
}

/// What the plugin is told, why it may decide nothing any more, and the evidence.
async fn ask(courier: &Arc<Courier>, uri: &str) -> (Option<Error>, Option<String>, PluginCall) {
    let ledger = Arc::new(Ledger::default());
    let carrier = Some(Carrier::Courier(Arc::clone(courier)));
    let mut requests = Requests { carrier, ledger: Arc::clone(&ledger), secrets: Arc::default() };
    let nothing = Empty::new().map_err(|never| match never {}).boxed_unsync();
    let request = http::Request::get(uri).body(nothing).unwrap();
    let told = Pin::from(requests.send_request(request, None, Box::new(async { Ok(()) }))).await.err();
    let refusal = ledger.refusal().map(|failure| format!("{}\nhint: {}", failure.message, failure.hint));
    (told, refusal, ledger.calls("rule", str::to_owned).remove(0))
}

#[tokio::test]
async fn a_name_that_stands_for_an_address_within_is_refused_and_nothing_is_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let cases: [(&[&str], &str); 6] = [
        (&["169.254.169.254"], "`a.example` stands for 169.254.169.254, which is a link-local address"),
        (&["127.0.0.1"], "127.0.0.1, which is a loopback address"),
        (&["::ffff:127.0.0.1"], "which is a loopback address"),
        (&["8.8.8.8", "10.0.0.1"], "10.0.0.1, which is a private address"),
        (&["fe80::1"], "fe80::1, which is a link-local address"),
        (&["64:ff9b::a9fe:a9fe"], "which is a link-local address"),
    ];
    for (addresses, expected) in cases {
        let (told, refusal, call) = ask(&courier(port, &[], &[addresses]), &format!("https://a.example:{port}/")).await;
        assert!(matches!(told, Some(Error::DestinationIpProhibited)), "{told:?}");
        let refusal = refusal.unwrap();
        assert!(refusal.contains(expected) && refusal.contains("networks: ["), "{refusal}");
        assert_eq!((call.host, call.status), (format!("a.example:{port}"), None));
        assert!(call.error.unwrap().contains(expected));
    }
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "something was sent");
}

#[tokio::test]
async fn the_address_that_was_checked_is_the_one_that_is_connected_to() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let courier = courier(port, &["127.0.0.0/8"], &[&["127.0.0.1"], &["169.254.169.254"]]);
    let hang_up = std::thread::spawn(move || drop(listener.accept().unwrap()));
    let uri = format!("https://a.example:{port}/");
    let (told, refusal, call) = ask(&courier, &uri).await;
    hang_up.join().unwrap();
    assert!(told.is_some() && refusal.is_none(), "{told:?} {refusal:?} {call:?}");
    let (told, refusal, _call) = ask(&courier, &uri).await;
    assert!(matches!(told, Some(Error::DestinationIpProhibited)), "the second answer is checked too: {told:?}");
    assert!(refusal.unwrap().contains("169.254.169.254"));
}

#[tokio::test]
async fn a_name_that_stands_for_nothing_is_an_error_for_the_plugin() {
    let (told, refusal, call) = ask(&courier(8443, &[], &[]), "https://a.example/").await;
    assert!(told.is_some() && refusal.is_none(), "{told:?} {refusal:?}");
    assert!(call.error.is_some_and(|error| !error.is_empty()));
}

#[tokio::test]
async fn ports_and_schemes_are_as_granted() {
    let cases = [
        ("http://a.example/", "over http"),
        ("https://b.example:444/", "`b.example:444`, which is not granted\nhint: if it should, add `b.example:444` to"),
        ("http://a.example:8443/", "over http"),
        ("https://a.example:444/", "`a.example:444`, which is not granted"),
        ("https://b.example/", "`b.example:443`, which is not granted\nhint: if it should, add `b.example` to"),
        ("https://A.EXAMPLE.:8443/", "stands for 10.0.0.1"),
    ];
    for (uri, expected) in cases {
        let (told, refusal, _call) = ask(&courier(8443, &[], &[&["10.0.0.1"]]), uri).await;
        let refusal = refusal.unwrap();
        assert!(told.is_some() && refusal.contains(expected), "{uri}: {refusal}");
    }
}
