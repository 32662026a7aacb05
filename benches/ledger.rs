//! What a ledger with 1,000,000 records in a file does: lists of one slot, pages of an environment, what a check and a
//! server of decisions read, durable writes.
//!
//! Prints figures and asserts none of them. `cargo bench --bench ledger`, or with other numbers of records, and of
//! records that each slot has had, behind `--`.

#![expect(clippy::unwrap_used, reason = "a benchmark may panic")]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use holdpoint::domain::artifact::ArtifactKind;
use holdpoint::domain::digest::Digest;
use holdpoint::domain::record::RecordStatus;
use holdpoint::gate::source::{
    EnvironmentQuery, Fetched, NoProgress, RecordFilters, RecordQuery, RecordSource, Related,
};
use holdpoint::ledger::api::{Api, Guard, router};
use holdpoint::ledger::entry::{Artifact, PastRecord, Recording, Slot};
use holdpoint::ledger::filter::{Filter, Page};
use holdpoint::ledger::store::{Access, Place, Store};
use holdpoint::server::listen::{self, Limits};
use holdpoint::server::shutdown::{Shutdown, Trigger};
use holdpoint::source::chainloop::{ChainloopOptions, ChainloopSource, Product};
use holdpoint::source::ledger::LedgerSource;
use jiff::Timestamp;

const RECORDS: usize = 1_000_000;
const ENVIRONMENTS: usize = 4;
/// Records that each slot has had, unless a second number is given.
const HISTORY: usize = 10;
/// Records that are made and taken over together.
const PART: usize = 100_000;
const PAGE: u32 = 100;
const LOAD: Duration = Duration::from_secs(5);
const CLIENTS: usize = 32;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let mut asked = std::env::args().filter_map(|word| word.parse().ok());
    let (count, history) = (asked.next().unwrap_or(RECORDS), asked.next().unwrap_or(HISTORY));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(run(count, history));
}

async fn run(count: usize, history: usize) {
    let slots = count / ENVIRONMENTS / history;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ledger.db");
    let store = Store::open(&Place::File(file.clone()), Access::Create).await.unwrap();
    let began = Instant::now();
    for from in (0..count).step_by(PART) {
        let part = (from..count.min(from + PART)).map(|number| past(number, count, slots)).collect();
        store.import(part, instant(count)).await.unwrap();
    }
    let took = began.elapsed();
    let size = std::fs::metadata(&file).unwrap().len() >> 20;
    say(&format!(
        "{count} records, {slots} slots in each of {ENVIRONMENTS} environments, {size} MiB; taken over in {took:.1?}"
    ));

    pages(&store).await;
    let of_slot = move |number: usize| Filter {
        environment_name: Some(environment(number % ENVIRONMENTS)),
        deployment_name: Some(deployment(number * 7919 % slots)),
        full_history: true,
        ..Filter::default()
    };
    let lists = load(&store, move |store, number| async move {
        let listed = store.list(&of_slot(number), Page::new(1, PAGE).unwrap()).await.unwrap();
        assert_eq!(listed.records.len(), history.min(100));
    });
    say(&format!("lists of one slot, {CLIENTS} at a time: {:.0} a second", lists.await));

    let server = Server::start(&store).await;
    let (url, client) = (server.url.clone(), reqwest::Client::builder().no_proxy().build().unwrap());
    let asked = client.clone();
    let lists = load(&store, move |_store, number| {
        let request = asked.get(format!("{url}/v1/deployments")).query(&[
            ("environment_name", environment(number % ENVIRONMENTS)),
            ("deployment_name", deployment(number * 7919 % slots)),
        ]);
        async move {
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), 200);
            assert!(answer.bytes().await.unwrap().len() > 300);
        }
    });
    say(&format!("lists of one slot over HTTP, client and server here: {:.0} a second", lists.await));
    refresh(&server, &store, count).await;
    server.stop().await;
    check(&file).await;

    let writes = load(&store, move |store, number| async move {
        let recording = recording(number, number % slots, count + number);
        store.record(recording, instant(count + number)).await.unwrap();
    });
    say(&format!("durable writes, {CLIENTS} at a time: {:.0} a second", writes.await));
    let writes = load_by(1, &store, move |store, number| async move {
        let recording = recording(number, number % slots, 2 * count + number);
        store.record(recording, instant(2 * count + number)).await.unwrap();
    });
    say(&format!("durable writes, one at a time: {:.0} a second", writes.await));
    store.close().await;
}

