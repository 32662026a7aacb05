//! What a plugin may ask of others, and what it may not: the decision says either.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::asking::{Asking, reaching, waiting};
use super::evaluate::Folder;
use super::guest::Guest;
use crate::support::registry::digest;

/// What a host says to whatever it is asked.
#[derive(Clone)]
enum Says {
    /// These bytes, and then it hangs up.
    Bytes(Vec<u8>),
    /// A beginning, and then more without an end.
    Endless(&'static str),
    /// Nothing, for longer than any plugin waits.
    Nothing,
}

/// A host on this machine, and the requests that reached it.
struct Host {
    address: String,
    seen: Arc<Mutex<Vec<String>>>,
}

fn answer(status: &str, headers: &str, body: &str) -> Says {
    Says::Bytes(format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len()).into())
}

impl Host {
    fn new(says: Says) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&seen);
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let (says, noted) = (says.clone(), Arc::clone(&noted));
                std::thread::spawn(move || serve(connection.unwrap(), &says, &noted));
            }
        });
        Self { address, seen }
    }

    fn port(&self) -> &str {
        self.address.rsplit(':').next().unwrap()
    }

    fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

fn serve(mut connection: TcpStream, says: &Says, noted: &Mutex<Vec<String>>) {
    let mut request = Vec::new();
    let mut part = [0; 4096];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        match connection.read(&mut part) {
            Ok(read) if read > 0 => request.extend_from_slice(&part[..read]),
            _ => return,
        }
    }
    noted.lock().unwrap().push(String::from_utf8_lossy(&request).into_owned());
    let more = [b'x'; 4096];
    match says {
        Says::Bytes(bytes) => connection.write_all(bytes).unwrap_or_default(),
        Says::Endless(beginning) => {
            let mut written = connection.write_all(beginning.as_bytes());
            while written.is_ok() {
                written = connection.write_all(&more);
            }
        }
        Says::Nothing => std::thread::sleep(Duration::from_secs(20)),
    }
}

/// A configuration that grants the plugin these hosts.
fn granting(hosts: &str) -> String {
    format!(
        "plugins:\n  custom: {{path: custom.wasm, grants: {{http: [{hosts}]}}, limits: {{timeout: 3s}}}}\nrules:\n  - \
         {{plugin: custom}}\n"
    )
}

fn decide(component: &[u8], hosts: &str) -> Value {
    Folder::new(component, &granting(hosts)).decision()
}

/// The outcome and message of the one finding of the plugin.
fn finding(decision: &Value) -> (String, String) {
    let findings = decision["findings"].as_array().unwrap();
    let said = |name: &str| findings[0][name].as_str().unwrap_or_default().to_owned();
    (said("outcome"), said("message"))
}

#[test]
fn a_granted_host_is_asked_and_its_answer_is_evidence() {
    let host = Host::new(answer("200 OK", "x-more: 1\r\n", "approved"));
    let asking = Asking { path: "/tickets/7?key=hidden", header: Some(("x-ticket", "7")), ..Asking::of(&host.address) };
    let decision = decide(&asking.component(), &host.address);
    assert_eq!(finding(&decision), ("warned".to_owned(), "200 approved".to_owned()), "{decision:#}");
    assert_eq!(decision["plugins"][0]["replayable"], false);
    let call = &decision["plugin_calls"][0];
    let known = json!({"rule": "custom", "method": "GET", "host": host.address, "status": 200,
        "digest": digest(b"approved"), "duration_ms": call["duration_ms"]});
    assert_eq!(*call, known);
    assert!(call["duration_ms"].is_u64());
    assert!(!decision.to_string().contains("hidden"), "the path may hold secrets: {decision:#}");

    let seen = host.seen();
    let request = seen[0].to_lowercase();
    assert_eq!(seen.len(), 1);
    assert!(request.starts_with("get /tickets/7?key=hidden http/1.1\r\n"), "{request}");
    for header in [
        format!("host: {}\r\n", host.address),
        "x-ticket: 7\r\n".to_owned(),
        format!("user-agent: holdpoint-plugin/{}\r\n", env!("CARGO_PKG_VERSION")),
    ] {
        assert!(request.contains(&header), "{header} {request}");
    }
    for header in ["authorization", "cookie", "referer", "proxy"] {
        assert!(!request.contains(header), "{request}");
    }
}

