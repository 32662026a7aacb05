//! One rule, as a policy and as a plugin: the same answer in every world.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::LazyLock;
use std::time::Duration;

use holdpoint::domain::record::RecordStatus;
use holdpoint::domain::rule::RuleKind;
use holdpoint::engine::rego::{Limits, RegoEngine};
use holdpoint::engine::wasm::{Allocation, WasmEngine};
use proptest::prelude::*;

use super::guest::{Guest, text};
use super::library::{DIGEST, LONG, ask, load, record, rule, spec, world};

const TARGETS: [&str; 2] = ["staging-eu", "staging-us"];
const NAMES: [&str; 2] = ["storefront", "checkout"];
const OTHER: &str = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

/// The digest has to be what is deployed as the newest record of some slot of staging.
const POLICY: &str = r#"package same
import rego.v1
runs if {
    some slots in data.holdpoint.records.by_slot.staging
    some records in slots
    records[0].status == "DEPLOYED"
    records[0].artifact.digest == input.request.artifact.digest
}
deny contains "it runs nowhere in staging" if not runs
"#;

/// The same: the newest record of each slot, its status at 32840 and its digest at 32824.
fn plugin() -> Guest {
    let mut data = String::new();
    let mut operands = |slot, words: &str| {
        let (more, operands) = text(slot, words);
        data.push_str(&more);
        operands
    };
    let staging = operands(0, "staging");
    let slots: Vec<_> = TARGETS.iter().flat_map(|target| NAMES.iter().map(move |name| (target, name))).collect();
    let mut calls = String::new();
    for (position, (target, name)) in slots.into_iter().enumerate() {
        let (target, name) = (operands(1 + 2 * position, target), operands(2 + 2 * position, name));
        writeln!(calls, "(br_if $runs (call $slot (local.get $input) {target} {name}))").unwrap();
    }
    let (code, message) = (operands(20, "runs-nowhere"), operands(21, "it runs nowhere in staging"));
    let none = "(i32.const 0) (i32.const 0) (i32.const 0)";
    let functions = format!(
        r"(func $slot (param $input i32) (param $target i32) (param $target_length i32) (param $name i32) (param $name_length i32) (result i32)
    (local $at i32)
    (i32.store8 (i32.const 32768) (i32.const 0))
    (call $latest (i32.const 1) {staging} (i32.const 1) (local.get $target) (local.get $target_length)
      (i32.const 1) (local.get $name) (local.get $name_length) {none} (i32.const 0) (i32.const 0) (i32.const 32768))
    (if (i32.eqz (i32.load8_u (i32.const 32768))) (then (return (i32.const 0))))
    (if (i32.load8_u (i32.const 32840)) (then (return (i32.const 0))))
    (if (i32.ne (i32.load (i32.const 32828)) (i32.load offset=20 (local.get $input))) (then (return (i32.const 0))))
    (loop $next
      (if (i32.ne
            (i32.load8_u (i32.add (i32.load (i32.const 32824)) (local.get $at)))
            (i32.load8_u (i32.add (i32.load offset=16 (local.get $input)) (local.get $at))))
        (then (return (i32.const 0))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $at) (i32.load (i32.const 32828)))))
    (i32.const 1))
  {data}"
    );
    let body = format!("(block $runs {calls} (return (call $find (i32.const 0) {code} {message}))) (i32.const 8192)");
    let latest = r#"(import "holdpoint:plugin/records@0.1.0" "latest"
  (func $latest (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))"#;
    Guest::default().imports(latest).functions(&functions).evaluate(&body)
}

static PLUGIN: LazyLock<WasmEngine> =
    LazyLock::new(|| load(&[spec("same", plugin().component(), LONG)], Allocation::OnDemand).unwrap());

static POLICIES: LazyLock<RegoEngine> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("same.rego");
    std::fs::write(&path, POLICY).unwrap();
    let limits = Limits { rule: Duration::from_mins(1), evaluation: Duration::from_mins(1) };
    RegoEngine::load(&[path], &[rule(RuleKind::Policy("same".to_owned()))], BTreeSet::new(), limits).unwrap()
});

/// A record: its target, its name, whether it has the digest, its state, and its second.
type Seed = (usize, usize, bool, u8, i64);

fn records() -> impl Strategy<Value = Seed> {
    (0..TARGETS.len(), 0..NAMES.len(), any::<bool>(), 0..5_u8, 0..6_i64)
}

/// Whether the policy and the plugin object.
fn objections(records: &[Seed]) -> (bool, bool) {
    let one = |(id, &(target, name, same, state, second)): (usize, &Seed)| {
        let digest = if same { DIGEST } else { OTHER };
        let mut one = record(id, TARGETS[target], NAMES[name], digest, Some(second));
        one.status = match state {
            0 | 1 => RecordStatus::Deployed,
            2 => RecordStatus::Superseded,
            3 => RecordStatus::Decommissioned,
            _ => RecordStatus::Other("ROLLING_BACK".into()),
        };
        one
    };
    let world = world(records.iter().enumerate().map(one).collect());
    let policy = ask(&*POLICIES, &world, RuleKind::Policy("same".to_owned())).unwrap();
    let plugin = ask(&*PLUGIN, &world, RuleKind::Plugin("same".to_owned())).unwrap();
    (!policy.denials.is_empty(), !plugin.denials.is_empty())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_policy_and_a_plugin_agree(records in proptest::collection::vec(records(), 0..12)) {
        let (policy, plugin) = objections(&records);
        prop_assert_eq!(policy, plugin);
    }
}

#[test]
fn both_object_and_both_pass() {
    assert_eq!(objections(&[]), (true, true));
    assert_eq!(objections(&[(1, 1, true, 0, 5), (0, 0, false, 0, 9)]), (false, false));
    assert_eq!(objections(&[(1, 1, true, 0, 5), (1, 1, false, 0, 6)]), (true, true));
}
