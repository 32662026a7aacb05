//! Plugins that do what they should not: each ends as a failure with words, in time, and the next call is right.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use holdpoint::domain::rule::RuleKind;
use holdpoint::engine::wasm::{Allocation, WasmEngine};

use super::guest::{Guest, saying, text};
use super::library::{DIGEST, LONG, SHORT, ask, ask_plugin, load, record, spec, world};

const LOG: &str = r#"(import "holdpoint:plugin/log@0.1.0" "log" (func $log (param i32 i32 i32)))"#;
const COUNT: &str = r#"(import "holdpoint:plugin/records@0.1.0" "count"
  (func $count (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))"#;
const LATEST: &str = r#"(import "holdpoint:plugin/records@0.1.0" "latest"
  (func $latest (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))"#;
/// A field of a filter that is absent, and one that is there for operands that follow.
const NONE: &str = "(i32.const 0) (i32.const 0) (i32.const 0)";
const SOME: &str = "(i32.const 1)";
const PASS: &str = "(i32.const 8192)";

fn body(body: &str) -> Guest {
    Guest::default().evaluate(body)
}

/// Says a finding, the address and length of whose message are these.
fn finding(pointer: &str, length: &str) -> Guest {
    body(&format!("(call $find (i32.const 0) (i32.const 256) (i32.const 4) {pointer} {length})"))
}

/// Makes the answer this number of findings at this address.
fn findings(address: &str, count: usize) -> String {
    format!("(i32.store (i32.const 8200) {address}) (i32.store (i32.const 8204) (i32.const {count}))")
}

fn logging(line: &str, rest: impl Fn(&str) -> String) -> Guest {
    let (data, operands) = text(0, line);
    body(&rest(&format!("(call $log (i32.const 3) {operands})"))).imports(LOG).functions(&data)
}

fn counting(environment: &str, digest: &str) -> Guest {
    let ((one, environment), (other, digest)) = (text(0, environment), text(1, digest));
    let call =
        format!("(drop (call $count {SOME} {environment} {NONE} {NONE} {SOME} {digest} (i32.const 0) (i32.const 0)))");
    body(&format!("{call} {PASS}")).imports(COUNT).functions(&format!("{one}{other}"))
}

/// A plugin with 50 MiB of memory that then does this.
fn grown(rest: &str) -> Guest {
    body(&format!("(drop (memory.grow (i32.const 800))) {rest} {PASS}"))
}

/// Passes after it did this.
fn passing(first: &str) -> Guest {
    body(&format!("{first} {PASS}"))
}

fn forever(what: &str) -> String {
    format!("(loop $again {what} (br $again)) {PASS}")
}

/// Passes, and then does this while its answer is cleared away.
fn afterwards(what: &str) -> Guest {
    let clear = r#"(func (export "cabi_post_holdpoint:plugin/rule@0.1.0#evaluate") (param $answer i32)"#;
    body(PASS).functions(&format!("{clear} {what})"))
}

/// An error of its own, with these words.
fn failing(why: &str) -> Guest {
    let (data, _) = text(0, why);
    let error = "(i32.store8 (i32.const 8192) (i32.const 1)) (i32.store (i32.const 8196) (i32.const 16384))";
    passing(&format!("{error} (i32.store (i32.const 8200) (i32.const {}))", why.len())).functions(&data)
}

/// What each does wrong, by name.
pub(super) fn hostile() -> Vec<(&'static str, Guest)> {
    [endless(), trapping(), large(), nonsense(), asking()].into_iter().flatten().collect()
}

fn endless() -> Vec<(&'static str, Guest)> {
    let table = "(drop (table.grow $t (ref.null func) (i32.const 1000000)))";
    let deep = "(func $deep (param i32) (result i32) (i32.add (call $deep (local.get 0)) (i32.const 1)))";
    vec![
        ("endless loop", body(&forever(""))),
        ("log flood", logging("a line of log", forever)),
        ("memory, slowly", body(&forever("(drop (memory.grow (i32.const 16)))"))),
        ("memory, at once", passing("(drop (memory.grow (i32.const 16384)))")),
        ("tables", passing(table).functions("(table $t 1 funcref)")),
        ("deep recursion", body("(call $deep (i32.const 0))").functions(deep)),
        ("endless loop after the answer", afterwards("(loop $again (br $again))")),
    ]
}

fn trapping() -> Vec<(&'static str, Guest)> {
    let panic = |log: &str| format!("{log} (unreachable)");
    vec![
        ("panic with a line of log", logging("panicked at src/lib.rs:8: no ticket", panic)),
        ("trap without a word", body("(unreachable)")),
        ("divide by zero", body("(i32.div_s (i32.const 1) (i32.load (i32.const 65500)))")),
        ("read outside memory", body("(i32.load (i32.const -8))")),
        ("trap after the answer", afterwards("(unreachable)")),
        ("an error of its own", failing("the ticket system is not known")),
    ]
}

