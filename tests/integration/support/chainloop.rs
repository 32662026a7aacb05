//! A scripted fake of the records API, on loopback, with a switch for each thing that real servers do.
//!
//! `FakeChainloop::new().records(…).zero_based().start().await` for async tests, `.start_blocking()` for others; both
//! give a [`Running`] whose [`Running::url`] goes to the client. It ends when it is dropped.
//!
//! Plain http is spoken by hand, since no framework lets a test cut an answer in the middle or never end it.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::struct_excessive_bools,
    reason = "a test may panic; each switch of the script stands alone"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// An answer as it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    how: How,
}

#[derive(Clone, Copy, Debug)]
enum How {
    Whole,
    /// All headers, then only so many bytes, then the connection ends.
    CutAfter(usize),
    /// The body over and over, without end.
    Endless,
    /// One byte at a time, with this pause.
    Drip(Duration),
    /// Nothing, and the connection stays open.
    Never,
    /// Nothing, and the connection is reset.
    Reset,
}

impl Reply {
    pub(crate) fn new(status: u16, kind: &str, body: impl Into<String>) -> Self {
        let headers = vec![("content-type".to_owned(), kind.to_owned())];
        Self { status, headers, body: body.into(), how: How::Whole }
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::new(status, "application/json", body.to_string())
    }

    /// The error body that Chainloop's framework writes.
    pub(crate) fn kratos(status: u16, reason: &str, message: &str) -> Self {
        Self::json(status, &json!({"code": status, "reason": reason, "message": message, "metadata": {}}))
    }

    /// The error body that the API documents.
    pub(crate) fn rpc_status(status: u16, code: u16, message: &str) -> Self {
        Self::json(status, &json!({"code": code, "message": message, "details": []}))
    }

    /// The error page of a proxy.
    pub(crate) fn html(status: u16, title: &str) -> Self {
        Self::new(status, "text/html", format!("<html><head><title>{title}</title></head><body>…</body></html>"))
    }

    pub(crate) fn redirect(status: u16, location: &str) -> Self {
        Self::new(status, "text/plain", "").header("location", location)
    }

    #[must_use]
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    #[must_use]
    pub(crate) fn cut_after(mut self, bytes: usize) -> Self {
        self.how = How::CutAfter(bytes);
        self
    }

    #[must_use]
    pub(crate) fn endless(mut self) -> Self {
        self.how = How::Endless;
        self
    }

    /// An answer that never comes.
    pub(crate) fn never() -> Self {
        Self { how: How::Never, ..Self::new(200, "text/plain", "") }
    }

    /// A connection that is reset instead of an answer.
    pub(crate) fn reset() -> Self {
        Self { how: How::Reset, ..Self::new(200, "text/plain", "") }
    }

    #[must_use]
    pub(crate) fn drip(mut self, pause: Duration) -> Self {
        self.how = How::Drip(pause);
        self
    }
}

/// A request that came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) path: String,
    /// In the order of the URL.
    pub(crate) query: Vec<(String, String)>,
    /// By lower-case name.
    pub(crate) headers: BTreeMap<String, String>,
}

impl Seen {
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn line(&self) -> String {
        let query: Vec<String> = self.query.iter().map(|(key, value)| format!("{key}={value}")).collect();
        format!("{}?{}", self.path, query.join("&"))
    }
}

/// A record in the API's documented form. The hour of its times is `hour`, on 2026-01-01.
pub(crate) fn record(id: &str, environment: &str, deployment: &str, digest: &str, hour: u32) -> Value {
    let time = format!("2026-01-01T{hour:02}:00:00Z");
    json!({
        "id": id, "environment_id": format!("id-of-{environment}"), "environment_name": environment,
        "deployment_name": deployment, "artifact_id": format!("artifact-of-{digest}"),
        "artifact": {"kind": "CONTAINER_IMAGE", "name": "ghcr.io/acme/storefront", "digest": digest, "version": "1.0.0"},
        "status": "DEPLOYED", "created_at": time, "updated_at": time, "last_seen_at": time,
    })
}

/// What the API lists unless it is asked for the full history.
fn keep_latest_of_each_slot(records: &mut Vec<(&Value, &String)>) {
    let created = |record: &Value| record["created_at"].as_str().unwrap_or_default().to_owned();
    let slot = |record: &Value| (record["environment_id"].to_string(), record["deployment_name"].to_string());
    let mut latest: BTreeMap<(String, String), String> = BTreeMap::new();
    for (record, _) in records.iter() {
        let newest = latest.entry(slot(record)).or_default();
        *newest = created(record).max(newest.clone());
    }
    records.retain(|(record, _)| latest.get(&slot(record)) == Some(&created(record)));
}