/// The first, the middle and the last page of an environment.
async fn pages(store: &Store) {
    for full_history in [false, true] {
        let filter = Filter { environment_name: Some(environment(0)), full_history, ..Filter::default() };
        let total = store.list(&filter, Page::new(1, PAGE).unwrap()).await.unwrap().total_count;
        let last = total.div_ceil(PAGE.into());
        let mut line = format!("pages of an environment, {}:", if full_history { "history" } else { "latest" });
        for (name, number) in [("first", 1), ("middle", last / 2), ("last", last)] {
            let took = page(store, &filter, number).await;
            write!(line, " {name} {:.2} ms", took.as_secs_f64() * 1e3).unwrap();
        }
        say(&line);
    }
}

/// What a server of decisions does again and again: all records of an environment, and then what has changed. What was
/// superseded last says since when; in a ledger that was only imported, that is long ago.
async fn refresh(server: &Server, store: &Store, count: usize) {
    let options = ChainloopOptions {
        product: Product::Ledger,
        timeout: Duration::from_mins(5),
        ..ChainloopOptions::new(server.url.parse().unwrap(), "none".into())
    };
    let source = ChainloopSource::new(&options, Arc::new(|| instant(0))).unwrap();
    for (number, name) in ["first", "unchanged", "one more", "one more", "one more"].into_iter().enumerate() {
        if name == "one more" {
            store.record(recording(0, number, count + number), instant(count + number)).await.unwrap();
        }
        let (took, records) = fetch(&source, 1).await;
        say(&format!("an environment over HTTP, {records} records, {name}: {:.1} ms", took.as_secs_f64() * 1e3));
    }
}

/// What a check reads of the file, for the first environment and for one that comes after another.
async fn check(file: &Path) {
    let source = LedgerSource::new(Place::File(file.to_owned()), Arc::new(|| instant(0)));
    for environments in [1, 2] {
        let mut least = Duration::MAX;
        let mut records = 0;
        for _ in 0..3 {
            let (took, count) = fetch(&source, environments).await;
            (least, records) = (least.min(took), count);
        }
        say(&format!("all that a check can need of the file, {records} records: {:.1} ms", least.as_secs_f64() * 1e3));
    }
    let (took, records) = related(&source).await;
    say(&format!("what is related to a question, {records} records: {:.2} ms", took.as_secs_f64() * 1e3));
}

/// The least of twenty reads of what the policies of the library look at, of all environments.
async fn related(source: &LedgerSource) -> (Duration, usize) {
    let digest = recording(0, 0, 0).artifact.digest;
    let related = Related { digests: [digest].into(), deployment_names: [deployment(0)].into() };
    let query = query(ENVIRONMENTS);
    let (mut least, mut records) = (Duration::MAX, 0);
    for _ in 0..20 {
        let began = Instant::now();
        let fetched = source.fetch_related(&query, &related, &NoProgress).await.unwrap().unwrap();
        least = least.min(began.elapsed());
        records = count(&fetched);
    }
    (least, records)
}

/// With the history, as decisions need it.
fn query(environments: usize) -> RecordQuery {
    let asked = |number| EnvironmentQuery {
        environment: environment(number),
        targets: vec![environment(number)],
        logical_environment: None,
    };
    let filters = RecordFilters { full_history: true, ..RecordFilters::default() };
    RecordQuery { environments: (0..environments).map(asked).collect(), filters }
}