fn large() -> Vec<(&'static str, Guest)> {
    let text = "(i32.const 256) (i32.const 41943040)";
    let find = format!("(drop (call $find (i32.const 0) (i32.const 256) (i32.const 4) {text}))");
    let log = format!("(call $log (i32.const 0) {text})");
    vec![
        ("string of 1 GB", finding("(i32.const 256)", "(i32.const 1073741824)")),
        ("string of 40 MiB that is there", grown(&find)),
        ("ten million findings", passing(&findings("(i32.const 8208)", 10_000_000))),
        ("900,000 findings that are there", grown(&findings("(i32.const 131072)", 900_000))),
        ("40 MiB of log in a line", grown(&log).imports(LOG)),
    ]
}

fn nonsense() -> Vec<(&'static str, Guest)> {
    let invalid = "(data (i32.const 16384) \"\\ff\\fe\")";
    vec![
        ("unknown enum", saying(9, "code", "message")),
        ("unknown variant", passing("(i32.store8 (i32.const 8196) (i32.const 7))")),
        ("neither answer nor error", passing("(i32.store8 (i32.const 8192) (i32.const 2))")),
        ("invalid UTF-8", finding("(i32.const 16384)", "(i32.const 2)").functions(invalid)),
        ("pointer outside memory", finding("(i32.const -256)", "(i32.const 16)")),
        ("answer outside memory", body("(i32.const -16)")),
        ("answer out of line", body("(i32.const 8193)")),
        ("finding without a message", finding("(i32.const 256)", "(i32.const 0)")),
        ("skipped without a word", passing("(i32.store8 (i32.const 8196) (i32.const 1))")),
    ]
}

fn asking() -> Vec<(&'static str, Guest)> {
    let everything = format!("{NONE} {NONE} {NONE} {NONE} (i32.const 0) (i32.const 0)");
    let count = format!("(drop (call $count {everything}))");
    let latest = format!("(call $latest {everything} (i32.const 32768))");
    vec![
        ("environment that was not read", counting("dev", DIGEST)),
        ("digest that is none", counting("staging", "sha256:latest")),
        ("questions without end", body(&forever(&count)).imports(COUNT)),
        ("record without a time", passing(&latest).imports(LATEST)),
    ]
}

/// Those without an end are stopped soon; the others are to be stopped by something else, however busy the machine is.
fn time_for(name: &str) -> Duration {
    if ["endless loop", "endless loop after the answer", "log flood"].contains(&name) { SHORT } else { LONG }
}

fn good() -> Guest {
    saying(0, "no-way", "it may not")
}

fn assert_good(engine: &WasmEngine) {
    let answer = ask_plugin(engine, &world(Vec::new()), "good").unwrap();
    assert_eq!(answer.denials[0].message, "it may not");
}

#[test]
fn each_is_a_failure_with_words_and_the_next_call_is_right() {
    let hostile = hostile();
    let mut specs: Vec<_> = hostile.iter().map(|(name, guest)| spec(name, guest.component(), time_for(name))).collect();
    specs.push(spec("good", good().component(), LONG));
    let engine = load(&specs, Allocation::OnDemand).unwrap();
    let world = world(vec![record(1, "staging", "storefront", DIGEST, None)]);
    let mut told = String::new();
    for (name, _) in &hostile {
        let started = Instant::now();
        let error = ask_plugin(&engine, &world, name).expect_err(name);
        assert!(started.elapsed() < Duration::from_secs(20), "{name}: {:?}", started.elapsed());
        assert!(error.message.starts_with(&format!("the plugin `{name}` ")), "{}", error.message);
        writeln!(told, "# {name}\n{}: {}\nhint: {}\n", error.code, error.message, error.remediation).unwrap();
        assert_good(&engine);
    }
    insta::assert_snapshot!(told);
}

#[test]
fn a_pool_contains_them_as_well() {
    let hostile = hostile();
    let mut specs: Vec<_> = hostile.iter().map(|(name, guest)| spec(name, guest.component(), time_for(name))).collect();
    specs.push(spec("good", good().component(), LONG));
    let engine = load(&specs, Allocation::Pooling { calls: 2 }).unwrap();
    let (on_demand, world) = (load(&specs, Allocation::OnDemand).unwrap(), world(Vec::new()));
    for (name, _) in &hostile {
        let kind = || RuleKind::Plugin((*name).to_owned());
        assert_eq!(ask(&engine, &world, kind()), ask(&on_demand, &world, kind()), "{name}");
        assert_good(&engine);
    }
    // More at once than there are places: they wait for each other.
    std::thread::scope(|scope| (0..8).for_each(|_| drop(scope.spawn(|| (0..20).for_each(|_| assert_good(&engine))))));
}