/// `count` records of one environment, each of another deployment.
pub(crate) fn records(environment: &str, count: usize) -> Vec<Value> {
    let digest = format!("sha256:{}", "ab".repeat(32));
    (0..count)
        .map(|number| record(&format!("{environment}-{number}"), environment, &format!("service-{number}"), &digest, 1))
        .collect()
}

/// The script of a fake API, before it runs.
#[derive(Clone, Debug)]
pub(crate) struct FakeChainloop {
    records: Vec<Value>,
    environments: Vec<Value>,
    canned: Vec<(&'static str, usize, Reply)>,
    first_page: u64,
    camel_case: bool,
    counts_as_text: bool,
    clamp: Option<u64>,
    silent_clamp: Option<u64>,
    refuse_over: Option<u64>,
    refuse_out_of_range: bool,
    repeat_pages: bool,
    item_offsets: bool,
    total_moves: usize,
    claims: Option<u64>,
    no_pagination: bool,
    latency: Duration,
}

impl Default for FakeChainloop {
    fn default() -> Self {
        Self::new()
    }
}

impl FakeChainloop {
    /// A server with no records that counts pages from 1, as Chainloop's own code does.
    pub(crate) fn new() -> Self {
        Self {
            records: Vec::new(),
            environments: Vec::new(),
            canned: Vec::new(),
            first_page: 1,
            camel_case: false,
            counts_as_text: false,
            clamp: None,
            silent_clamp: None,
            refuse_over: None,
            refuse_out_of_range: false,
            repeat_pages: false,
            item_offsets: false,
            total_moves: 0,
            claims: None,
            no_pagination: false,
            latency: Duration::ZERO,
        }
    }

    /// Adds records, written as the API documents them, and the environments that they name.
    #[must_use]
    pub(crate) fn records(mut self, records: impl IntoIterator<Item = Value>) -> Self {
        self.records.extend(records);
        let mut names: Vec<String> =
            self.records.iter().filter_map(|record| record["environment_name"].as_str()).map(str::to_owned).collect();
        names.sort();
        names.dedup();
        names.into_iter().fold(self, |fake, name| fake.environment(&name))
    }

    /// Adds an environment, which may have no records.
    #[must_use]
    pub(crate) fn environment(mut self, name: &str) -> Self {
        if !self.environments.iter().any(|known| known["name"] == name) {
            self.environments.push(json!({"id": format!("id-of-{name}"), "name": name, "logical_environment": null}));
        }
        self
    }

    /// Adds an environment of a logical environment.
    #[must_use]
    pub(crate) fn member(mut self, name: &str, logical: &str) -> Self {
        self.environments.retain(|known| known["name"] != name);
        let logical = json!({"id": format!("id-of-{logical}"), "name": logical});
        self.environments.push(json!({"id": format!("id-of-{name}"), "name": name, "logical_environment": logical}));
        self
    }

    /// Counts pages from 0.
    #[must_use]
    pub(crate) fn zero_based(mut self) -> Self {
        self.first_page = 0;
        self
    }

    /// Writes every key in lowerCamelCase.
    #[must_use]
    pub(crate) fn camel_case(mut self) -> Self {
        self.camel_case = true;
        self
    }

    /// Writes the counts of `pagination` as text.
    #[must_use]
    pub(crate) fn counts_as_text(mut self) -> Self {
        self.counts_as_text = true;
        self
    }

    /// Gives at most this many records a page, and says so.
    #[must_use]
    pub(crate) fn clamp_page_size(mut self, most: u64) -> Self {
        self.clamp = Some(most);
        self
    }

    /// Gives at most this many records a page, and claims to give as many as asked.
    #[must_use]
    pub(crate) fn clamp_page_size_silently(mut self, most: u64) -> Self {
        self.silent_clamp = Some(most);
        self
    }

    /// Answers 400 to a larger page size, and uses this one when none is named.
    #[must_use]
    pub(crate) fn refuse_page_size_over(mut self, most: u64) -> Self {
        self.refuse_over = Some(most);
        self
    }

    /// Answers 400 to a page after the last.
    #[must_use]
    pub(crate) fn refuse_pages_out_of_range(mut self) -> Self {
        self.refuse_out_of_range = true;
        self
    }

    /// Takes the page for the offset of its first item, as the API's documentation has it.
    #[must_use]
    pub(crate) fn item_offsets(mut self) -> Self {
        self.item_offsets = true;
        self.zero_based()
    }