#[test]
fn whatever_a_host_answers_is_for_the_plugin_to_judge() {
    let elsewhere = Host::new(answer("200 OK", "", "elsewhere"));
    let cases = [
        (answer("500 Internal Server Error", "", "sorry"), "500 sorry", 500),
        (answer("404 Not Found", "", "gone"), "404 gone", 404),
        (answer("302 Found", &format!("location: http://{}/\r\n", elsewhere.address), "moved"), "302 moved", 302),
    ];
    for (says, expected, status) in cases {
        let host = Host::new(says);
        let hosts = format!("'{}', '{}'", host.address, elsewhere.address);
        let decision = decide(&Asking::of(&host.address).component(), &hosts);
        assert_eq!(finding(&decision), ("warned".to_owned(), expected.to_owned()), "{decision:#}");
        assert_eq!(decision["plugin_calls"][0]["status"], status);
    }
    assert!(elsewhere.seen().is_empty(), "no redirect is followed");
}

#[test]
fn what_is_no_answer_is_for_the_plugin_to_judge_and_evidence() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let cut_off = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly this";
    let headers = format!("HTTP/1.1 200 OK\r\n{}", "x-a: ".to_owned() + &"a".repeat(600_000));
    let silent = Host::new(Says::Bytes(Vec::new()));
    let broken = Host::new(Says::Bytes(cut_off.into()));
    let wordy = Host::new(Says::Bytes(headers.into()));
    let cases = [
        (closed.as_str(), "error 06", "refused", None),
        (&silent.address, "error 35", "connection closed", None),
        (&broken.address, "error", "", Some(digest(b"only this"))),
        (&wordy.address, "error 35", "message head is too large", None),
    ];
    for (address, expected, error, body) in cases {
        let decision = decide(&Asking::of(address).component(), address);
        let (outcome, message) = finding(&decision);
        assert!(outcome == "held" && message.contains(expected), "{expected}: {decision:#}");
        let call = &decision["plugin_calls"][0];
        assert!(call["error"].as_str().unwrap().contains(error), "{call:#}");
        assert_eq!(call["digest"].as_str().map(str::to_owned), body, "{call:#}");
    }
}

#[test]
fn what_is_not_granted_is_refused_and_the_rule_fails() {
    let host = Host::new(answer("200 OK", "", "approved"));
    let other = format!("localhost:{}", host.port());
    let cases = [
        (
            Asking::of("tickets.example:8443"),
            "wanted to send a request to `tickets.example:8443`, which is not granted",
        ),
        (Asking::of(&other), "which is not granted"),
        (Asking::of("127.0.0.1"), "wanted to send a request to `127.0.0.1:80`, which is not granted"),
        (Asking::of(format!("me@{}", host.address)), "which is no host"),
        (Asking::of("a_b.example"), "which is no host"),
        (Asking { secure: true, ..Asking::of("granted.example:444") }, "`granted.example:444`, which is not granted"),
        (Asking::of("granted.example"), "over http, and it may only do so over https"),
        (Asking::of("granted.example:443"), "`granted.example:443`, which is not granted"),
        (Asking { method: 5, ..Asking::of(&host.address) }, "a `CONNECT`"),
        (Asking { times: 21, ..Asking::of(&host.address) }, "more than 20 requests in one evaluation"),
        (Asking { body: 1025, method: 2, ..Asking::of(&host.address) }, "more than 1024 KiB in one request"),
    ];
    for (asking, expected) in cases {
        let before = host.seen().len();
        let decision = decide(&asking.component(), &format!("'{}', granted.example", host.address));
        let (outcome, message) = finding(&decision);
        assert!(outcome == "failed" && message.contains(expected), "{expected}: {decision:#}");
        assert!(message.contains("the plugin `custom` "), "{message}");
        assert_eq!(decision["verdict"], "undecided");
        let sent = host.seen().len() - before;
        assert_eq!(sent, if asking.times > 1 { 20 } else { 0 }, "{expected}");
        let calls = decision["plugin_calls"].as_array().unwrap();
        assert_eq!(calls.len(), asking.times.min(20), "{decision:#}");
    }
}

#[test]
fn an_answer_has_a_limit() {
    let cases = [
        (Says::Endless("HTTP/1.1 200 OK\r\n\r\n"), "an answer from `127.0.0.1` that is longer than 1024 KiB"),
        (answer("200 OK", &"x-a: 0123456789abcdef\r\n".repeat(90), ""), ""),
        (
            answer("200 OK", &format!("x-a: {}\r\n", "a".repeat(70 << 10)), ""),
            "an answer from `127.0.0.1` with more than 64 KiB of headers",
        ),
    ];
    for (says, expected) in cases {
        let host = Host::new(says);
        let decision = decide(&Asking::of(&host.address).component(), &host.address);
        let (outcome, message) = finding(&decision);
        if expected.is_empty() {
            assert_eq!(outcome, "warned", "{decision:#}");
            continue;
        }
        assert!(outcome == "failed" && message.contains(expected), "{expected}: {decision:#}");
        let call = &decision["plugin_calls"][0];
        assert_eq!(call["status"], 200);
        assert!(call["error"].as_str().unwrap().contains(expected), "{call:#}");
    }
}

