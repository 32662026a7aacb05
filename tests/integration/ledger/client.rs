//! The client of the records API before a real ledger, and the API's guards.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use holdpoint::domain::digest::Digest;
use holdpoint::domain::record::{DeploymentRecord, RecordStatus};
use holdpoint::gate::source::{
    EnvironmentQuery, Fetched, NoProgress, RecordFilters, RecordQuery, RecordSource, SourceError, SourceErrorKind,
};
use holdpoint::ledger::api::Guard;
use holdpoint::ledger::entry::Slot;
use holdpoint::ledger::filter::{Filter, Page};
use holdpoint::ledger::remote::Remote;
use holdpoint::ledger::token::Scope;
use holdpoint::source::chainloop::{ChainloopOptions, ChainloopSource, Product};
use holdpoint::source::ledger::LedgerSource;
use jiff::Timestamp;

use super::server::{Place, Server, recording};

pub(super) fn options(server: &Server, token: &str) -> ChainloopOptions {
    ChainloopOptions {
        product: Product::Ledger,
        timeout: Duration::from_secs(10),
        ..ChainloopOptions::new(server.url.parse().unwrap(), token.into())
    }
}

fn clock() -> Arc<dyn Fn() -> Timestamp + Send + Sync> {
    Arc::new(|| "2026-01-02T00:00:00Z".parse().unwrap())
}

pub(super) fn query(targets: &[&str], filters: RecordFilters) -> RecordQuery {
    let environment = |target: &&str| EnvironmentQuery {
        environment: (*target).to_owned(),
        targets: vec![(*target).to_owned()],
        logical_environment: None,
    };
    RecordQuery { environments: targets.iter().map(environment).collect(), filters }
}

async fn fetch(options: &ChainloopOptions, query: &RecordQuery) -> Result<Fetched, SourceError> {
    ChainloopSource::new(options, clock())?.fetch(query, &NoProgress).await
}