    /// Gives the first page whatever page is asked for.
    #[must_use]
    pub(crate) fn repeat_pages(mut self) -> Self {
        self.repeat_pages = true;
        self
    }

    /// Counts one more record on so many pages that are not the first.
    #[must_use]
    pub(crate) fn total_moves(mut self, times: usize) -> Self {
        self.total_moves = times;
        self
    }

    /// Claims this `total_count`.
    #[must_use]
    pub(crate) fn claims(mut self, total: u64) -> Self {
        self.claims = Some(total);
        self
    }

    /// Leaves `pagination` out.
    #[must_use]
    pub(crate) fn no_pagination(mut self) -> Self {
        self.no_pagination = true;
        self
    }

    /// Waits before each answer.
    #[must_use]
    pub(crate) fn latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// Answers the first `times` requests for records so, and the rest as usual.
    #[must_use]
    pub(crate) fn fails(mut self, times: usize, reply: Reply) -> Self {
        self.canned.push(("/v1/deployments", times, reply));
        self
    }

    /// Answers every request for records so.
    #[must_use]
    pub(crate) fn always(self, reply: Reply) -> Self {
        self.fails(usize::MAX, reply)
    }

    /// Answers every request for environments so.
    #[must_use]
    pub(crate) fn environments_always(mut self, reply: Reply) -> Self {
        self.canned.push(("/v1/environments", usize::MAX, reply));
        self
    }

    fn serving(self) -> Arc<Serving> {
        let render = |value: &Value| {
            let value = if self.camel_case { camel(value) } else { value.clone() };
            value.to_string()
        };
        let canned = self.canned.iter().map(|(path, times, reply)| (*path, AtomicUsize::new(*times), reply.clone()));
        Arc::new(Serving {
            rendered: self.records.iter().map(render).collect(),
            rendered_environments: self.environments.iter().map(render).collect(),
            canned: canned.collect(),
            moves_left: AtomicUsize::new(self.total_moves),
            seen: Mutex::default(),
            now: Mutex::default(),
            script: self,
        })
    }

    /// Runs on the runtime of the caller.
    pub(crate) async fn start(self) -> Running {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let serving = self.serving();
        let task = tokio::spawn(accept(listener, serving.clone()));
        Running { url, serving, ca_pem: String::new(), stop: Stop::Task(task) }
    }

    /// Runs on a thread with a runtime of its own, for tests that have none.
    pub(crate) fn start_blocking(self) -> Running {
        let (started, running) = std::sync::mpsc::channel();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let running = self.start().await;
                started.send((running.url.clone(), running.serving.clone())).unwrap();
                stopped.await.ok();
            });
        });
        let (url, serving) = running.recv().unwrap();
        Running { url, serving, ca_pem: String::new(), stop: Stop::Thread(Some(stop), Some(thread)) }
    }

    /// Runs with TLS, with a certificate of an own authority for this name.
    pub(crate) async fn start_tls(self, name: &str) -> Running {
        let mut authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
        authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let authority = rcgen::CertifiedIssuer::self_signed(authority, rcgen::KeyPair::generate().unwrap()).unwrap();
        let key = rcgen::KeyPair::generate().unwrap();
        let leaf = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
        let config = axum_server::tls_rustls::RustlsConfig::from_pem(leaf.pem().into(), key.serialize_pem().into());
        let config = config.await.unwrap();

        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("https://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let serving = self.serving();
        let answering = serving.clone();
        let router = axum::Router::new().fallback(move |request: axum::extract::Request| {
            let serving = answering.clone();
            async move {
                let headers = request.headers().iter();
                let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
                let target = request.uri().path_and_query().unwrap().to_string();
                let reply = serving.answer(&target, headers.collect()).await;
                let mut response = http::Response::builder().status(reply.status);
                for (name, value) in &reply.headers {
                    response = response.header(name, value);
                }
                response.body(axum::body::Body::from(reply.body)).unwrap()
            }
        });
        let server = axum_server::from_tcp_rustls(listener, config).unwrap();
        let task = tokio::spawn(async move { server.serve(router.into_make_service()).await.unwrap() });
        Running { url, serving, ca_pem: authority.pem(), stop: Stop::Task(task) }
    }
}

/// A fake API that runs until it is dropped.
pub(crate) struct Running {
    url: String,
    serving: Arc<Serving>,
    ca_pem: String,
    stop: Stop,
}

enum Stop {
    Task(tokio::task::JoinHandle<()>),
    Thread(Option<tokio::sync::oneshot::Sender<()>>, Option<std::thread::JoinHandle<()>>),
}

