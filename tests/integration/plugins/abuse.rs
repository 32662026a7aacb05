//! Plugins that do what they should not: each ends as a failure with words, in time, and the next call is right.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use holdpoint::domain::rule::RuleKind;
use holdpoint::engine::wasm::{Allocation, WasmEngine};

use super::guest::{Guest, saying, text};
use super::library::{LONG, SHORT, ask, ask_plugin, load, record, spec, world};

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

/// An answer with this number of findings at this address.
fn findings(address: &str, count: usize) -> String {
    format!("(i32.store (i32.const 8200) {address}) (i32.store (i32.const 8204) (i32.const {count})) {PASS}")
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

/// What each does wrong, by name.
fn hostile() -> Vec<(&'static str, Guest)> {
    let (invalid, _) = text(0, "");
    let (why, operands) = text(0, "the ticket system is not known");
    let everything = format!("{NONE} {NONE} {NONE} {NONE} (i32.const 0) (i32.const 0)");
    let forever = |what: &str| format!("(loop $again {what} (br $again)) {PASS}");
    let deep = "(func $deep (param i32) (result i32) (i32.add (call $deep (local.get 0)) (i32.const 1)))";
    let grown = "(drop (memory.grow (i32.const 800)))";
    vec![
        ("endless loop", body(&forever(""))),
        ("memory, slowly", body(&forever("(drop (memory.grow (i32.const 16)))"))),
        ("memory, at once", body(&format!("(drop (memory.grow (i32.const 16384))) {PASS}"))),
        ("tables", body(&format!("(drop (table.grow $t (ref.null func) (i32.const 1000000))) {PASS}")).functions("(table $t 1 funcref)")),
        ("deep recursion", body("(call $deep (i32.const 0))").functions(deep)),
        ("panic with a line of log", logging("panicked at src/lib.rs:8: no ticket", |log| format!("{log} (unreachable)"))),
        ("trap without a word", body("(unreachable)")),
        ("divide by zero", body("(i32.div_s (i32.const 1) (i32.load (i32.const 65500)))")),
        ("read outside memory", body("(i32.load (i32.const -8))")),
        ("string of 1 GB", finding("(i32.const 256)", "(i32.const 1073741824)")),
        ("string of 40 MiB that is there", body(&format!("{grown} (call $find (i32.const 0) (i32.const 256) (i32.const 4) (i32.const 256) (i32.const 41943040))"))),
        ("ten million findings", body(&findings("(i32.const 8208)", 10_000_000))),
        ("900,000 findings that are there", body(&format!("{grown} {}", findings("(i32.const 131072)", 900_000)))),
        ("log flood", logging("a line of log", forever)),
        ("40 MiB of log in a line", body(&format!("{grown} (call $log (i32.const 0) (i32.const 256) (i32.const 41943040)) {PASS}")).imports(LOG)),
        ("unknown enum", saying(9, "code", "message")),
        ("unknown variant", body(&format!("(i32.store8 (i32.const 8196) (i32.const 7)) {PASS}"))),
        ("neither answer nor error", body(&format!("(i32.store8 (i32.const 8192) (i32.const 2)) {PASS}"))),
        ("invalid UTF-8", finding("(i32.const 16384)", "(i32.const 2)").functions(&format!("{invalid}(data (i32.const 16384) \"\\ff\\fe\")"))),
        ("pointer outside memory", finding("(i32.const -256)", "(i32.const 16)")),
        ("answer outside memory", body("(i32.const -16)")),
        ("answer out of line", body("(i32.const 8193)")),
        ("finding without a message", finding("(i32.const 256)", "(i32.const 0)")),
        ("skipped without a word", body(&format!("(i32.store8 (i32.const 8196) (i32.const 1)) {PASS}"))),
        ("an error of its own", body(&format!("(drop (call $find (i32.const 0) (i32.const 256) (i32.const 4) {operands})) (i32.store8 (i32.const 8192) (i32.const 1)) (i32.store (i32.const 8196) (i32.const 16384)) (i32.store (i32.const 8200) (i32.const 30)) {PASS}")).functions(&why)),
        ("environment that was not read", counting("dev", super::library::DIGEST)),
        ("digest that is none", counting("staging", "sha256:latest")),
        ("questions without end", body(&forever(&format!("(drop (call $count {everything}))"))).imports(COUNT)),
        ("record without a time", body(&format!("(call $latest {everything} (i32.const 32768)) {PASS}")).imports(LATEST)),
    ]
}

/// Those without an end are stopped soon; the others are to be stopped by something else, however busy the machine is.
fn time_for(name: &str) -> Duration {
    if ["endless loop", "log flood"].contains(&name) { SHORT } else { LONG }
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
    let world = world(vec![record(1, "staging", "storefront", super::library::DIGEST, None)]);
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
fn an_engine_without_plugins_answers_for_none() {
    let engine = load(&[], Allocation::Pooling { calls: 4 }).unwrap();
    let error = ask_plugin(&engine, &world(Vec::new()), "custom").unwrap_err();
    assert_eq!(error.message, "the plugin `custom` is not loaded");
}
