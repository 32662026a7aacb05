//! What a `check` reads of a ledger when its rules look only at what is related to the question.

use std::path::Path;
use std::sync::Arc;

use holdpoint::app::{self, Changes};
use holdpoint::config::Config;
use holdpoint::domain::artifact::ArtifactKind;
use holdpoint::domain::decision::Decision;
use holdpoint::domain::digest::Digest;
use holdpoint::domain::record::RecordStatus;
use holdpoint::domain::request::{Intent, Request, RequestedArtifact};
use holdpoint::gate::Gate;
use holdpoint::gate::source::NoProgress;
use holdpoint::ledger::entry::{Artifact, PastRecord, Recording, Slot};
use holdpoint::ledger::store::{Access, Place, Store};
use holdpoint::source::ledger::LedgerSource;
use jiff::Timestamp;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config as Runs, TestRunner};
use serde_json::Value;

use crate::support::cli::{Holdpoint, root};
use crate::support::world;

pub(super) const TARGETS: [&str; 5] = ["dev", "staging-eu", "staging-us", "prod-eu", "prod-us"];
pub(super) const DEPLOYMENTS: [&str; 6] = ["storefront", "storefront-next", "basket", "search", "stock", "mail"];
const DAY: i64 = 86_400;

/// Every policy of the library, some more than once.
const RULES: &str = r"
  - {policy: artifact.pinned}
  - {policy: artifact.registries, parameters: {allowed: [ghcr.io/acme]}}
  - {policy: promotion.approved}
  - {policy: promotion.change_freeze, parameters: {deny: [{name: year end, from: 2026-11-19, until: 2026-12-01}]}}
  - {policy: promotion.deployed_before, parameters: {min_targets: all}}
  - {policy: promotion.deployed_before, parameters: {strategy: any, deployment: same, when_missing: hold}}
  - {policy: promotion.soak_time, parameters: {minimum: 5d, min_targets: 1}}
  - {policy: promotion.soak_time, parameters: {minimum: 1d, min_targets: all, environments: [dev, staging]}}
  - {policy: promotion.digest_known}
  - {policy: promotion.digest_known, parameters: {environments: [staging], statuses: [DEPLOYED]}}
  - {policy: promotion.max_age, parameters: {maximum: 10d}}
  - {policy: promotion.no_downgrade}
  - {policy: promotion.no_downgrade, parameters: {when_unordered: deny}}
  - {policy: promotion.not_withdrawn}
  - {policy: promotion.not_withdrawn, parameters: {removed_from: environment, environments: [dev, staging, production]}}
  - {policy: promotion.one_version}
  - {policy: promotion.one_version, parameters: {maximum: 2, when_exceeded: hold}}
  - {policy: promotion.record_freshness, parameters: {maximum: 15d}}
  - {policy: promotion.rings, parameters: {minimum: 60%, environments: [staging]}}
  - {policy: promotion.same_artifact_name}
";

fn config(folder: &Path, policies: &Path, rules: &str) -> Config {
    let text = format!(
        "version: 1\nsources: {{own: {{type: ledger, path: ledger.db}}}}\nenvironments:\n  - {{name: dev}}\n  \
         - {{name: staging, after: [dev], targets: [staging-eu, staging-us]}}\n  \
         - {{name: production, after: [staging], targets: [prod-eu, prod-us]}}\npolicies: [{}]\nrules:{rules}",
        policies.display()
    );
    std::fs::write(folder.join("holdpoint.yaml"), text).unwrap();
    Config::load(&folder.join("holdpoint.yaml")).unwrap()
}

pub(super) fn digest(number: u8) -> Digest {
    Digest::from_bytes([number; 32])
}

/// What is known of an artifact besides its number.
fn artifact(number: u8, name: u8) -> Artifact {
    Artifact {
        kind: if number == 5 { ArtifactKind::HelmChart } else { ArtifactKind::ContainerImage },
        name: ["ghcr.io/acme/storefront", "docker.io/else/storefront"][usize::from(name)].to_owned(),
        digest: digest(number),
        version: if number == 4 { "latest".to_owned() } else { format!("1.{number}.0") },
    }
}