impl Running {
    /// The base URL, without a slash at its end.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The authority of the certificate, when TLS is spoken.
    pub(crate) fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// From now on every request for records gets this, or what it got before.
    pub(crate) fn answer_records_with(&self, reply: Option<Reply>) {
        self.serving.now.lock().unwrap().records = reply;
    }

    /// From now on every answer takes so long.
    pub(crate) fn answer_after(&self, latency: Duration) {
        self.serving.now.lock().unwrap().latency = latency;
    }

    /// From now on there is no record of this id.
    pub(crate) fn hide(&self, id: &str) {
        self.serving.now.lock().unwrap().hidden.push(id.to_owned());
    }

    /// The requests so far.
    pub(crate) fn requests(&self) -> Vec<Seen> {
        self.serving.seen.lock().unwrap().clone()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        match &mut self.stop {
            Stop::Task(task) => task.abort(),
            Stop::Thread(stop, thread) => {
                drop(stop.take());
                if let Some(thread) = thread.take() {
                    thread.join().ok();
                }
            }
        }
    }
}

/// The parameters that leave records out.
const FILTERS: [&str; 4] = ["environment_name", "deployment_name", "status", "artifact_kind"];

struct Serving {
    script: FakeChainloop,
    rendered: Vec<String>,
    rendered_environments: Vec<String>,
    canned: Vec<(&'static str, AtomicUsize, Reply)>,
    moves_left: AtomicUsize,
    seen: Mutex<Vec<Seen>>,
    now: Mutex<Now>,
}

/// What changes while the server runs.
#[derive(Default)]
struct Now {
    /// Instead of what every request for records would get, and how long it takes.
    records: Option<Reply>,
    latency: Duration,
    /// Ids of records that are not there any more.
    hidden: Vec<String>,
}

impl Serving {
    async fn answer(&self, target: &str, headers: BTreeMap<String, String>) -> Reply {
        let url = url::Url::parse("http://fake").unwrap().join(target).unwrap();
        let query = url.query_pairs().map(|(key, value)| (key.into_owned(), value.into_owned())).collect();
        let seen = Seen { path: url.path().to_owned(), query, headers };
        self.seen.lock().unwrap().push(seen.clone());
        let (reply, latency, hidden) = {
            let now = self.now.lock().unwrap();
            (now.records.clone(), now.latency.max(self.script.latency), now.hidden.clone())
        };
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        if let Some(reply) = reply.filter(|_| seen.path == "/v1/deployments") {
            return reply;
        }
        for (path, left, reply) in &self.canned {
            if seen.path == *path && spend(left) {
                return reply.clone();
            }
        }
        match seen.path.as_str() {
            "/v1/deployments" if seen.query.iter().all(|(key, _)| !FILTERS.contains(&key.as_str())) => {
                let texts: Vec<&str> = self.rendered.iter().map(String::as_str).collect();
                self.page("deployment_records", &texts, &seen)
            }
            "/v1/deployments" => {
                let keys = ["environment_name", "deployment_name", "status"];
                let wanted = |record: &Value| {
                    let is = |key: &str| seen.parameter(key).is_none_or(|value| record[key] == value);
                    let kind = seen.parameter("artifact_kind");
                    let hidden = hidden.iter().any(|id| record["id"] == **id);
                    !hidden && keys.into_iter().all(is) && kind.is_none_or(|kind| record["artifact"]["kind"] == kind)
                };
                let records = self.script.records.iter().zip(&self.rendered);
                let mut records: Vec<_> = records.filter(|(record, _)| wanted(record)).collect();
                if seen.parameter("full_history") != Some("true") {
                    keep_latest_of_each_slot(&mut records);
                }
                let texts: Vec<&str> = records.into_iter().map(|(_, text)| text.as_str()).collect();
                self.page("deployment_records", &texts, &seen)
            }
            "/v1/environments" => {
                let texts: Vec<&str> = self.rendered_environments.iter().map(String::as_str).collect();
                self.page("environments", &texts, &seen)
            }
            _ => Reply::new(404, "text/plain", "404 page not found"),
        }
    }

