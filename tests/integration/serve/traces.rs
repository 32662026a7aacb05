//! Traces, as a collector gets them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use rustix::process::Signal;

use super::client::LONG;
use super::process::Program;
use super::wire::review;
use super::world::{digest, image};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// A collector that keeps what it gets, or refuses it.
struct Collector {
    address: SocketAddr,
    inbox: Arc<Inbox>,
}

struct Inbox {
    status: StatusCode,
    requests: Mutex<Vec<ExportTraceServiceRequest>>,
}

impl Collector {
    async fn answering(status: StatusCode) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let inbox = Arc::new(Inbox { status, requests: Mutex::default() });
        let take = |State(inbox): State<Arc<Inbox>>, body: Bytes| async move {
            inbox.requests.lock().unwrap().push(ExportTraceServiceRequest::decode(body).unwrap());
            inbox.status
        };
        let router = axum::Router::new().route("/v1/traces", axum::routing::post(take)).with_state(Arc::clone(&inbox));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, inbox }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn spans(&self) -> Vec<Span> {
        let requests = self.inbox.requests.lock().unwrap();
        let resources = requests.iter().flat_map(|request| &request.resource_spans);
        resources.flat_map(|resource| &resource.scope_spans).flat_map(|scope| &scope.spans).cloned().collect()
    }

    fn resource(&self) -> BTreeMap<String, String> {
        let requests = self.inbox.requests.lock().unwrap();
        let resource = requests[0].resource_spans[0].resource.clone().unwrap();
        resource.attributes.into_iter().map(|pair| (pair.key, text(pair.value.and_then(|value| value.value)))).collect()
    }
}

fn text(value: Option<Value>) -> String {
    match value {
        Some(Value::StringValue(text)) => text,
        Some(Value::BoolValue(value)) => value.to_string(),
        Some(Value::IntValue(value)) => value.to_string(),
        other => format!("{other:?}"),
    }
}

fn attributes(span: &Span) -> BTreeMap<String, String> {
    let pairs = span.attributes.iter();
    pairs.map(|pair| (pair.key.clone(), text(pair.value.clone().and_then(|value| value.value)))).collect()
}

/// A number of so many bytes, as headers have it.
fn hex(bytes: &[u8]) -> String {
    let number = bytes.iter().fold(0_u128, |number, byte| (number << 8) | u128::from(*byte));
    format!("{number:0width$x}", width = bytes.len() * 2)
}

/// Sends a review of a pod with this image, as part of a trace.
async fn ask(program: &Program, number: usize) -> u16 {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client
        .post(format!("http://{}/validate?timeout=10s", program.server.reviews()))
        .header("content-type", "application/json")
        .header("traceparent", format!("00-{TRACE}-{PARENT}-01"))
        .body(review("uid-1", "shop", &image(number)));
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn a_review_is_part_of_the_trace_of_who_asked() {
    let collector = Collector::answering(StatusCode::OK).await;
    let program = Program::start(&["--traces", &collector.url()]).await;
    assert_eq!(ask(&program, 1).await, 200);
    // What is left is sent at the end.
    program.server.signal(Signal::TERM);
    assert_eq!(program.server.ended().await.0, Some(0));
    let spans = collector.spans();
    let of = |name: &str| spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("{name}: {spans:?}"));
    let (whole, parse, judge, evaluate) = (of("review"), of("parse"), of("judge"), of("evaluate"));
    assert_eq!((hex(&whole.trace_id), hex(&whole.parent_span_id)), (TRACE.to_owned(), PARENT.to_owned()));
    for (span, parent) in [(parse, whole), (judge, whole), (evaluate, judge)] {
        assert_eq!((&span.trace_id, &span.parent_span_id), (&whole.trace_id, &parent.span_id), "{}", span.name);
        assert!(span.start_time_unix_nano >= parent.start_time_unix_nano, "{}", span.name);
        assert!(span.end_time_unix_nano <= parent.end_time_unix_nano, "{}", span.name);
    }
    let whole = attributes(whole);
    for (name, value) in [
        ("review.uid", "uid-1"),
        ("review.operation", "CREATE"),
        ("environment", "production"),
        ("verdict", "allow"),
        ("allowed", "true"),
    ] {
        assert_eq!(whole.get(name).map(String::as_str), Some(value), "{name}: {whole:?}");
    }
    let evaluate = attributes(evaluate);
    assert_eq!((evaluate["artifact.digest"].clone(), evaluate["verdict"].as_str()), (digest(1).to_string(), "allow"));
    let read = attributes(of("read records"));
    assert_eq!((read["environment"].as_str(), read["records"].as_str()), ("production", "1"));
    let resource = collector.resource();
    assert_eq!(resource["service.name"], "holdpoint");
    assert_eq!(resource["service.version"], env!("CARGO_PKG_VERSION"));
}

#[tokio::test]
async fn a_collector_that_fails_holds_nothing_up() {
    let refusing = Collector::answering(StatusCode::BAD_REQUEST).await;
    // Nothing listens there any more.
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    for url in [refusing.url(), format!("http://{gone}")] {
        let program = Program::start(&["--traces", &url]).await;
        assert_eq!(ask(&program, 1).await, 200, "{url}");
        let started = Instant::now();
        while !program.server.log().contains("traces are lost") {
            assert!(started.elapsed() < LONG, "{url}: {}", program.server.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(ask(&program, 2).await, 200, "{url}");
        program.server.signal(Signal::TERM);
        let (code, log) = program.server.ended().await;
        assert_eq!(code, Some(0), "{log}");
        assert_eq!(log.matches("traces are lost").count(), 1, "{log}");
    }
}