#[test]
fn a_body_is_sent_as_it_is_written() {
    let host = Host::new(answer("200 OK", "", "approved"));
    let asking = Asking { body: 100, method: 2, ..Asking::of(&host.address) };
    let decision = decide(&asking.component(), &host.address);
    assert_eq!(decision["plugin_calls"][0]["method"], "POST");
    let request = host.seen()[0].to_lowercase();
    assert!(request.contains("content-length: 102400\r\n"), "{request}");
}

#[test]
fn who_waits_is_stopped_in_time() {
    let host = Host::new(Says::Nothing);
    let rules = |host: &str| {
        format!(
            "plugins:\n  custom: {{path: custom.wasm, grants: {{http: ['{host}']}}, limits: {{timeout: \
             300ms}}}}\nrules:\n  - {{plugin: custom}}\n"
        )
    };
    for (component, calls) in [(Asking::of(&host.address).component(), 1), (waiting(), 0)] {
        let began = Instant::now();
        let decision = Folder::new(&component, &rules(&host.address)).decision();
        assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
        let (outcome, message) = finding(&decision);
        assert!(outcome == "failed" && message.contains("took longer than 300ms"), "{decision:#}");
        let made = decision["plugin_calls"].as_array().map_or(0, Vec::len);
        assert_eq!(made, calls, "{decision:#}");
        if calls > 0 {
            let error = decision["plugin_calls"][0]["error"].as_str().unwrap();
            assert_eq!(error, "there was no answer yet when the evaluation ended");
        }
    }
}

#[test]
fn headers_that_belong_to_the_connection_are_refused() {
    for name in ["host", "connection", "transfer-encoding", "proxy-authorization", "upgrade"] {
        let host = Host::new(answer("200 OK", "", "approved"));
        let asking = Asking { header: Some((name, "evil.example")), ..Asking::of(&host.address) };
        let decision = decide(&asking.component(), &host.address);
        assert_eq!(finding(&decision).1, "200 approved", "{decision:#}");
        assert!(!host.seen()[0].contains("evil.example"), "{name}: {:?}", host.seen());
    }
}

#[test]
fn only_evaluations_ask() {
    let host = Host::new(answer("200 OK", "", "approved"));
    let asking = Asking { early: true, ..Asking::of(&host.address) };
    let run = Folder::new(&asking.component(), &granting(&host.address)).check(&[]);
    assert_eq!(run.code, 2, "{run:?}");
    let expected = format!("plugin `custom`: asked what it is, it wanted to send a request to `{}`", host.address);
    assert!(run.stderr.contains(&expected), "{}", run.stderr);
    assert!(host.seen().is_empty());
}

#[test]
fn an_explanation_asks_nobody() {
    let host = Host::new(answer("200 OK", "", "approved"));
    let folder = Folder::new(&Asking::of(&host.address).component(), &granting(&host.address));
    let run = folder.check(&["--explain"]);
    assert!(run.stdout.contains("is not evaluated a second time"), "{}", run.stdout);
    assert_eq!(host.seen().len(), 1);
}

#[test]
fn an_import_needs_its_grant() {
    let cases = [
        (
            Asking::of("a.example").component(),
            "plugins:\n  custom: {path: custom.wasm}\n",
            "it wants to send requests over http, which is not granted\nhint: if it should, add `grants: {http: [HOST]}` \
             to `plugins.custom`",
        ),
        (
            reaching(),
            "plugins:\n  custom: {path: custom.wasm, grants: {http: [a.example]}}\n",
            "it imports `wasi:cli/environment@0.2.0`, which no plugin is given",
        ),
    ];
    for (component, plugins, expected) in cases {
        let run = Folder::new(&component, &format!("{plugins}rules:\n  - {{plugin: custom}}\n")).check(&[]);
        assert_eq!(run.code, 2, "{run:?}");
        assert!(run.stderr.contains(expected), "{}", run.stderr);
    }
}

#[test]
fn a_grant_that_is_not_used_changes_no_answer() {
    let decision = decide(&Guest::default().component(), "a.example");
    assert_eq!(finding(&decision).0, "passed", "{decision:#}");
    assert_eq!(decision["plugins"][0]["replayable"], false);
    assert!(decision["plugin_calls"].as_array().is_none_or(Vec::is_empty));
}