/// An artifact of this number that entered a slot so many days ago.
fn past(target: usize, deployment: &str, artifact: Artifact, status: RecordStatus, day: i64) -> PastRecord {
    let created = now().as_second() - day * DAY;
    let slot = Slot { environment_name: TARGETS[target].to_owned(), deployment_name: deployment.to_owned() };
    PastRecord {
        recording: Recording { slot, artifact, project: None },
        status,
        created_at: Some(Timestamp::from_second(created).unwrap()),
        last_seen_at: Some(Timestamp::from_second(created + day * DAY / 2).unwrap()),
        runs_now: false,
    }
}

pub(super) fn record() -> impl Strategy<Value = PastRecord> {
    let place = (0..TARGETS.len(), 0..DEPLOYMENTS.len());
    let statuses = prop_oneof![
        3 => Just(RecordStatus::Deployed),
        1 => Just(RecordStatus::Superseded),
        1 => Just(RecordStatus::Decommissioned)
    ];
    (place, 0..6_u8, 0..8_u8, statuses, 0..30_i64).prop_map(|((target, deployment), number, name, status, day)| {
        past(target, DEPLOYMENTS[deployment], artifact(number, u8::from(name == 0)), status, day)
    })
}

fn request() -> impl Strategy<Value = Request> {
    let names = prop_oneof![
        Just(None),
        (0..DEPLOYMENTS.len()).prop_map(|number| Some(DEPLOYMENTS[number].to_owned())),
        Just(Some("unknown".to_owned()))
    ];
    let intents = prop_oneof![3 => Just(Intent::Deploy), 1 => Just(Intent::Rollback)];
    (0..8_u8, 0..2_u8, names, intents).prop_map(|(number, name, deployment_name, intent)| Request {
        deployment_name,
        intent,
        ..asking(number, name)
    })
}

/// A request for the artifact of this number.
fn asking(number: u8, name: u8) -> Request {
    let artifact = artifact(number, name);
    let request = world::request(&artifact.digest.to_string());
    Request {
        artifact: RequestedArtifact {
            reference: format!("{}@{}", artifact.name, artifact.digest),
            kind: artifact.kind,
            name: artifact.name,
            ..request.artifact
        },
        ..request
    }
}

fn now() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

/// All that a decision rests on and says, but for what was read.
fn said(decision: &Decision) -> Value {
    let mut said = serde_json::to_value(decision).unwrap();
    for key in ["id", "duration_ms", "snapshot"] {
        said.as_object_mut().unwrap().remove(key).unwrap();
    }
    said
}

/// The decision with all records, and with those that are related, chosen and looked up; and how many were read for each.
async fn each_way(gates: &[Gate; 2], request: &Request) -> [(Value, usize); 3] {
    let asked = std::slice::from_ref(request);
    let [chosen, looked_up] = gates;
    let observations = [
        (chosen, chosen.observe("production", Arc::new(NoProgress)).await.unwrap()),
        (chosen, chosen.observe_for("production", asked, Arc::new(NoProgress)).await.unwrap()),
        (looked_up, looked_up.observe_for("production", asked, Arc::new(NoProgress)).await.unwrap()),
    ];
    observations.map(|(gate, observation)| {
        let decision = gate.decide(&observation, request.clone(), now());
        (said(&decision), decision.snapshot.sources[0].records)
    })
}

pub(super) async fn ledger(folder: &Path, records: Vec<PastRecord>) {
    let place = Place::File(folder.join("ledger.db"));
    if folder.join("ledger.db").exists() {
        for name in ["ledger.db", "ledger.db-wal", "ledger.db-shm"] {
            std::fs::remove_file(folder.join(name)).ok();
        }
    }
    let store = Store::open(&place, Access::Create).await.unwrap();
    store.import(records, now()).await.unwrap();
    store.close().await;
}

