//! How many reviews the server answers, and how long each takes, over TLS as an API server asks. The server is the
//! program itself in a process of its own; the load comes from this one, on the same machine. Method and figures:
//! `benches/README.md`.
//!
//! `cargo bench --bench admission [-- RULES]`, where RULES is `none`, `lookup` or `starter`

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::panic,
    clippy::use_debug,
    reason = "a program for developers"
)]

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

mod snapshot;

const RECORDS: usize = 100_000;
/// Of the made-up records, so many artifacts run in staging.
const KNOWN: usize = 2_000;
const CONNECTIONS: usize = 64;
const FLAT_OUT: Duration = Duration::from_secs(8);
const STEADY: Duration = Duration::from_secs(8);
/// Reviews a second.
const STEADY_RATE: u32 = 2_000;
/// What a user sends: about 6 kB.
const PADDING: usize = 4_200;

const LOOK_UP: &str = r#"package lookup
deny contains "it was never in staging" if {
    not data.holdpoint.records.by_digest[input.request.artifact.digest].staging
}
"#;

fn main() {
    let sets: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let sets = if sets.is_empty() { vec!["none".to_owned(), "lookup".to_owned(), "starter".to_owned()] } else { sets };
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("records.json"), snapshot::json(RECORDS)).unwrap();
    std::fs::write(folder.path().join("lookup.rego"), LOOK_UP).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    for set in sets {
        std::fs::write(folder.path().join("holdpoint.yaml"), configuration(&set)).unwrap();
        let server = Server::start(folder.path());
        println!("{set}: {RECORDS} records, {:.0} MiB when idle", server.memory());
        runtime.block_on(measure(&server));
    }
}

async fn measure(server: &Server) {
    // Made once: what the load takes of the machine, the server has not.
    let one = review(&image(7));
    let known: Arc<[Bytes]> = (0..KNOWN).map(|service| review(&image(service))).collect();
    let text = String::from_utf8(review("IMAGE").to_vec()).unwrap();
    let (before, after) =
        text.split_once("IMAGE").map(|(before, after)| (before.to_owned(), after.to_owned())).unwrap();
    let same = move |_number: usize| one.clone();
    let known = move |number: usize| known[number % KNOWN].clone();
    let unknown = move |number: usize| Bytes::from(format!("{before}ghcr.io/acme/new@sha256:{number:064x}{after}"));
    server.load("one object, flat out", CONNECTIONS, FLAT_OUT, None, same.clone()).await;
    server.load("2,000 objects in turns, flat out", CONNECTIONS, FLAT_OUT, None, known.clone()).await;
    server.load("2,000 objects in turns, 2,000 a second", CONNECTIONS, STEADY, Some(STEADY_RATE), known).await;
    server.load("one object on one connection", 1, STEADY, None, same).await;
    server.load("an unknown artifact each time, flat out", CONNECTIONS, FLAT_OUT, None, unknown).await;
    println!("  memory after all: {:.0} MiB", server.memory());
}

fn image(service: usize) -> String {
    format!("ghcr.io/acme/service-{service}@{}", snapshot::digest(service, 0))
}

fn review(image: &str) -> Bytes {
    let kind = json!({"group": "apps", "version": "v1", "kind": "Deployment"});
    let resource = json!({"group": "apps", "version": "v1", "resource": "deployments"});
    let container = json!({"name": "web", "image": image, "ports": [{"containerPort": 8080}],
        "resources": {"limits": {"cpu": "1", "memory": "256Mi"}}});
    let fields: Value =
        (0..PADDING / 60).map(|field| (format!("f:field-{field:04}"), json!({"f:value": {}, "f:other": {}}))).collect();
    let review = json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {
            "uid": "705ab4f5-6393-11e8-b7cc-42010a800002", "kind": kind, "resource": resource, "requestKind": kind,
            "requestResource": resource, "name": "web", "namespace": "shop", "operation": "CREATE",
            "userInfo": {"username": "system:serviceaccount:shop:deployer", "groups": ["system:authenticated"]},
            "dryRun": false, "options": {"apiVersion": "meta.k8s.io/v1", "kind": "CreateOptions"},
            "object": {"apiVersion": "apps/v1", "kind": "Deployment",
                "metadata": {"name": "web", "namespace": "shop", "labels": {"app": "web"}, "managedFields": [{"manager": "kubectl", "fieldsV1": fields}]},
                "spec": {"replicas": 3, "selector": {"matchLabels": {"app": "web"}},
                    "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}}}}
        }
    });
    Bytes::from(review.to_string())
}