/// Some history: five slots in two environments, with records of every status.
async fn history(server: &Server) {
    for round in 0..7_u8 {
        for slot in 0..5_u8 {
            let environment = if slot < 3 { "staging" } else { "production" };
            server.record(environment, &format!("d{slot}"), round / (slot + 1)).await;
        }
    }
    let slot = Slot { environment_name: "staging".to_owned(), deployment_name: "d1".to_owned() };
    server.store.decommission(&slot, None, server.now()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_to_read_a_ledger_reads_the_same() {
    let place = Place::sqlite();
    let server = Server::start(&place).await;
    history(&server).await;
    let token = server.token(Scope::Read, None).await;
    let filters = [
        RecordFilters::default(),
        RecordFilters { full_history: true, ..RecordFilters::default() },
        RecordFilters { status: Some("SUPERSEDED".to_owned()), full_history: true, ..RecordFilters::default() },
        RecordFilters { status: Some("DECOMMISSIONED".to_owned()), ..RecordFilters::default() },
        RecordFilters { artifact_kind: Some("HELM_CHART".to_owned()), ..RecordFilters::default() },
        RecordFilters { deployment_name: Some("d2".to_owned()), full_history: true, ..RecordFilters::default() },
    ];
    for filters in filters {
        for targets in [&["staging"][..], &["production", "staging"], &[]] {
            let mut asked = query(targets, filters.clone());
            if targets.is_empty() {
                asked.environments =
                    vec![EnvironmentQuery { environment: "all".to_owned(), ..EnvironmentQuery::default() }];
            }
            let file = LedgerSource::new(place.of_store(), clock()).fetch(&asked, &NoProgress).await.unwrap();
            for page_size in [1, 2, 3, 7, 100, 1000] {
                let options = ChainloopOptions { page_size, ..options(&server, &token) };
                let read = fetch(&options, &asked).await.unwrap();
                let place = format!("{filters:?} {targets:?} {page_size}");
                assert_eq!(read.digest, file.digest, "{place}");
                for (one, other) in read.environments.iter().zip(&file.environments) {
                    assert_eq!(sorted(&one.records), sorted(&other.records), "{place}");
                    assert_eq!((&one.incomplete, &other.incomplete), (&None, &None), "{place}");
                    assert_eq!(one.targets, other.targets, "{place}");
                }
            }
        }
    }
    server.stop().await;
}

fn sorted(records: &[DeploymentRecord]) -> Vec<&DeploymentRecord> {
    let mut records: Vec<_> = records.iter().collect();
    records.sort_by(|one, other| one.id.cmp(&other.id));
    records
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_environment_is_no_empty_one() {
    let place = Place::sqlite();
    let server = Server::start(&place).await;
    server.record("production", "storefront", 1).await;
    let token = server.token(Scope::Read, None).await;
    let unknown = query(&["produktion"], RecordFilters::default());
    let nothing = RecordFilters { deployment_name: Some("other".to_owned()), ..RecordFilters::default() };
    let empty = query(&["production"], nothing);
    let options = options(&server, &token);
    let sources: [Box<dyn RecordSource>; 2] = [
        Box::new(ChainloopSource::new(&options, clock()).unwrap()),
        Box::new(LedgerSource::new(place.of_store(), clock())),
    ];
    for source in sources {
        let error = source.fetch(&unknown, &NoProgress).await.unwrap_err();
        assert_eq!(error.kind, SourceErrorKind::UnknownEnvironment, "{error}");
        assert_eq!(error.message, "the ledger has no environment `produktion`; did you mean `production`?");
        let read = source.fetch(&empty, &NoProgress).await.unwrap();
        assert_eq!((read.environments[0].records.len(), &read.environments[0].incomplete), (0, &None));
        assert_eq!(source.kind(), "ledger");
    }
    let missing = LedgerSource::new(holdpoint::ledger::store::Place::from("no/such/ledger.db"), clock());
    let error = missing.fetch(&empty, &NoProgress).await.unwrap_err();
    assert_eq!(error.kind, SourceErrorKind::File, "{error}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_work_over_http() {
    let place = Place::sqlite();
    let server = Server::start(&place).await;
    let remote = Remote::new(&options(&server, &server.token(Scope::Write, None).await), clock()).unwrap();
    let first = remote.record(&recording("staging", "storefront", 2)).await.unwrap();
    assert_eq!(remote.record(&recording("staging", "storefront", 2)).await.unwrap().id, first.id);
    let second = remote.record(&recording("staging", "storefront", 4)).await.unwrap();
    let slot = Slot { environment_name: "staging".to_owned(), deployment_name: "storefront".to_owned() };
    let refused = remote.decommission(&slot, Some(&Digest::from_bytes([2; 32]))).await.unwrap_err();
    assert_eq!(refused.kind, SourceErrorKind::Refused);
    assert!(refused.message.contains("answered 409"), "{refused}");
    let ended = remote.decommission(&slot, None).await.unwrap();
    assert_eq!((ended.id, ended.status), (second.id, RecordStatus::Decommissioned));
    let refused = remote.decommission(&slot, None).await.unwrap_err();
    assert_eq!(refused.message, "nothing is deployed as `storefront` in `staging`");
    let all = Filter { full_history: true, ..Filter::default() };
    let listed = remote.list(&all).await.unwrap();
    assert_eq!(listed, server.store.list(&all, Page { number: 1, size: 10 }).await.unwrap().records);
    let by_digest = Filter { digest: Some(Digest::from_bytes([2; 32])), ..all };
    assert_eq!(remote.list(&by_digest).await.unwrap().iter().map(|record| &record.id).collect::<Vec<_>>(), [&first.id]);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_good_for_what_it_is_for() {
    let place = Place::sqlite();
    let server = Server::start(&place).await;
    server.record("staging", "storefront", 1).await;
    let reads = server.token(Scope::Read, None).await;
    let expired = server.token(Scope::Read, Some(server.now() + Duration::from_millis(1500))).await;
    let asked = query(&["staging"], RecordFilters::default());
    assert!(fetch(&options(&server, &reads), &asked).await.is_ok());
    for token in [expired.as_str(), "hpl_unknown"] {
        let error = fetch(&options(&server, token), &asked).await.unwrap_err();
        assert_eq!(error.kind, SourceErrorKind::Unauthorized, "{error}");
        assert!(error.remediation.contains("holdpoint ledger token"), "{}", error.remediation);
        assert!(!error.message.contains(token), "{error}");
    }
    let remote = Remote::new(&options(&server, &reads), clock()).unwrap();
    let error = remote.record(&recording("staging", "storefront", 2)).await.unwrap_err();
    assert_eq!(error.kind, SourceErrorKind::Forbidden, "{error}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_asks_too_much_is_told_to_wait() {
    let place = Place::sqlite();
    let server = Server::guarded(&place, Guard { tokens: false, rate: NonZeroU32::new(2) }).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut told = None;
    for _ in 0..20 {
        let response = client.get(format!("{}/v1/deployments", server.url)).send().await.unwrap();
        if response.status() == 429 {
            told = response.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
            break;
        }
        assert_eq!(response.status(), 200);
    }
    assert_eq!(told.as_deref(), Some("1"));
    // The client of the library waits, and is answered.
    server.store.record(recording("staging", "storefront", 1), server.now()).await.unwrap();
    assert!(fetch(&options(&server, "any"), &query(&["staging"], RecordFilters::default())).await.is_ok());
    server.stop().await;
}
