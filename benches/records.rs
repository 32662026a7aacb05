//! How long 100,000 records take: from JSON, from a file, and over the API.
//!
//! Prints figures and asserts none of them. `cargo bench --bench records`.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark may panic")]

#[expect(dead_code, reason = "the benchmark needs only a part of the scripted server")]
#[path = "../tests/integration/support/chainloop.rs"]
mod chainloop;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use holdpoint::gate::source::{EnvironmentQuery, NoProgress, RecordFilters, RecordQuery, RecordSource};
use holdpoint::source::chainloop::{ChainloopOptions, ChainloopSource};
use holdpoint::source::snapshot::SnapshotSource;
use holdpoint::source::wire;
use serde_json::{Value, json};

const RECORDS: usize = 100_000;
const RUNS: usize = 5;
const ENVIRONMENTS: [&str; 4] = ["dev", "staging-eu", "staging-us", "production"];

/// Names the file to a process that only reads it.
const FILE: &str = "HOLDPOINT_BENCH_FILE";

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    if let Some(file) = std::env::var_os(FILE) {
        run(&SnapshotSource::new(file.into()));
        std::io::stdout().write_all(peak().as_bytes()).unwrap();
        return;
    }
    let records: Vec<Value> = (0..RECORDS).map(record).collect();
    let text = json!({"deployment_records": records, "pagination": {"total_count": RECORDS}}).to_string();
    let mut out = String::new();
    writeln!(out, "{RECORDS} records, {} bytes of JSON, best and worst of {RUNS} runs", text.len()).unwrap();

    let times = measure(|| wire::deployments(text.as_bytes(), &mut wire::Interner::default()).unwrap().items.len());
    writeln!(out, "JSON in memory to records:             {times}").unwrap();

    let page = wire::deployments(text.as_bytes(), &mut wire::Interner::default()).unwrap();
    let times = measure(|| std::hint::black_box(wire::digest(page.items.iter().map(wire::hash))));
    writeln!(out, "digest of the records:                 {times}").unwrap();
    drop(page);

    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    let size = text.len();
    drop(text);
    let source = SnapshotSource::new(file.path().to_owned());
    let times = measure(|| run(&source));
    writeln!(out, "file to records, with digest:          {times}").unwrap();
    let peak = peak_of_own_process(file.path());
    writeln!(out, "peak memory of a process that does so: {peak} for {} KiB of JSON", size / 1024).unwrap();

    let server = chainloop::FakeChainloop::new().records(records).latency(Duration::from_millis(20)).start_blocking();
    let mut options = ChainloopOptions::new(server.url().parse().unwrap(), "token".into());
    options.page_size = 100;
    let source = ChainloopSource::new(&options, Arc::new(|| jiff::Timestamp::UNIX_EPOCH)).unwrap();
    let times = measure(|| run(&source));
    writeln!(out, "API, 1000 pages, 20 ms each, 8 at once: {times}").unwrap();
    std::io::stdout().write_all(out.as_bytes()).unwrap();
}

/// A record as a year of deployments of 200 services leaves it.
fn record(number: usize) -> Value {
    let (service, environment) = (number % 200, ENVIRONMENTS[number % 4]);
    let digest = format!("sha256:{:064x}", (number % 5000) * 7_919);
    let (day, second) = (number / 400 % 28 + 1, number % 60);
    let time = format!("2026-{:02}-{day:02}T10:20:{second:02}.123456Z", number / 12_000 % 12 + 1);
    json!({
        "id": format!("0195f3a1-7c00-7000-8000-{number:012x}"),
        "environment_id": format!("0195f3a1-0000-7000-8000-{:012x}", number % 4),
        "environment_name": environment,
        "deployment_name": format!("service-{service}"),
        "artifact_id": format!("0195f3a1-1111-7000-8000-{:012x}", number % 5000),
        "artifact": {
            "kind": "CONTAINER_IMAGE", "name": format!("ghcr.io/acme/service-{service}"), "digest": digest,
            "version": format!("1.{}.0", number % 5000),
        },
        "status": if number < RECORDS - 800 { "SUPERSEDED" } else { "DEPLOYED" },
        "created_at": time, "updated_at": time, "last_seen_at": time,
    })
}

fn run(source: &dyn RecordSource) -> usize {
    let everything = EnvironmentQuery { environment: "all".to_owned(), targets: Vec::new(), logical_environment: None };
    let filters = RecordFilters { full_history: true, ..RecordFilters::default() };
    let query = RecordQuery { environments: vec![everything], filters };
    // As the program has it: one thread for input and output, and blocking threads for the rest.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let fetched = runtime.block_on(source.fetch(&query, &NoProgress)).unwrap();
    assert_eq!(fetched.environments[0].records.len(), RECORDS);
    fetched.environments[0].records.len()
}

fn measure<T>(work: impl Fn() -> T) -> String {
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let started = Instant::now();
            std::hint::black_box(work());
            started.elapsed()
        })
        .collect();
    times.sort();
    format!("{:>7.1} to {:>7.1} ms", times[0].as_secs_f64() * 1e3, times[RUNS - 1].as_secs_f64() * 1e3)
}

/// Reads the file in a process of its own, whose peak of resident memory is then that of the reading.
fn peak_of_own_process(file: &Path) -> String {
    let output = Command::new(std::env::current_exe().unwrap()).env(FILE, file).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// The peak of this process's resident memory, where the system tells.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.unwrap_or("unknown").trim().to_owned()
}
