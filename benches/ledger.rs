//! What a ledger with 1,000,000 records in a file does: lists of one slot, pages of an environment, durable writes.
//!
//! Prints figures and asserts none of them. `cargo bench --bench ledger`, or with another number of records behind `--`.

#![expect(clippy::unwrap_used, reason = "a benchmark may panic")]

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use holdpoint::domain::artifact::ArtifactKind;
use holdpoint::domain::digest::Digest;
use holdpoint::domain::record::RecordStatus;
use holdpoint::ledger::entry::{Artifact, PastRecord, Recording, Slot};
use holdpoint::ledger::filter::{Filter, Page};
use holdpoint::ledger::store::{Access, Place, Store};
use jiff::Timestamp;

const RECORDS: usize = 1_000_000;
const ENVIRONMENTS: usize = 4;
/// Records that each slot has had.
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
    let asked = std::env::args().find_map(|word| word.parse().ok());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(run(asked.unwrap_or(RECORDS)));
}

async fn run(count: usize) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ledger.db");
    let store = Store::open(&Place::File(file.clone()), Access::Create).await.unwrap();
    let began = Instant::now();
    for from in (0..count).step_by(PART) {
        let part = (from..count.min(from + PART)).map(|number| past(number, count)).collect();
        store.import(part, instant(count)).await.unwrap();
    }
    let took = began.elapsed();
    let slots = count / ENVIRONMENTS / HISTORY;
    let size = std::fs::metadata(&file).unwrap().len() >> 20;
    say(&format!(
        "{count} records, {slots} slots in each of {ENVIRONMENTS} environments, {size} MiB; taken over in {took:.1?}"
    ));

    for full_history in [false, true] {
        let filter = Filter { environment_name: Some(environment(0)), full_history, ..Filter::default() };
        let total = store.list(&filter, Page::new(1, PAGE).unwrap()).await.unwrap().total_count;
        let last = total.div_ceil(PAGE.into());
        let mut line = format!("pages of an environment, {}:", if full_history { "history" } else { "latest" });
        for (name, number) in [("first", 1), ("middle", last / 2), ("last", last)] {
            let took = page(&store, &filter, number).await;
            write!(line, " {name} {:.2} ms", took.as_secs_f64() * 1e3).unwrap();
        }
        say(&line);
    }

    let of_slot = move |number: usize| Filter {
        environment_name: Some(environment(number % ENVIRONMENTS)),
        deployment_name: Some(deployment(number * 7919 % slots)),
        full_history: true,
        ..Filter::default()
    };
    let lists = load(&store, move |store, number| async move {
        let listed = store.list(&of_slot(number), Page::new(1, PAGE).unwrap()).await.unwrap();
        assert_eq!(listed.records.len(), HISTORY);
    });
    say(&format!("lists of one slot, {CLIENTS} at a time: {:.0} a second", lists.await));

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

fn past(number: usize, count: usize) -> PastRecord {
    let slots = count / ENVIRONMENTS / HISTORY;
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