/// A gate with these rules over the folder's ledger, which it always reads whole, or as little of as it can.
fn gate(folder: &Path, policies: &Path, rules: &str, whole: bool) -> Gate {
    let mut gate = app::gate(&config(folder, policies, rules), &Changes::default()).unwrap();
    let source = LedgerSource::new(Place::File(folder.join("ledger.db")), Arc::new(now));
    gate.sources.get_mut("own").unwrap().source = Arc::new(source.whole_up_to(if whole { u64::MAX } else { 0 }));
    gate
}

/// The two ways to what is related: read whole and then chosen from, and looked up.
fn gates(folder: &Path, policies: &Path, rules: &str) -> [Gate; 2] {
    [true, false].map(|whole| gate(folder, policies, rules, whole))
}

/// How often the two read different numbers of records, and how often they said different things.
fn compare(rules: &str, policies: &Path, cases: u32) -> (usize, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let gates = gates(folder.path(), policies, rules);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let worlds = (prop::collection::vec(record(), 1..60), prop::collection::vec(request(), 5));
    let (mut fewer, mut different) = (0, Vec::new());
    let mut runner = TestRunner::new_with_rng(
        Runs { failure_persistence: None, ..Runs::default() },
        proptest::test_runner::TestRng::from_seed(proptest::test_runner::RngAlgorithm::ChaCha, &[7; 32]),
    );
    for _ in 0..cases {
        let (mut records, requests) = worlds.new_tree(&mut runner).unwrap().current();
        // A target that the ledger does not know is an error, however it is read.
        let anything = |target| past(target, "mail", artifact(6, 0), RecordStatus::Deployed, 31);
        records.extend((0..TARGETS.len()).map(anything));
        runtime.block_on(async {
            ledger(folder.path(), records.clone()).await;
            for request in &requests {
                let [(whole, of_all), (chosen, _), (looked_up, of_related)] = each_way(&gates, request).await;
                fewer += usize::from(of_related < of_all);
                for (way, related) in [("chosen", chosen), ("looked up", looked_up)] {
                    if related != whole {
                        different.push(format!("{way}: {request:#?}\n{records:#?}\n{whole:#}\n{related:#}"));
                    }
                }
            }
        });
    }
    (fewer, different)
}

#[test]
fn the_library_says_the_same_of_related_records() {
    let (fewer, different) = compare(RULES, &root().join("policies"), 12);
    assert!(different.is_empty(), "{} differ, the first:\n{}", different.len(), different[0]);
    assert!(fewer > 40, "fewer records were read {fewer} times of 60");
}

#[test]
fn what_holds_the_slot_is_looked_up_in_other_slots_too() {
    let folder = tempfile::tempdir().unwrap();
    let rules = "\n  - {policy: promotion.no_downgrade}\n";
    let gates = gates(folder.path(), &root().join("policies"), rules);
    // `latest` has no order, so it counts which was deployed first, anywhere: what holds the slot was, as another
    // deployment.
    let mut records = vec![
        past(0, "mail", artifact(4, 1), RecordStatus::Deployed, 20),
        past(0, "storefront", artifact(1, 1), RecordStatus::Deployed, 10),
        past(3, "storefront", artifact(4, 1), RecordStatus::Deployed, 5),
    ];
    records.extend((0..TARGETS.len()).map(|target| past(target, "stock", artifact(6, 1), RecordStatus::Deployed, 30)));
    let request = Request { deployment_name: Some("storefront".to_owned()), ..asking(1, 1) };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let [(whole, of_all), (chosen, _), (looked_up, of_related)] = runtime.block_on(async {
        ledger(folder.path(), records).await;
        each_way(&gates, &request).await
    });
    assert_eq!(whole["verdict"], "allow", "{:#}", whole["findings"]);
    assert_eq!([&chosen, &looked_up], [&whole, &whole]);
    assert!(of_related < of_all, "{of_related} of {of_all}");
}

