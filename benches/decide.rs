//! How long a decision takes, and what records cost in memory. Method and figures: `benches/README.md`.
//!
//! `cargo bench --bench decide -- [lookup | library | each | lookup 1000000 | library 1000000 | each 1000000 |
//! memory FILE | write RECORDS FILE]`

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::use_debug,
    reason = "a program for developers"
)]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use holdpoint::app::{self, Changes};
use holdpoint::config::Config;
use holdpoint::domain::request::Request;
use holdpoint::gate::Gate;
use holdpoint::gate::observe::Observation;
use holdpoint::gate::source::NoProgress;

mod request;
mod snapshot;

use request::AS_OF;

const FEW: usize = 1_000;
const MANY: usize = 100_000;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["lookup"] => time(&[LOOK_UPS], MANY),
        ["lookup", records] => time(&[LOOK_UPS], records.parse().unwrap()),
        ["library"] => time(&[LIBRARY], MANY),
        ["library", records] => time(&[LIBRARY], records.parse().unwrap()),
        ["each"] => time(&each(), MANY),
        ["each", records] => time(&each(), records.parse().unwrap()),
        ["memory", path] => memory(PathBuf::from(path)),
        ["write", records, path] => std::fs::write(path, snapshot::json(records.parse().unwrap())).unwrap(),
        _ => time(&[STARTERS, LOOK_UPS, LIBRARY], MANY),
    }
}

/// Pairs of small and large in turns, so that what else the machine does falls on both.
fn time(sets: &[(&str, Policies)], many: usize) {
    for (name, policies) in sets.iter().copied() {
        let small = World::new(FEW, policies);
        let large = World::new(many, policies);
        println!("{name}");
        println!("  load {many} records: {:?} ({} bytes of JSON)", large.loaded_in, large.json_bytes);
        let pairs: Vec<(Duration, Duration)> = (0..15).map(|_round| (small.decide(40), large.decide(40))).collect();
        print_times(&format!("decision over {FEW} records"), pairs.iter().map(|pair| pair.0));
        print_times(&format!("decision over {many} records"), pairs.iter().map(|pair| pair.1));
        let mut ratios: Vec<f64> = pairs.iter().map(|(one, other)| other.as_secs_f64() / one.as_secs_f64()).collect();
        ratios.sort_by(f64::total_cmp);
        println!("  ratio of the two: min {:.2} median {:.2} max {:.2}", ratios[0], ratios[7], ratios[14]);
    }
}

fn print_times(name: &str, times: impl Iterator<Item = Duration>) {
    let mut times: Vec<Duration> = times.collect();
    times.sort();
    println!("  {name}: min {:?} median {:?} max {:?}", times[0], times[7], times[14]);
}

#[derive(Clone, Copy)]
enum Policies {
    Starter,
    LookUp,
    Library,
    /// One of the library.
    Alone(&'static str),
}

const STARTERS: (&str, Policies) = ("10 rules, the starter policies", Policies::Starter);
const LOOK_UPS: (&str, Policies) = ("10 rules, one look-up each", Policies::LookUp);
const LIBRARY: (&str, Policies) = ("14 rules, the whole library", Policies::Library);

/// A policy that is one look-up in an index, to tell what the gate and the engine take by themselves.
const LOOK_UP: &str = r#"package lookup
deny contains "it was never in staging" if {
    not data.holdpoint.records.by_digest[input.request.artifact.digest].staging
}
"#;

/// Every policy of the library, each once, so that the request passes.
const LIBRARY_RULES: [&str; 14] = [
    "{policy: promotion.deployed_before, parameters: {min_targets: all}}",
    "{policy: promotion.soak_time, parameters: {minimum: 24h}}",
    r#"{policy: promotion.change_freeze, parameters: {
    time_zone: Europe/Berlin,
    allow: [{weekdays: [monday, tuesday, wednesday, thursday, friday], hours: {from: "09:00", to: "17:00"}}],
    deny: [{from: 2026-12-19, until: 2027-01-04}]}}"#,
    "{policy: promotion.no_downgrade}",
    "{policy: promotion.rings, parameters: {minimum: 50%}}",
    "{policy: promotion.not_withdrawn}",
    "{policy: promotion.record_freshness, parameters: {maximum: 720h}}",
    "{policy: promotion.max_age, parameters: {maximum: 90d}}",
    "{policy: promotion.one_version}",
    "{policy: promotion.same_artifact_name}",
    "{policy: promotion.approved, parameters: {max_age: 24h}}",
    "{policy: promotion.digest_known}",
    "{policy: artifact.registries, parameters: {allowed: [ghcr.io/acme]}}",
    "{policy: artifact.pinned, parameters: {forbid_tags: [latest]}}",
];

