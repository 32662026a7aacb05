//! The routes for reviews: whatever comes, and whatever goes wrong, is answered, in time and as what it is.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{Request, StatusCode};
use holdpoint::admission::settings::{Mode, Profile};
use holdpoint::server::shutdown::{Shutdown, Trigger};
use holdpoint::server::{self, Door, DoorParts, operations};
use hyper::body::Frame;
use tower::ServiceExt as _;

use super::wire::{Told, review, told};
use super::world::{Mood, Running, World, eventually, image};

const UID: &str = "705ab4f5-6393-11e8-b7cc-42010a800002";
/// A body that is larger is refused.
const BODY: usize = 128 << 10;
/// Nothing here takes so long, on however slow a machine.
const LONG: Duration = Duration::from_secs(20);

/// A server without sockets.
struct Routes {
    door: Arc<Door>,
    trigger: Trigger,
    _running: Running,
}

impl Routes {
    async fn of(world: &World) -> Self {
        Self::at_once(world).ready().await
    }

    /// Without waiting for the first reads.
    fn at_once(world: &World) -> Self {
        let running = world.start_with(world.readmissions());
        let (trigger, shutdown) = Shutdown::new();
        let parts = DoorParts {
            readmissions: Arc::clone(&running.readmissions),
            deadline: LONG,
            body: BODY,
            certificates: None,
            connections: Arc::default(),
            shutdown,
            clock: world.clock.clock(),
        };
        let door = Door::new(server::Running::start(Arc::clone(&running.judge)), parts);
        Self { door: Arc::new(door), trigger, _running: running }
    }

    async fn ready(self) -> Self {
        eventually("the first reads", || self.door.judge().records().tried()).await;
        self
    }

    async fn send(&self, request: Request<Body>) -> (StatusCode, String) {
        answer(server::router(Arc::clone(&self.door)), request).await
    }

    async fn get(&self, path: &str) -> (StatusCode, String) {
        let request = Request::get(path).body(Body::empty()).unwrap();
        answer(operations::router(Arc::clone(&self.door)), request).await
    }

    /// What comes of a pod with this image in production.
    async fn ask(&self, path: &str, image: &str) -> Told {
        let (status, body) = self.send(post(path, review(UID, "prod", image))).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        told(&body, UID)
    }

    async fn metrics(&self) -> String {
        self.get("/metrics").await.1
    }
}