#[test]
fn a_policy_that_breaks_its_promise_is_noticed_by_the_comparison() {
    let folder = tempfile::tempdir().unwrap();
    let policy = "# METADATA\n# custom: {records: related}\npackage broken\n\n\
                  deny contains sprintf(\"%v\", [names]) if names := {name | data.holdpoint.records.by_slot[_][_][name]}\n";
    std::fs::write(folder.path().join("broken.rego"), policy).unwrap();
    let (_, different) = compare("\n  - {policy: broken}\n", folder.path(), 4);
    for way in ["chosen", "looked up"] {
        assert!(different.iter().any(|one| one.starts_with(way)), "{way}");
    }
}

/// A folder with a policy, and a ledger with so many deployments in each target.
pub(super) fn project(metadata: &str, condition: &str, deployments: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let policies = folder.path().join("policies");
    std::fs::create_dir(&policies).unwrap();
    let policy = format!("# METADATA\n# custom: {{{metadata}}}\npackage own\n\ndeny contains \"no\" if {condition}\n");
    std::fs::write(policies.join("own.rego"), policy).unwrap();
    config(folder.path(), &policies, "\n  - {policy: own}\n");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let of = |target, number: usize| {
        let artifact = artifact(if number == 0 { 1 } else { 2 }, 0);
        past(target, &format!("service-{number:03}"), artifact, RecordStatus::Deployed, 1)
    };
    let records = (0..TARGETS.len()).flat_map(|target| (0..deployments).map(move |number| of(target, number)));
    runtime.block_on(ledger(folder.path(), records.collect()));
    folder
}

#[test]
fn only_what_is_related_is_read_when_all_rules_say_so() {
    // Of a large ledger, the slot of the artifact in each target.
    let cases = [("records: related", 101, 5), ("records: related", 100, 500), ("records: all", 101, 505)];
    for (metadata, deployments, read) in cases {
        let folder = project(metadata, "input.request.environment == \"elsewhere\"", deployments);
        let arguments = ["check", &digest(1).to_string(), "--to", "production", "--format", "json"];
        let run = Holdpoint::new(&arguments).directory(folder.path()).run();
        let decision = run.json();
        let source = &decision["snapshot"]["sources"][0];
        assert_eq!((run.code, source["records"].as_u64()), (0, Some(read)), "{metadata}");
        let is_related = read == 5;
        assert_eq!(source["related_only"].as_bool(), is_related.then_some(true), "{metadata}");
        assert_eq!(decision["promotion"][2]["not_listed"].is_null(), is_related, "{metadata}: {decision:#}");
        std::fs::write(folder.path().join("decision.json"), &run.stdout).unwrap();
        let replay = Holdpoint::new(&["replay", "decision.json"]).directory(folder.path()).run();
        assert_eq!(replay.code, 0, "{metadata}: {replay:?}");
    }
}

#[test]
fn what_cannot_be_related_is_refused() {
    let cases = [
        ("records: some", "true", "own.rego:1:1: `custom.records` is \"some\"; it can be `all` or `related`"),
        (
            "records: related",
            "count(data.holdpoint.records.by_environment.production) == 0",
            "the policy `own` says `custom.records: related`, and uses `by_environment` in",
        ),
    ];
    for (metadata, condition, message) in cases {
        let folder = project(metadata, condition, 1);
        let arguments = ["check", &digest(1).to_string(), "--to", "production"];
        let run = Holdpoint::new(&arguments).directory(folder.path()).run();
        assert!(run.code == 2 && run.stderr.contains(message), "{run:?}");
    }
    let folder = project("records: all", "count(data.holdpoint.records.by_environment.production) == 0", 1);
    let arguments = ["check", &digest(1).to_string(), "--to", "production"];
    assert_eq!(Holdpoint::new(&arguments).directory(folder.path()).run().code, 0);
}