/// The policies of the library, one by one.
fn each() -> Vec<(&'static str, Policies)> {
    let name = |rule: &'static str| rule.split([' ', ',', '}']).nth(1).unwrap();
    LIBRARY_RULES.iter().map(|rule| (name(rule), Policies::Alone(rule))).collect()
}

/// Reads a file that another run wrote, so that what its making left in memory does not count.
fn memory(path: PathBuf) {
    let json_bytes = usize::try_from(std::fs::metadata(&path).unwrap().len()).unwrap();
    let world = World::read(path, Policies::Starter, json_bytes);
    let grown = resident().saturating_sub(world.before);
    let times = |bytes: usize| ratio(bytes, json_bytes);
    println!("{json_bytes} bytes of JSON in {:?}", world.loaded_in);
    println!("  for the records: {grown} bytes resident, {:.2} times", times(grown));
    println!(
        "  the whole process: {} bytes resident, {:.2} times; peak {}, {:.2} times",
        resident(),
        times(resident()),
        peak(),
        times(peak())
    );
}

#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "figures for people")]
fn ratio(one: usize, other: usize) -> f64 {
    one as f64 / other as f64
}

fn status(key: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(key)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}

fn resident() -> usize {
    status("VmRSS:")
}

fn peak() -> usize {
    status("VmHWM:")
}

struct World {
    gate: Gate,
    observation: Observation,
    request: Request,
    /// What was resident with the policies loaded and no record read.
    before: usize,
    loaded_in: Duration,
    json_bytes: usize,
}

impl World {
    fn new(records: usize, policies: Policies) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("records.json");
        let text = snapshot::json(records);
        std::fs::write(&path, &text).unwrap();
        Self::read(path, policies, text.len())
    }

    fn read(records: PathBuf, policies: Policies, json_bytes: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("lookup.rego"), LOOK_UP).unwrap();
        let config = Config::from_text(&configuration(policies), &folder.path().join("holdpoint.yaml")).unwrap();
        let gate =
            app::gate(&config, &Changes { records: Some(records), offline: true, ..Changes::default() }).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let before = resident();
        let started = Instant::now();
        let observation = runtime.block_on(gate.observe("production", Arc::new(NoProgress))).unwrap();
        let loaded_in = started.elapsed();
        let world = Self { gate, observation, request: request(), before, loaded_in, json_bytes };
        let decision = world.gate.decide(&world.observation, world.request.clone(), AS_OF.parse().unwrap());
        assert_eq!(decision.verdict.as_str(), "allow", "{:#?}", decision.findings);
        world
    }

    fn decide(&self, times: u32) -> Duration {
        let as_of = AS_OF.parse().unwrap();
        let started = Instant::now();
        for _ in 0..times {
            std::hint::black_box(self.gate.decide(&self.observation, self.request.clone(), as_of));
        }
        started.elapsed() / times
    }
}

fn configuration(policies: Policies) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("policies");
    let rule = |index: usize| match (policies, index % 4) {
        (Policies::LookUp, _) => "{policy: lookup}",
        (_, 0) => "{policy: promotion.deployed_before, parameters: {min_targets: all}}",
        (_, 1) => "{policy: promotion.soak_time, parameters: {minimum: 24h}}",
        (_, 2) => "{policy: promotion.digest_known}",
        (_, _) => "{policy: promotion.record_freshness, parameters: {maximum: 720h}}",
    };
    let rules: Vec<&str> = match policies {
        Policies::Library => LIBRARY_RULES.to_vec(),
        Policies::Alone(rule) => vec![rule],
        Policies::Starter | Policies::LookUp => (0..10).map(rule).collect(),
    };
    let rules = rules.iter().map(|rule| format!("  - {rule}\n")).collect::<Vec<_>>().concat();
    format!(
        "version: 1\nsources:\n  saved: {{type: snapshot, path: records.json}}\nenvironments:\n  - {{name: dev}}\n  - {{name: staging, after: [dev], targets: [staging-eu, staging-us]}}\n  - {{name: production, after: [staging]}}\npolicies: [{}lookup.rego]\nrules:\n{rules}",
        if matches!(policies, Policies::LookUp) { String::new() } else { format!("{}, ", folder.display()) }
    )
}

fn request() -> Request {
    request::request(
        serde_json::json!({"author": "dora", "approvals": [{"by": "alice", "at": "2026-11-20T10:00:00Z"}]}),
    )
}
