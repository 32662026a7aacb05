//! `holdpoint serve` as a process, with a configuration in a folder of its own.

use std::fs;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::json;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::client::{Client, LONG};
use super::wire::{Told, review, told};
use super::world::{digest, image};
use crate::support::cli::folder;
use crate::support::server::Server;

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
    pub(super) server: Server,
    /// For `--self-signed`.
    client: Option<Client>,
}

/// An answer, whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) closes: bool,
    pub(crate) body: String,
}

impl Program {
    /// Starts it with the strict policy and a record of image 1 in staging, and waits until it is ready.
    pub(super) async fn start(arguments: &[&str]) -> Self {
        let program = Self::listening(arguments).await;
        program.server.becomes("/readyz", "[+] records ok").await;
        program
    }

    async fn listening(arguments: &[&str]) -> Self {
        let folder = folder(&[
            ("holdpoint.yaml", CONFIGURATION),
            ("policies/gate.rego", STRICT),
            ("records.json", &records(&[1])),
        ]);
        let mut server = Server::start(folder.path(), arguments).await;
        let client = (!arguments.is_empty() && arguments[0] == "--self-signed").then(|| {
            let authority = BASE64.decode(server.line().trim()).unwrap();
            Client::trusting(std::str::from_utf8(&authority).unwrap())
        });
        Self { folder, server, client }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Replaces a file, as an editor does.
    pub(super) fn write(&self, name: &str, text: &str) {
        fs::write(self.path("new"), text).unwrap();
        fs::rename(self.path("new"), self.path(name)).unwrap();
    }

    /// What comes of a pod with this image in production, on a connection of its own.
    pub(super) async fn ask(&self, number: usize) -> Told {
        let body = review("uid-1", "shop", &image(number));
        let answer = match &self.client {
            Some(client) => post(&mut client.connect(self.server.reviews()).await.unwrap(), &body).await,
            None => post(&mut TcpStream::connect(self.server.reviews()).await.unwrap(), &body).await,
        };
        told(&answer.body, "uid-1")
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
    try_post(stream, body).await.unwrap()
}

/// Sends a review, and reads the answer; or says why there is none.
pub(crate) async fn try_post<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, body: &str) -> Result<Answer, String> {
    let head = format!(
        "POST /validate?timeout=10s HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    let sent = stream.write_all(format!("{head}{body}").as_bytes()).await;
    sent.map_err(|error| error.to_string())?;
    try_answer(stream).await
}

/// Reads an answer whose length is told.
pub(super) async fn answer<S: AsyncRead + Unpin>(stream: &mut S) -> Answer {
    try_answer(stream).await.unwrap()
}

async fn try_answer<S: AsyncRead + Unpin>(stream: &mut S) -> Result<Answer, String> {
    let mut text = String::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_ascii_lowercase();
            let length: usize = header(&head, "content-length").expect("a length").parse().unwrap();
            if body.len() >= length {
                let status = head.split(' ').nth(1).unwrap().parse().unwrap();
                let closes = header(&head, "connection") == Some("close");
                return Ok(Answer { status, closes, body: body.to_owned() });
            }
        }
        let read = tokio::time::timeout(LONG, stream.read(&mut buffer)).await.expect("an answer");
        let read = read.map_err(|error| error.to_string())?;
        if read == 0 {
            return Err(format!("closed after {text:?}"));
        }
        text.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
    }
}

fn header<'head>(head: &'head str, name: &str) -> Option<&'head str> {
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    lines.filter(|(key, _value)| *key == name).map(|(_key, value)| value.trim()).next()
}
