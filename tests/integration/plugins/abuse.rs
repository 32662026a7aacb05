//! Plugins that do what they should not: each ends as a failure with words, in time, and the next call is right.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use holdpoint::domain::rule::RuleKind;
use holdpoint::engine::wasm::{Allocation, WasmEngine};
use holdpoint::gate::engine::Answer;

use super::guest::{Guest, saying, text};
use super::hostile::{COUNT, NONE, PASS, SOME, body, hostile};
use super::library::{DIGEST, LONG, SHORT, ask, ask_plugin, load, record, spec, world};

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

/// Denies when its global, its data, its memory or the memory's size are not as they were made, and changes them all.
fn looking_for_what_is_left(times: usize) -> Guest {
    let ((code_data, code), (message_data, message)) = (text(0, "left"), text(1, "something is left"));
    let left = "(global $seen (mut i32) (i32.const 0))
      (func $left (result i32) (local $at i32) (local $left i32)
        (local.set $left (i32.or (global.get $seen) (i32.ne (i32.load8_u (i32.const 256)) (i32.const 116))))
        (local.set $left (i32.or (local.get $left) (i32.ne (memory.size) (i32.const 2))))
        (drop (memory.grow (i32.const 100)))
        (local.set $at (i32.const 98304))
        (loop $next
          (local.set $left (i32.or (local.get $left) (i32.load (local.get $at))))
          (i32.store (local.get $at) (i32.const -1))
          (local.set $at (i32.add (local.get $at) (i32.const 4)))
          (br_if $next (i32.lt_u (local.get $at) (i32.const 6684672))))
        (i32.store8 (i32.const 256) (i32.const 0))
        (global.set $seen (i32.const 1))
        (local.get $left))";
    let first = "(drop (call $left))".repeat(times - 1);
    let evaluate = format!(
        "{first}(if (result i32) (call $left) (then (call $find (i32.const 0) {code} {message})) (else {PASS}))"
    );
    Guest::default().evaluate(&evaluate).functions(&format!("{left}{code_data}{message_data}"))
}

#[test]
fn nothing_of_a_call_is_left_for_the_next() {
    let specs = [("once", 1), ("twice", 2)];
    let specs = specs.map(|(name, times)| spec(name, looking_for_what_is_left(times).component(), LONG));
    for allocation in [Allocation::OnDemand, Allocation::Pooling { calls: 1 }] {
        let (engine, world) = (load(&specs, allocation).unwrap(), world(Vec::new()));
        for _ in 0..5 {
            assert_eq!(ask_plugin(&engine, &world, "once").unwrap(), Answer::default(), "{allocation:?}");
            // In one call it sees what it left itself.
            assert_eq!(ask_plugin(&engine, &world, "twice").unwrap().denials.len(), 1, "{allocation:?}");
        }
    }
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
    assert_eq!(ask_plugin(&engine, &world, "one").unwrap(), Answer::default());
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
