//! How long plugins take. Method and figures: `benches/README.md`.
//!
//! `cargo bench --bench plugins -- [COMPONENT[=PARAMETERS]…]`: without a component, the smallest that asks for one record.
//! `cargo bench --bench plugins -- beside`: the same one, while others of the engine do their worst.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::use_debug,
    reason = "a program for developers"
)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use holdpoint::app::{self, Allocation, Changes};
use holdpoint::config::Config;
use holdpoint::domain::request::Request;
use holdpoint::domain::verdict::Verdict;
use holdpoint::gate::Gate;
use holdpoint::gate::observe::Observation;
use holdpoint::gate::source::NoProgress;

#[path = "../tests/integration/plugins/guest.rs"]
#[expect(dead_code, reason = "the tests build more kinds of plugins")]
mod guest;
#[path = "../tests/integration/plugins/hostile.rs"]
mod hostile;
mod request;
mod snapshot;

mod library {
    pub(crate) const DIGEST: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
}

mod support {
    pub(crate) mod cli {
        pub(crate) fn root() -> std::path::PathBuf {
            env!("CARGO_MANIFEST_DIR").into()
        }
    }
}

const PROGRAM: &str = env!("CARGO_BIN_EXE_holdpoint");
const ROUNDS: usize = 2_000;
const PROCESSES: usize = 25;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    if std::env::args().nth(1).as_deref() == Some("compile-plugin") {
        return compile();
    }
    let given: Vec<PathBuf> = std::env::args().skip(1).filter(|name| name != "--bench").map(PathBuf::from).collect();
    let folder = tempfile::tempdir().unwrap();
    let records = [1_000, 100_000].map(|count| write(folder.path(), &format!("{count}.json"), snapshot::json(count)));
    let smallest = write(folder.path(), "smallest.wasm", asks_once().component());
    if given == [PathBuf::from("beside")] {
        return beside(&smallest, &records[0], folder.path());
    }
    let components = if given.is_empty() { vec![smallest] } else { given };
    for component in &components {
        // Parameters are JSON: `quorum.wasm={"at_least": 2}`.
        let text = component.to_str().unwrap();
        let (component, parameters) = text.split_once('=').unwrap_or((text, "{}"));
        println!("{component}");
        let configuration = configured(Path::new(component), parameters);
        processes(Path::new(component), &configuration, &records[0], folder.path());
        for records in &records {
            warm(&configuration, records);
        }
    }
}

/// The library compiles with the program that it runs in, which is this one.
fn compile() {
    let status = Command::new(PROGRAM).args(std::env::args_os().skip(1)).status().unwrap();
    assert!(status.success(), "{status}");
}

fn write(folder: &Path, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    path
}

/// Asks for the newest record and passes.
fn asks_once() -> guest::Guest {
    let parameters = "i32 ".repeat(15);
    let nothing = "(i32.const 0)".repeat(14);
    guest::Guest::default()
        .imports(&format!("(import \"holdpoint:plugin/records@0.1.0\" \"latest\" (func $latest (param {parameters})))"))
        .evaluate(&format!("(call $latest {nothing} (i32.const 32768)) (i32.const 8192)"))
}

/// The whole program: compiling for the first time, then with kept code, and without a plugin, in turns.
fn processes(component: &Path, configured: &str, records: &Path, folder: &Path) {
    let cache = folder.join(format!("cache-{}", component.file_stem().unwrap().display()));
    let with = write(folder, "holdpoint.yaml", configured);
    let without = write(folder, "without.yaml", configuration());
    let run = |plugin: bool| {
        let mut command = Command::new(PROGRAM);
        command.env_clear().env("XDG_CACHE_HOME", &cache).args([
            "check",
            &snapshot::digest(7, 0),
            "--to",
            "production",
        ]);
        let config = if plugin { &with } else { &without };
        command.arg("--config").arg(config).arg("--records").arg(records).args(["--as-of", request::AS_OF]);
        let started = Instant::now();
        let run = command.output().unwrap();
        let took = started.elapsed();
        // Made-up records are not what every plugin allows.
        let code = run.status.code().unwrap();
        assert!(matches!(code, 0 | 1 | 4), "{code}: {}", String::from_utf8_lossy(&run.stderr));
        took
    };
    println!("  check, compiling for the first time: {:?}", run(true));
    let (with, without) = (0..PROCESSES).map(|_| (run(true), run(false))).unzip();
    print("check with kept code", with);
    print("check without a plugin", without);
}

