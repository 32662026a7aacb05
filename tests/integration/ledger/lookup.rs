//! What is related to a question, read from a ledger's server.

use std::collections::BTreeSet;
use std::sync::Arc;

use holdpoint::domain::digest::Digest;
use holdpoint::gate::source::{
    Fetched, NoProgress, Progress, RecordFilters, RecordQuery, RecordSource, Related, SourceError, SourceErrorKind,
};
use holdpoint::ledger::token::Scope;
use holdpoint::source::chainloop::{ChainloopOptions, ChainloopSource, Product};
use holdpoint::source::ledger::LedgerSource;
use jiff::Timestamp;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use super::client::{options, query};
use super::related::{DEPLOYMENTS, TARGETS, digest, ledger, project, record};
use super::server::{Place, Server, recording};
use crate::support::cli::Holdpoint;

fn clock() -> Arc<dyn Fn() -> Timestamp + Send + Sync> {
    Arc::new(|| "2026-11-20T12:00:00Z".parse().unwrap())
}

fn histories(targets: &[&str]) -> RecordQuery {
    query(targets, RecordFilters { full_history: true, ..RecordFilters::default() })
}

fn about(digests: &[u8], names: &[&str]) -> Related {
    Related {
        digests: digests.iter().copied().map(digest).collect(),
        deployment_names: names.iter().map(|name| (*name).to_owned()).collect(),
    }
}

/// The server's records, a page for each, so that short lists are always the shorter way.
async fn source(server: &Server) -> ChainloopSource {
    let token = server.token(Scope::Read, None).await;
    let options = ChainloopOptions { page_size: 1, ..options(server, &token) };
    ChainloopSource::new(&options, clock()).unwrap().whole_up_to(0)
}

fn ids(fetched: &Fetched) -> Vec<BTreeSet<&str>> {
    fetched.environments.iter().map(|found| found.records.iter().map(|record| &*record.id).collect()).collect()
}

fn count(fetched: &Fetched) -> usize {
    fetched.environments.iter().map(|found| found.records.len()).sum()
}

/// What the file has for the same question.
async fn of_file(place: &Place, asked: &RecordQuery, related: &Related) -> Fetched {
    let file = LedgerSource::new(place.of_store(), clock()).whole_up_to(0);
    file.fetch_related(asked, related, &NoProgress).await.unwrap().unwrap()
}

#[test]
fn the_server_finds_what_the_file_finds() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let questions = (prop::collection::vec(0..8_u8, 1..3), prop::collection::vec(0..DEPLOYMENTS.len(), 0..2));
    let mut runner = TestRunner::deterministic();
    let mut fewer = 0;
    for _ in 0..10 {
        let records = prop::collection::vec(record(), 15..40).new_tree(&mut runner).unwrap().current();
        let folder = tempfile::tempdir().unwrap();
        runtime.block_on(ledger(folder.path(), records.clone()));
        let place = Place::Sqlite(folder);
        runtime.block_on(async {
            let server = Server::start(&place).await;
            let source = source(&server).await;
            let known: BTreeSet<&str> = records.iter().map(|record| &*record.recording.slot.environment_name).collect();
            let asked = histories(&TARGETS.into_iter().filter(|target| known.contains(target)).collect::<Vec<_>>());
            for _ in 0..4 {
                let (digests, names) = questions.new_tree(&mut runner).unwrap().current();
                let related = about(&digests, &names.iter().map(|name| DEPLOYMENTS[*name]).collect::<Vec<_>>());
                let file = of_file(&place, &asked, &related).await;
                let Some(read) = source.fetch_related(&asked, &related, &NoProgress).await.unwrap() else { continue };
                assert_eq!(ids(&read), ids(&file), "{related:?} {records:#?}");
                assert_eq!(read.digest, file.digest);
                let all = LedgerSource::new(place.of_store(), clock()).fetch(&asked, &NoProgress).await.unwrap();
                fewer += usize::from(count(&read) < count(&all));
            }
            server.stop().await;
        });
    }
    assert!(fewer > 10, "fewer records were read {fewer} times of 40");
}

