//! `holdpoint serve` as a process, with a configuration in a folder of its own.

use std::fs;
use std::io::{BufRead as _, BufReader, Read};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::client::{Client, LONG};
use super::wire::{Told, review, told};
use super::world::{digest, image};
use crate::support::cli::folder;

/// What goes to production has run in staging.
pub(super) const STRICT: &str = r#"package gate
deny contains {"message": "it never ran in staging", "code": "not_in_staging"} if {
    not data.holdpoint.records.by_digest[input.request.artifact.digest].staging
}"#;

/// Everything goes everywhere.
pub(super) const LOOSE: &str = r#"package gate
deny contains "never" if input.request.environment == "nowhere""#;

const CONFIGURATION: &str = "version: 1
sources: {saved: {type: snapshot, path: records.json}}
environments: [{name: staging, source: saved}, {name: production, source: saved, after: [staging]}]
policies: [policies]
rules: [{policy: gate, environments: [production]}]
admission:
  workloads: [{namespaces: [shop], environment: production}]
server: {refresh: 1s, drain: 10s}
";

pub(super) struct Program {
    folder: tempfile::TempDir,
    child: Child,
    pub(super) reviews: SocketAddr,
    pub(super) operations: SocketAddr,
    /// What the program wrote to standard error.
    log: Arc<Mutex<String>>,
    /// For `--self-signed`.
    client: Option<Client>,
}

/// An answer, whole.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) closes: bool,
    pub(super) body: String,
}

impl Program {
    /// Starts it with the strict policy and a record of image 1 in staging, and waits until it is ready.
    pub(super) async fn start(arguments: &[&str]) -> Self {
        let program = Self::listening(arguments).await;
        program.becomes("/readyz", "[+] records ok").await;
        program
    }

    async fn listening(arguments: &[&str]) -> Self {
        let folder = folder(&[
            ("holdpoint.yaml", CONFIGURATION),
            ("policies/gate.rego", STRICT),
            ("records.json", &records(&[1])),
        ]);
        let addresses = ["serve", "--listen", "127.0.0.1:0", "--operations-listen", "127.0.0.1:0"];
        let mut child = Command::new(env!("CARGO_BIN_EXE_holdpoint"))
            .args(addresses)
            .args(arguments)
            .current_dir(folder.path())
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = follow(child.stderr.take().unwrap());
        let (reviews, operations) = addresses_in(&log).await;
        let client = (!arguments.is_empty() && arguments[0] == "--self-signed").then(|| {
            let mut line = String::new();
            BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
            let authority = BASE64.decode(line.trim()).unwrap();
            Client::trusting(std::str::from_utf8(&authority).unwrap())
        });
        Self { folder, child, reviews, operations, log, client }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Replaces a file, as an editor does.
    pub(super) fn write(&self, name: &str, text: &str) {
        fs::write(self.path("new"), text).unwrap();
        fs::rename(self.path("new"), self.path(name)).unwrap();
    }

    pub(super) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    pub(super) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// The exit code; none when a signal ended it.
    pub(super) async fn ended(mut self) -> (Option<i32>, String) {
        let deadline = Instant::now() + LONG;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return (status.code(), self.log());
            }
            assert!(Instant::now() < deadline, "it goes on: {}", self.log());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// What comes of a pod with this image in production, on a connection of its own.
    pub(super) async fn ask(&self, number: usize) -> Told {
        let body = review("uid-1", "shop", &image(number));
        let answer = match &self.client {
            Some(client) => post(&mut client.connect(self.reviews).await.unwrap(), &body).await,
            None => post(&mut TcpStream::connect(self.reviews).await.unwrap(), &body).await,
        };
        told(&answer.body, "uid-1")
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        let mut stream = TcpStream::connect(self.operations).await.unwrap();
        let head = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        answer(&mut stream).await
    }

    /// Waits until this is in what a path of the operations listener says.
    pub(super) async fn becomes(&self, path: &str, words: &str) {
        let deadline = Instant::now() + LONG;
        loop {
            let body = self.get(path).await.body;
            if body.contains(words) {
                return;
            }
            assert!(Instant::now() < deadline, "{words} is not in {body}; log: {}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A saved answer of the records API: these images run in staging.
pub(super) fn records(numbers: &[usize]) -> String {
    let time = "2026-11-20T10:00:00Z";
    let record = |number: &usize| {
        let artifact = json!({
            "kind": "CONTAINER_IMAGE", "name": "ghcr.io/acme/storefront",
            "digest": digest(*number).to_string(), "version": "1",
        });
        json!({
            "id": format!("record-{number}"), "environment_id": "1", "environment_name": "staging",
            "deployment_name": "storefront", "artifact_id": "1", "artifact": artifact, "status": "DEPLOYED",
            "created_at": time, "updated_at": time, "last_seen_at": time,
        })
    };
    let records: Vec<_> = numbers.iter().map(record).collect();
    let environments = json!([{"name": "staging"}, {"name": "production"}]);
    json!({"deployment_records": records, "environments": environments, "observed_at": time}).to_string()
}

/// Sends a review, and reads the answer.
pub(super) async fn post<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, body: &str) -> Answer {
    let head = format!(
        "POST /validate?timeout=10s HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    answer(stream).await
}

/// Reads an answer whose length is told.
pub(super) async fn answer<S: AsyncRead + Unpin>(stream: &mut S) -> Answer {
    let mut text = String::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_ascii_lowercase();
            let length: usize = header(&head, "content-length").expect("a length").parse().unwrap();
            if body.len() >= length {
                let status = head.split(' ').nth(1).unwrap().parse().unwrap();
                let closes = header(&head, "connection") == Some("close");
                return Answer { status, closes, body: body.to_owned() };
            }
        }
        let read = tokio::time::timeout(LONG, stream.read(&mut buffer)).await.expect("an answer").unwrap();
        assert!(read > 0, "closed after {text:?}");
        text.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
    }
}

fn header<'head>(head: &'head str, name: &str) -> Option<&'head str> {
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    lines.filter(|(key, _value)| *key == name).map(|(_key, value)| value.trim()).next()
}

/// Keeps what comes out of a pipe, so that the program never waits for somebody who reads it.
fn follow(pipe: impl Read + Send + 'static) -> Arc<Mutex<String>> {
    let log = Arc::new(Mutex::new(String::new()));
    let own = Arc::clone(&log);
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            let mut log = own.lock().unwrap();
            log.push_str(&line);
            log.push('\n');
        }
    });
    log
}

/// The addresses that the program says it listens on.
async fn addresses_in(log: &Mutex<String>) -> (SocketAddr, SocketAddr) {
    let deadline = Instant::now() + LONG;
    loop {
        let text = log.lock().unwrap().clone();
        if let Some(line) = text.lines().find(|line| line.starts_with("answering reviews on ")) {
            let mut found = line.split("://").skip(1).map(|rest| {
                let end = rest.find(['/', ';']).unwrap_or(rest.len());
                rest[..end].parse().unwrap_or_else(|error| panic!("{error}: {line}"))
            });
            return (found.next().unwrap(), found.next().unwrap());
        }
        assert!(Instant::now() < deadline, "it does not listen: {text}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