fn warm(configuration: &str, records: &Path) {
    let gate = gate(configuration, records);
    let observation = observe(&gate, "production");
    let request = request::request(serde_json::json!({}));
    let decision = gate.decide(&observation, request.clone(), request::AS_OF.parse().unwrap());
    assert!(decision.verdict != Verdict::Undecided, "{:#?}", decision.findings);
    let as_of = request::AS_OF.parse().unwrap();
    let times = (0..ROUNDS).map(|_| {
        let started = Instant::now();
        std::hint::black_box(gate.decide(&observation, request.clone(), as_of));
        started.elapsed()
    });
    print(&format!("decision of one rule, {}", records.file_name().unwrap().display()), times.collect());
}

/// Decisions for production by a healthy plugin, while hostile ones of the same engine are asked about staging.
fn beside(healthy: &Path, records: &Path, folder: &Path) {
    let chosen = ["endless loop", "memory, slowly", "log flood", "deep recursion"];
    for (name, guest) in hostile::hostile().into_iter().filter(|(name, _)| chosen.contains(name)) {
        let hostile = write(folder, "hostile.wasm", guest.component());
        let text = format!(
            "{}plugins:\n  healthy: {{path: {}}}\n  hostile: {{path: {}, limits: {{timeout: 100ms}}}}\nrules:\n  - \
             {{plugin: healthy, environments: [production]}}\n  - {{plugin: hostile, environments: [staging]}}\n",
            configuration(),
            healthy.display(),
            hostile.display(),
        );
        let gate = gate(&text, records);
        let decide = |environment: &'static str, expected: Verdict| {
            let observation = observe(&gate, environment);
            let request = Request { environment: environment.to_owned(), ..request::request(serde_json::json!({})) };
            let gate = &gate;
            move || {
                let started = Instant::now();
                let decision = gate.decide(&observation, request.clone(), request::AS_OF.parse().unwrap());
                let took = started.elapsed();
                assert_eq!(decision.verdict, expected, "{environment}");
                took
            }
        };
        let healthy = decide("production", Verdict::Allow);
        let hostile = decide("staging", Verdict::Undecided);
        let alone = (0..ROUNDS).map(|_| healthy()).collect();
        let ended = AtomicBool::new(false);
        let together = std::thread::scope(|scope| {
            scope.spawn(|| {
                while !ended.load(Ordering::Relaxed) {
                    hostile();
                }
            });
            let times = (0..ROUNDS).map(|_| healthy()).collect();
            ended.store(true, Ordering::Relaxed);
            times
        });
        print("alone", alone);
        print(&format!("beside: {name}"), together);
    }
}

fn gate(configuration: &str, records: &Path) -> Gate {
    let config = Config::from_text(configuration, &records.with_file_name("holdpoint.yaml")).unwrap();
    // As in the server.
    let allocation = Allocation::Pooling { calls: 4 };
    let changes = Changes { records: Some(records.to_owned()), offline: true, allocation, ..Changes::default() };
    app::gate(&config, &changes).unwrap()
}

fn observe(gate: &Gate, environment: &str) -> Observation {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(gate.observe(environment, Arc::new(NoProgress))).unwrap()
}

/// A rule of this plugin besides.
fn configured(component: &Path, parameters: &str) -> String {
    format!(
        "{}plugins: {{bench: {{path: {}}}}}\nrules: [{{plugin: bench, parameters: {parameters}}}]\n",
        configuration(),
        component.display()
    )
}

fn configuration() -> String {
    "version: 1\nsources:\n  saved: {type: snapshot, path: records.json}\nenvironments:\n  - {name: dev}\n  - {name: \
     staging, after: [dev], targets: [staging-eu, staging-us]}\n  - {name: production, after: [staging]}\n\
     when_no_rule_applies: allow\n"
        .to_owned()
}

fn print(name: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    println!("  {name}: min {:?} p50 {:?} p99 {:?} max {:?}", at(0), at(50), at(99), at(100));
}