/// Six deployments in two environments, each with two artifacts one after the other.
async fn two_environments() -> (Place, Server, ChainloopSource) {
    let place = Place::sqlite();
    let server = Server::start(&place).await;
    for number in 1..=6 {
        for environment in ["staging", "production"] {
            server.record(environment, &format!("d{number}"), number * 2).await;
            server.record(environment, &format!("d{number}"), number * 2 + 1).await;
        }
    }
    let source = source(&server).await;
    (place, server, source)
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_of_two_moments_are_not_put_together() {
    let asked = histories(&["staging", "production"]);
    let related = about(&[2], &["d3"]);
    let changes = |pattern: &[bool]| {
        let change = |(number, changes): (usize, &bool)| {
            let artifact = 100 + u8::try_from(number).unwrap();
            changes.then(|| recording(if number % 2 == 0 { "staging" } else { "production" }, "d1", artifact))
        };
        pattern.iter().enumerate().map(change).collect::<Vec<_>>()
    };
    // After which answers something changes, whether the lists are read in the end, and whether more is asked for that.
    let cases =
        [(vec![false; 1], true, false), (vec![false, false, true], true, true), (vec![true; 100], false, false)];
    for (pattern, is_read, again) in cases {
        let (place, server, source) = two_environments().await;
        let calm = source.fetch_related(&asked, &related, &NoProgress).await.unwrap().unwrap();
        assert_eq!(ids(&calm), ids(&of_file(&place, &asked, &related).await));
        let answers = server.answers().len();
        server.between(|between| between.recorded = changes(&pattern).into());
        let read = source.fetch_related(&asked, &related, &NoProgress).await.unwrap();
        assert_eq!(read.is_some(), is_read, "{pattern:?}");
        assert!(!again || server.answers().len() > answers, "{pattern:?}");
        server.between(|between| between.recorded.clear());
        if let Some(read) = read {
            assert_eq!(ids(&read), ids(&of_file(&place, &asked, &related).await), "{pattern:?}");
        }
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_say_that_it_can_is_read_whole() {
    let (_place, server, own) = two_environments().await;
    let asked = histories(&["staging", "production"]);
    let latest = query(&["staging"], RecordFilters::default());
    let everywhere = histories(&[]);
    let related = about(&[2], &[]);
    let is_read = async |source: &ChainloopSource, asked: &RecordQuery| {
        server.answers();
        let read = source.fetch_related(asked, &related, &NoProgress).await.unwrap().is_some();
        (read, server.answers().len())
    };
    assert!(is_read(&own, &asked).await.0);
    assert_eq!(is_read(&own, &latest).await, (false, 0), "the latest of each slot");
    assert_eq!(is_read(&own, &everywhere).await, (false, 0), "targets without names");
    let token = server.token(Scope::Read, None).await;
    let foreign = ChainloopOptions { product: Product::Chainloop, page_size: 1, ..options(&server, &token) };
    let foreign = ChainloopSource::new(&foreign, clock()).unwrap().whole_up_to(0);
    assert_eq!(is_read(&foreign, &asked).await, (false, 0), "another product");
    let few = ChainloopSource::new(&options(&server, &token), clock()).unwrap();
    assert_eq!(is_read(&few, &asked).await, (false, 2), "24 records are read whole");
    for header in ["holdpoint-extensions", "etag"] {
        server.between(|between| between.without = Some(header));
        assert_eq!(is_read(&own, &asked).await, (false, 2), "{header}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_said_as_ever() {
    let (_place, server, own) = two_environments().await;
    let fail = async |source: &ChainloopSource, targets: &[&str]| -> SourceError {
        source.fetch_related(&histories(targets), &about(&[2], &[]), &NoProgress).await.unwrap_err()
    };
    let error = fail(&own, &["staging", "produktion"]).await;
    assert_eq!(error.kind, SourceErrorKind::UnknownEnvironment, "{error}");
    assert_eq!(error.message, "the ledger has no environment `produktion`; did you mean `production`?");
    let options = ChainloopOptions { page_size: 1, ..options(&server, "hpl_wrong") };
    let stranger = ChainloopSource::new(&options, clock()).unwrap().whole_up_to(0);
    let error = fail(&stranger, &["staging"]).await;
    assert_eq!(error.kind, SourceErrorKind::Unauthorized, "{error}");
    server.stop().await;
}

#[test]
fn a_check_looks_up_what_it_needs_over_http() {
    let folder = project("records: related", "input.request.environment == \"elsewhere\"", 201);
    let at = folder.path().to_owned();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let place = Place::Sqlite(folder);
    let server = runtime.block_on(Server::start(&place));
    let token = runtime.block_on(server.token(Scope::Read, None));
    let file = at.join("holdpoint.yaml");
    let text = std::fs::read_to_string(&file).unwrap().replace("path: ledger.db", &format!("url: '{}'", server.url));
    std::fs::write(&file, text).unwrap();
    let asked: Digest = digest(1);
    let arguments = ["check", &asked.to_string(), "--to", "production", "--format", "json"];
    let run = Holdpoint::new(&arguments).directory(&at).env("HOLDPOINT_LEDGER_TOKEN", &token).run();
    let decision = run.json();
    let source = &decision["snapshot"]["sources"][0];
    assert_eq!((run.code, source["records"].as_u64()), (0, Some(5)), "{source}");
    assert_eq!(source["related_only"].as_bool(), Some(true));
    // A look at each of the five targets, and a list of its digest and of its deployment.
    assert_eq!(server.answers().len(), 15);
    runtime.block_on(server.stop());
}

/// What was told last.
#[derive(Default)]
struct Told(std::sync::Mutex<Option<(usize, Option<usize>)>>);

impl Progress for Told {
    fn records(&self, read: usize, total: Option<usize>) {
        *self.0.lock().unwrap() = Some((read, total));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn how_far_it_is_is_told() {
    let (_place, server, source) = two_environments().await;
    let (asked, told) = (histories(&["staging", "production"]), Told::default());
    let read = source.fetch_related(&asked, &about(&[2], &["d3"]), &told).await.unwrap().unwrap();
    let (records, total) = told.0.lock().unwrap().unwrap();
    // A record may be on two lists.
    assert!(records >= count(&read) && total == Some(records), "{records} {total:?} {}", count(&read));
    server.stop().await;
}