    fn page(&self, list: &str, items: &[&str], seen: &Seen) -> Reply {
        let script = &self.script;
        let number = |name: &str| seen.parameter(name).map(|value| value.parse::<u64>().unwrap());
        let (page, size) = (number("pagination.page"), number("pagination.page_size"));
        if page.is_some() != size.is_some() || page.is_some_and(|page| page < script.first_page) {
            return Reply::kratos(400, "VALIDATOR", "pagination.page: value must be greater than or equal to 1");
        }
        let count = u64::try_from(items.len()).unwrap();
        let most = script.refuse_over.unwrap_or(u64::MAX);
        if size.is_some_and(|size| size > most) {
            return Reply::kratos(400, "VALIDATOR", "pagination.page_size: value must be less");
        }
        let asked = size.unwrap_or(most.min(100));
        let said = asked.min(script.clamp.unwrap_or(u64::MAX));
        let size = said.min(script.silent_clamp.unwrap_or(u64::MAX));
        let page = page.unwrap_or(script.first_page);
        let start = match (script.repeat_pages, script.item_offsets) {
            (true, _) => 0,
            (false, true) => page,
            (false, false) => (page - script.first_page) * size,
        };
        if script.refuse_out_of_range && start >= count && start > 0 {
            return Reply::kratos(400, "VALIDATOR", "pagination.page: out of range");
        }
        let moved = page > 1 && spend(&self.moves_left);
        let total = script.claims.unwrap_or(count) + u64::from(moved);
        let (start, size) = (usize::try_from(start).unwrap(), usize::try_from(size).unwrap());
        let items: Vec<&str> = items.iter().skip(start).take(size).copied().collect();
        let text = |number: u64| if script.counts_as_text { json!(number.to_string()) } else { json!(number) };
        let pagination = json!({
            "total_count": text(total), "page": text(page), "total_pages": text(total.div_ceil(said)), "page_size": text(said),
        });
        let (list, pagination) =
            if script.camel_case { (camel_key(list), camel(&pagination)) } else { (list.to_owned(), pagination) };
        let pagination = if script.no_pagination { String::new() } else { format!(",\"pagination\":{pagination}") };
        Reply::new(200, "application/json", format!("{{\"{list}\":[{}]{pagination}}}", items.join(",")))
    }
}

/// Takes one from the counter, when it has any.
fn spend(left: &AtomicUsize) -> bool {
    left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
}

fn camel_key(key: &str) -> String {
    let mut words = key.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |all, word| {
        let (initial, rest) = word.split_at(1);
        all + &initial.to_uppercase() + rest
    })
}

fn camel(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            Value::Object(object.iter().map(|(key, value)| (camel_key(key), camel(value))).collect())
        }
        Value::Array(array) => Value::Array(array.iter().map(camel).collect()),
        other => other.clone(),
    }
}

async fn accept(listener: TcpListener, serving: Arc<Serving>) {
    // Dropping the set ends the connections too.
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let serving = serving.clone();
        connections.spawn(async move { connection(stream, &serving).await });
        while connections.try_join_next().is_some() {}
    }
}

/// Answers GET requests until the client or a fault ends the connection.
async fn connection(mut stream: TcpStream, serving: &Serving) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::new();
    loop {
        let end = loop {
            if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
            if !buffer.starts_with(b"GET ") {
                // Such as a client that speaks TLS.
                return stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
            }
        };
        let head: Vec<u8> = buffer.drain(..end).collect();
        let head = String::from_utf8(head).unwrap();
        let mut lines = head.lines();
        let target = lines.next().unwrap_or_default().split(' ').nth(1).unwrap_or("/").to_owned();
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
        let reply = serving.answer(&target, headers).await;
        if !send(&mut stream, &reply).await? {
            return Ok(());
        }
    }
}

/// Sends the answer; says whether the connection may go on.
async fn send(stream: &mut TcpStream, reply: &Reply) -> std::io::Result<bool> {
    let mut head = format!("HTTP/1.1 {} Scripted\r\n", reply.status);
    for (name, value) in &reply.headers {
        write!(head, "{name}: {value}\r\n").unwrap();
    }
    let body = reply.body.as_bytes();
    match reply.how {
        How::Endless => head.push_str("connection: close\r\n\r\n"),
        _ => write!(head, "content-length: {}\r\n\r\n", body.len()).unwrap(),
    }
    match reply.how {
        How::Never => std::future::pending::<()>().await,
        How::Reset => stream.set_zero_linger()?,
        How::Whole => {
            stream.write_all(&[head.as_bytes(), body].concat()).await?;
            return Ok(true);
        }
        How::CutAfter(bytes) => {
            stream.write_all(&[head.as_bytes(), &body[..bytes]].concat()).await?;
            stream.shutdown().await?;
        }
        How::Endless => {
            stream.write_all(head.as_bytes()).await?;
            let block = body.repeat(65_536 / body.len().max(1) + 1);
            loop {
                stream.write_all(&block).await?;
            }
        }
        How::Drip(pause) => {
            stream.write_all(head.as_bytes()).await?;
            for byte in body {
                stream.write_all(&[*byte]).await?;
                tokio::time::sleep(pause).await;
            }
        }
    }
    Ok(false)
}