fn configuration(set: &str) -> String {
    let policies = concat!(env!("CARGO_MANIFEST_DIR"), "/policies");
    let rules = match set {
        "none" => "when_no_rule_applies: allow".to_owned(),
        "lookup" => format!("policies: [lookup.rego]\nrules:\n{}", "  - {policy: lookup}\n".repeat(10)),
        "starter" => {
            let four = "  - {policy: promotion.deployed_before, parameters: {min_targets: all}}\n  - {policy: promotion.soak_time, parameters: {minimum: 24h}}\n  - {policy: promotion.digest_known}\n  - {policy: promotion.record_freshness, parameters: {maximum: 90d}}\n";
            let rules = four.repeat(3).lines().take(10).collect::<Vec<_>>().join("\n");
            format!("policies: [{policies}]\nrules:\n{rules}")
        }
        other => panic!("`{other}` is none of none, lookup, starter"),
    };
    format!(
        "version: 1
sources: {{saved: {{type: snapshot, path: records.json}}}}
environments:
  - {{name: dev}}
  - {{name: staging, after: [dev], targets: [staging-eu, staging-us]}}
  - {{name: production, after: [staging]}}
server: {{refresh: 10m, stale_after: 1h}}
admission:
  workloads: [{{namespaces: [shop], environment: production}}]
{rules}
"
    )
}

struct Server {
    child: Child,
    address: String,
    tls: TlsConnector,
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Server {
    fn start(folder: &std::path::Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_holdpoint"))
            .args(["serve", "--listen", "127.0.0.1:0", "--operations-listen", "127.0.0.1:0"])
            .args(["--self-signed", "localhost", "--log-level", "error"])
            .current_dir(folder)
            .env_remove("RUST_BACKTRACE")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut bundle = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut bundle).unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        let announced = lines.find(|line| line.starts_with("answering reviews on ")).unwrap();
        std::thread::spawn(move || lines.for_each(drop));
        let addresses: Vec<&str> = announced.split("://").skip(1).collect();
        ready(addresses[1]);
        let address = addresses[0].split('/').next().unwrap().to_owned();
        Self { child, address, tls: connector(&BASE64.decode(bundle.trim()).unwrap()) }
    }

    /// Sends reviews on so many connections, flat out or at a rate, and prints what came of it.
    async fn load(
        &self,
        name: &str,
        connections: usize,
        time: Duration,
        rate: Option<u32>,
        review: impl Fn(usize) -> Bytes + Clone + Send + 'static,
    ) {
        let number = Arc::new(AtomicUsize::new(0));
        let (cpu_before, own_before) = (self.cpu(), cpu_of("self"));
        let started = Instant::now();
        let mut tasks = Vec::new();
        for _ in 0..connections {
            let mut sender = self.connect().await;
            let (number, review) = (Arc::clone(&number), review.clone());
            tasks.push(tokio::spawn(async move {
                let mut times = Vec::new();
                while started.elapsed() < time {
                    let next = number.fetch_add(1, Ordering::Relaxed);
                    // At a rate, the time runs from when the review was due: waiting for a connection counts.
                    let due = rate.map(|rate| started + Duration::from_secs(1) * u32::try_from(next).unwrap() / rate);
                    if let Some(due) = due {
                        tokio::time::sleep_until(due.into()).await;
                    }
                    let body = review(next);
                    let began = due.unwrap_or_else(Instant::now);
                    ask(&mut sender, body).await;
                    times.push(began.elapsed());
                }
                times
            }));
        }
        let mut times = Vec::new();
        for task in tasks {
            times.extend(task.await.unwrap());
        }
        let took = started.elapsed().as_secs_f64();
        times.sort();
        let at = |part: usize| times[(times.len() * part / 1000).min(times.len() - 1)];
        println!(
            "  {name}: {:.0} a second, p50 {:?}, p99 {:?}, p99.9 {:?}; processor: server {:.2}, load {:.2} of {} cores",
            times.len() as f64 / took,
            at(500),
            at(990),
            at(999),
            (self.cpu() - cpu_before) / took,
            (cpu_of("self") - own_before) / took,
            std::thread::available_parallelism().unwrap(),
        );
    }

    async fn connect(&self) -> SendRequest<Full<Bytes>> {
        let stream = TcpStream::connect(&self.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let stream = self.tls.connect(ServerName::try_from("localhost").unwrap(), stream).await.unwrap();
        let (sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        sender
    }

    fn cpu(&self) -> f64 {
        cpu_of(&self.child.id().to_string())
    }

    /// Resident, in MiB.
    fn memory(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
    }
}

async fn ask(sender: &mut SendRequest<Full<Bytes>>, body: Bytes) {
    let request = Request::post("/validate?timeout=10s").header(header::HOST, "localhost");
    let request = request.header(header::CONTENT_TYPE, "application/json").body(Full::new(body)).unwrap();
    sender.ready().await.unwrap();
    let answer = sender.send_request(request).await.unwrap();
    assert_eq!(answer.status(), 200);
    let text = answer.into_body().collect().await.unwrap().to_bytes();
    assert!(text.windows(9).any(|part| part == b"\"allowed\""), "{text:?}");
}

/// Processor time so far, in seconds. The kernel counts hundredths.
fn cpu_of(process: &str) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split_whitespace().collect();
    (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
}

fn ready(operations: &str) {
    use std::io::{Read as _, Write as _};
    let ready = || {
        let mut stream = std::net::TcpStream::connect(operations).unwrap();
        stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text.starts_with("HTTP/1.1 200")
    };
    while !ready() {
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn connector(bundle: &[u8]) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(bundle).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}