#[test]
fn healthy_plugins_beside_hostile_ones_stay_right() {
    let chosen = ["endless loop", "memory, slowly", "deep recursion", "log flood", "trap without a word"];
    let hostile: Vec<_> = hostile().into_iter().filter(|(name, _)| chosen.contains(name)).collect();
    let mut specs: Vec<_> = hostile.iter().map(|(name, guest)| spec(name, guest.component(), time_for(name))).collect();
    specs.push(spec("good", good().component(), LONG));
    let engine = load(&specs, Allocation::OnDemand).unwrap();
    let (engine, world) = (&engine, &world(Vec::new()));
    // Threads with the stack that they have by default: a plugin must run out of its own before it runs out of theirs.
    std::thread::scope(|scope| {
        for (name, _) in &hostile {
            scope.spawn(move || (0..3).for_each(|_| drop(ask_plugin(engine, world, name).unwrap_err())));
        }
        for _ in 0..2 {
            scope.spawn(|| (0..100).for_each(|_| assert_good(engine)));
        }
    });
}

#[test]
fn many_questions_about_many_records_end_in_time() {
    let everything = format!("{NONE} {NONE} {NONE} {NONE} (i32.const 0) (i32.const 0)");
    let again = "(local.set $left (i32.sub (local.get $left) (i32.const 1))) (br_if $again (local.get $left))";
    let asking = |filter: &str| {
        let call = format!("(drop (call $count {filter}))");
        let loops = format!("(local $left i32) (local.set $left (i32.const 1000)) (loop $again {call} {again}) {PASS}");
        body(&loops).imports(COUNT).functions(&text(0, DIGEST).0).component()
    };
    let one = format!("{NONE} {NONE} {NONE} {SOME} {} (i32.const 0) (i32.const 0)", text(0, DIGEST).1);
    let limit = Duration::from_secs(1);
    let engine =
        load(&[spec("all", asking(&everything), limit), spec("one", asking(&one), LONG)], Allocation::OnDemand);
    let other = DIGEST.replace("aa", "bb");
    let records = (0..100_000).map(|number| {
        let digest = if number == 7 { DIGEST } else { other.as_str() };
        record(number, "staging", &format!("service-{}", number % 100), digest, Some(1_700_000_000))
    });
    let (engine, world) = (engine.unwrap(), world(records.collect()));
    // Those that an index finds are no work. All of them a thousand times are as much as there is time for.
    assert_eq!(ask_plugin(&engine, &world, "one").unwrap(), Default::default());
    let started = Instant::now();
    if let Err(error) = ask_plugin(&engine, &world, "all") {
        assert_eq!((error.code, error.message.as_str()), ("plugin_timeout", "the plugin `all` took longer than 1s"));
    }
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
}

#[test]
fn an_engine_without_plugins_answers_for_none() {
    let engine = load(&[], Allocation::Pooling { calls: 4 }).unwrap();
    let error = ask_plugin(&engine, &world(Vec::new()), "custom").unwrap_err();
    assert_eq!(error.message, "the plugin `custom` is not loaded");
}

/// The middle of the times that a healthy plugin takes, while this goes on beside it.
fn middle(engine: &WasmEngine, beside: Option<&str>) -> Duration {
    let (world, ended) = (world(Vec::new()), AtomicBool::new(false));
    std::thread::scope(|scope| {
        if let Some(name) = beside {
            scope.spawn(|| {
                while !ended.load(Ordering::Relaxed) {
                    drop(ask_plugin(engine, &world, name).unwrap_err());
                }
            });
        }
        let one = || {
            let started = Instant::now();
            assert_good(engine);
            started.elapsed()
        };
        let mut times: Vec<_> = (0..2_000).map(|_| one()).collect();
        ended.store(true, Ordering::Relaxed);
        times.sort();
        times[times.len() / 2]
    })
}

#[test]
#[ignore = "a measurement, for a machine with two free cores: cargo test -- --ignored healthy_plugins_keep"]
fn healthy_plugins_keep_their_pace_beside_hostile_ones() {
    let chosen = ["endless loop", "memory, slowly", "log flood"];
    let hostile: Vec<_> = hostile().into_iter().filter(|(name, _)| chosen.contains(name)).collect();
    let mut specs: Vec<_> = hostile.iter().map(|(name, guest)| spec(name, guest.component(), time_for(name))).collect();
    specs.push(spec("good", good().component(), LONG));
    let engine = load(&specs, Allocation::OnDemand).unwrap();
    for (name, _) in &hostile {
        let (alone, beside) = (middle(&engine, None), middle(&engine, Some(name)));
        assert!(beside <= alone * 2, "{name}: {beside:?}, and {alone:?} alone");
    }
}