async fn answer(router: axum::Router, request: Request<Body>) -> (StatusCode, String) {
    let response = tokio::time::timeout(LONG, router.oneshot(request)).await.expect("an answer").unwrap();
    let status = response.status();
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

fn post(path: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post(path).header("content-type", "application/json").body(body.into()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_is_answered_with_its_verdict() {
    let mut world = World::new();
    let warn = Profile { mode: Some(Mode::Warn), ..Profile::default() };
    world.settings.profiles.insert("careful".to_owned(), warn);
    let routes = Routes::of(&world).await;
    let allowed = routes.ask("/validate?timeout=10s", &image(1)).await;
    assert_eq!((allowed.allowed, allowed.code), (true, 0));
    let denied = routes.ask("/validate", &image(9)).await;
    assert_eq!((denied.allowed, denied.code), (false, 403));
    assert!(denied.message.contains("it never ran in staging"), "{denied:?}");
    let warned = routes.ask("/validate/careful", &image(9)).await;
    assert_eq!((warned.allowed, warned.code), (true, 0));
    assert!(warned.warnings > 0, "{warned:?}");
    let metrics = routes.metrics().await;
    for (allowed, verdict) in [("true", "allow"), ("false", "deny"), ("true", "deny")] {
        let line = format!(
            "holdpoint_reviews_total{{verdict=\"{verdict}\",allowed=\"{allowed}\",operation=\"CREATE\",kind=\"Pod\"}} 1\n"
        );
        assert!(metrics.contains(&line), "{line} is not in {metrics}");
    }
    assert!(metrics.contains("holdpoint_reviews_in_flight 0\n"), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_review_gets_an_error_with_words() {
    let routes = Routes::of(&World::new()).await;
    let good = review(UID, "prod", &image(1));
    let large = format!("{good}{}", " ".repeat(BODY));
    let plain = |kind: &'static str| Request::post("/validate").header("content-type", kind).body(good.clone().into());
    let bare = Request::post("/validate").body(Body::from(good.clone()));
    for (request, status, words) in [
        (Request::get("/validate").body(Body::empty()), 405, "POST"),
        (Request::put("/validate").body(Body::empty()), 405, "POST"),
        (Request::get("/").body(Body::empty()), 404, "/validate"),
        (Request::get("/metrics").body(Body::empty()), 404, "a port of their own"),
        (Ok(post("/validate/unknown", good.clone())), 404, "no profile `unknown`"),
        (Ok(post("/validate/a/b", good.clone())), 404, "/validate"),
        (plain("text/plain"), 415, "application/json"),
        (plain("application/jsonx"), 415, "application/json"),
        (bare, 415, "application/json"),
        (Ok(post("/validate", large)), 413, "larger than"),
        (Ok(post("/validate", "")), 400, "cannot be read"),
        (Ok(post("/validate", "[]")), 400, "cannot be read"),
        (Ok(post("/validate", "\u{0}")), 400, "cannot be read"),
    ] {
        let (got, body) = routes.send(request.unwrap()).await;
        assert_eq!(got.as_u16(), status, "{body}");
        assert!(body.contains(words) && body.ends_with('\n'), "{status}: {body}");
    }
    for kind in ["application/json; charset=utf-8", "Application/JSON"] {
        assert_eq!(routes.send(plain(kind).unwrap()).await.0, StatusCode::OK, "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_that_cannot_be_read_is_answered_when_it_has_a_uid() {
    let routes = Routes::of(&World::new()).await;
    let unreadable = review(UID, "prod", &image(1)).replace("CREATE", "BREAK");
    let (status, body) = routes.send(post("/validate", unreadable)).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    let told = told(&body, UID);
    assert_eq!((told.allowed, told.code), (false, 400), "{told:?}");
    let metrics = routes.metrics().await;
    assert!(metrics.contains("holdpoint_review_failures_total{reason=\"unreadable\"} 1\n"), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_that_take_too_long_or_panic_are_undecided_in_time() {
    let world = World::new();
    let routes = Routes::of(&world).await;
    world.rules.slow.lock().unwrap().insert(super::world::digest(1).to_string(), Duration::from_secs(3));
    *world.rules.panics.lock().unwrap() = Some(super::world::digest(2));
    let started = Instant::now();
    let slow = routes.ask("/validate?timeout=1s", &image(1)).await;
    assert_eq!((slow.allowed, slow.code), (false, 503), "{slow:?}");
    assert!(started.elapsed() < Duration::from_millis(2500), "the API server has gone: {:?}", started.elapsed());
    let panicked = routes.ask("/validate", &image(2)).await;
    assert_eq!((panicked.allowed, panicked.code), (false, 503), "{panicked:?}");
    // Nothing of it stays.
    assert!(routes.ask("/validate", &image(3)).await.allowed);
}

/// A body of which nothing comes after the first bytes.
struct Never(Option<Bytes>);

impl HttpBody for Never {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.take().map_or(Poll::Pending, |bytes| Poll::Ready(Some(Ok(Frame::data(bytes)))))
    }
}

fn nothing() -> Body {
    Body::new(Never(None))
}

/// More than needs no place, but not all.
fn a_part() -> Body {
    Body::new(Never(Some(vec![b' '; (64 << 10) + 1].into())))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let routes = Routes::of(&World::new()).await;
    let (status, body) = routes.send(post("/validate?timeout=500ms", nothing())).await;
    assert_eq!(status, StatusCode::REQUEST_TIMEOUT, "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn large_bodies_take_no_more_memory_than_there_is_and_small_ones_never_wait_for_them() {
    let routes = Routes::of(&World::new()).await;
    let send = |body: Body| answer(server::router(Arc::clone(&routes.door)), post("/validate?timeout=15s", body));
    let mut slow = tokio::task::JoinSet::new();
    // Those that have sent nothing keep nobody out.
    (0..100).for_each(|_| drop(slow.spawn(send(nothing()))));
    let (status, body) = routes.send(post("/validate?timeout=300ms", a_part())).await;
    assert_eq!(status, StatusCode::REQUEST_TIMEOUT, "{body}");
    (0..100).for_each(|_| drop(slow.spawn(send(a_part()))));
    while !routes.metrics().await.contains("reason=\"overload\"") {
        let (status, body) = routes.send(post("/validate?timeout=300ms", a_part())).await;
        assert!([408, 503].contains(&status.as_u16()), "{status}: {body}");
    }
    assert!(routes.ask("/validate", &image(1)).await.allowed);
    // A place is free again when its client goes away.
    slow.shutdown().await;
    let (status, body) = routes.send(post("/validate?timeout=300ms", a_part())).await;
    assert_eq!(status, StatusCode::REQUEST_TIMEOUT, "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_ready_from_the_first_records_until_it_is_told_to_stop() {
    let world = World::new();
    world.source.is(Mood::Failing);
    let routes = Routes::of(&world).await;
    assert_eq!(routes.get("/livez").await, (StatusCode::OK, "ok\n".to_owned()));
    assert_eq!(routes.get("/").await.0, StatusCode::NOT_FOUND);
    let (status, body) = routes.get("/readyz").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{body}");
    for words in ["[-] records", "`production`", "`staging`", "nobody listens", "[+] certificate ok", "[+] running ok"]
    {
        assert!(body.contains(words), "{words} is not in {body}");
    }
    let undecided = routes.ask("/validate", &image(1)).await;
    assert_eq!((undecided.allowed, undecided.code), (false, 503), "{undecided:?}");

    world.source.is(Mood::Good);
    let routes = Routes::of(&world).await;
    let ready = (StatusCode::OK, "[+] records ok\n[+] certificate ok\n[+] running ok\n".to_owned());
    assert_eq!(routes.get("/readyz").await, ready);
    // No other replica would know more.
    world.source.is(Mood::Failing);
    world.clock.pass(100_000);
    assert_eq!(routes.get("/readyz").await, ready);
    assert!(routes.metrics().await.contains("holdpoint_records_current{environment=\"production\"} 0\n"));

    routes.trigger.drain();
    let (status, body) = routes.get("/readyz").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{body}");
    assert!(body.contains("[-] running the server was told to stop"), "{body}");
    assert_eq!(routes.get("/livez").await.0, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_metric_is_documented_and_every_documented_one_is_there() {
    let routes = Routes::of(&World::new()).await;
    // Those with labels are there once they count.
    routes.ask("/validate", &image(1)).await;
    routes.send(post("/validate", "")).await;
    let metrics = routes.metrics().await;
    let mut there: Vec<String> = metrics
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '))
        .map(|(name, kind)| if kind == "counter" { format!("{name}_total") } else { name.to_owned() })
        .collect();
    let page = std::fs::read_to_string(crate::support::cli::root().join("docs/serving.md")).unwrap();
    let table = page.split_once("## Metrics").unwrap().1.split("\n## ").next().unwrap();
    let mut documented: Vec<String> =
        table.lines().filter_map(|line| Some(line.strip_prefix("| `")?.split_once('`')?.0.to_owned())).collect();
    there.sort();
    documented.sort();
    assert_eq!(there, documented);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_sends_reviews_does_not_make_metrics_grow() {
    let routes = Routes::of(&World::new()).await;
    let odd = |number: usize| {
        let review = review(&format!("uid-{number}"), &format!("namespace-{number}"), &image(number));
        post("/validate", review.replace("\"Pod\"", &format!("\"Kind{number}\"")))
    };
    routes.send(odd(0)).await;
    let before = routes.metrics().await.lines().count();
    for number in 1..50 {
        routes.send(odd(number)).await;
    }
    assert_eq!(routes.metrics().await.lines().count(), before);
}