async fn fetch(source: &dyn RecordSource, environments: usize) -> (Duration, usize) {
    let query = query(environments);
    let began = Instant::now();
    let fetched = source.fetch(&query, &NoProgress).await.unwrap();
    (began.elapsed(), count(&fetched))
}

fn count(fetched: &Fetched) -> usize {
    fetched.environments.iter().map(|environment| environment.records.len()).sum()
}

/// The ledger behind HTTP, without tokens.
struct Server {
    url: String,
    trigger: Trigger,
    serving: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Server {
    async fn start(store: &Store) -> Self {
        let (trigger, shutdown) = Shutdown::new();
        let guard = Guard { tokens: false, rate: None };
        let api = Api::new(store.clone(), guard, Arc::new(|| instant(0)), shutdown.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let limits = Limits {
            connections: 256,
            header_timeout: Duration::from_secs(5),
            idle_timeout: Duration::from_mins(1),
            handshake_timeout: Duration::from_secs(5),
            drain: Duration::from_secs(1),
        };
        let serving = listen::serve(listener, None, router(Arc::new(api)), limits, shutdown, Arc::default());
        Self { url, trigger, serving: tokio::spawn(serving) }
    }

    async fn stop(self) {
        self.trigger.drain();
        self.serving.await.unwrap().unwrap();
    }
}

/// The least of twenty times that a page takes.
async fn page(store: &Store, filter: &Filter, number: u64) -> Duration {
    let mut least = Duration::MAX;
    for _ in 0..20 {
        let began = Instant::now();
        store.list(filter, Page::new(number, PAGE).unwrap()).await.unwrap();
        least = least.min(began.elapsed());
    }
    least
}

async fn load<F: Future<Output = ()> + Send + 'static>(
    store: &Store,
    work: impl Fn(Store, usize) -> F + Clone + Send + 'static,
) -> f64 {
    load_by(CLIENTS, store, work).await
}

/// How often a second it is done by so many clients at a time.
async fn load_by<F: Future<Output = ()> + Send + 'static>(
    clients: usize,
    store: &Store,
    work: impl Fn(Store, usize) -> F + Clone + Send + 'static,
) -> f64 {
    let done = Arc::new(AtomicUsize::new(0));
    let began = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..clients {
        let (store, work, done) = (store.clone(), work.clone(), Arc::clone(&done));
        tasks.spawn(async move {
            while began.elapsed() < LOAD {
                work(store.clone(), done.fetch_add(1, Ordering::Relaxed)).await;
            }
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended.unwrap();
    }
    f64::from(u32::try_from(done.load(Ordering::Relaxed)).unwrap()) / began.elapsed().as_secs_f64()
}

fn past(number: usize, count: usize, slots: usize) -> PastRecord {
    let is_latest = number >= count - ENVIRONMENTS * slots;
    PastRecord {
        recording: recording(number, number / ENVIRONMENTS % slots, number),
        status: if is_latest { RecordStatus::Deployed } else { RecordStatus::Superseded },
        created_at: Some(instant(number)),
        last_seen_at: Some(instant(number)),
        runs_now: false,
    }
}

fn recording(place: usize, deployed: usize, artifact: usize) -> Recording {
    let slot = Slot { environment_name: environment(place % ENVIRONMENTS), deployment_name: deployment(deployed) };
    let digest: Digest = format!("sha256:{artifact:064x}").parse().unwrap();
    let name = format!("ghcr.io/acme/{}", slot.deployment_name);
    let artifact = Artifact { kind: ArtifactKind::ContainerImage, name, digest, version: format!("1.{artifact}.0") };
    Recording { slot, artifact, project: None }
}

fn environment(number: usize) -> String {
    format!("environment-{number}")
}

fn deployment(number: usize) -> String {
    format!("service-{number}")
}

/// A second for each number, from 2025 on.
fn instant(number: usize) -> Timestamp {
    Timestamp::from_second(1_735_689_600 + i64::try_from(number).unwrap()).unwrap()
}

fn say(line: &str) {
    std::io::stdout().write_all(format!("{line}\n").as_bytes()).unwrap();
}
