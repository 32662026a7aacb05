//! What has not changed is not sent again, and of the rest only what has changed.

use std::sync::Arc;

use holdpoint::domain::record::RecordStatus;
use holdpoint::gate::source::{
    EnvironmentQuery, Fetched, NoProgress, RecordFilters, RecordQuery, RecordSource, SourceErrorKind,
};
use holdpoint::ledger::entry::{PastRecord, Slot};
use holdpoint::ledger::token::Scope;
use holdpoint::source::chainloop::{ChainloopOptions, ChainloopSource};
use holdpoint::source::ledger::LedgerSource;

use super::client::{options, query};
use super::server::{Place, Server, places, recording};

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_holds_until_something_changes_there() {
    for place in places().await {
        let server = Server::start(&place).await;
        let [here, there] = ["here", "there"].map(|name| format!("{name}-{}", uuid::Uuid::new_v4().simple()));
        server.record(&here, "storefront", 1).await;
        let token = server.token(Scope::Read, None).await;
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let ask = async |query: &str, known: Option<&str>| {
            let mut request = client.get(format!("{}/v1/deployments?{query}", server.url)).bearer_auth(&token);
            if let Some(known) = known {
                request = request.header("if-none-match", known);
            }
            let answer = request.send().await.unwrap();
            let tag = answer.headers().get("etag").map(|tag| tag.to_str().unwrap().to_owned());
            (answer.status().as_u16(), tag, answer.text().await.unwrap())
        };
        let of_here = format!("environment_name={here}");
        let (status, tag, _) = ask(&of_here, None).await;
        let tag = tag.unwrap();
        assert_eq!(status, 200);
        for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
            assert_eq!(ask(&of_here, Some(&known)).await, (304, Some(tag.clone()), String::new()), "{known}");
        }
        let all = ask("", None).await.1.unwrap();
        server.record(&there, "storefront", 1).await;
        assert_eq!(ask(&of_here, Some(&tag)).await.0, 304, "elsewhere something changed");
        assert_eq!(ask("", Some(&all)).await.0, 200, "somewhere something changed");
        // Seen again, with another time.
        server.record(&here, "storefront", 1).await;
        let (status, after, body) = ask(&of_here, Some(&tag)).await;
        assert!(status == 200 && after.as_ref() != Some(&tag) && body.contains("storefront"), "{status} {body}");
        // What cannot be asked has no answer that is known.
        assert_eq!(ask(&format!("{of_here}&project_version_name=1"), Some("*")).await.0, 400);
        let nowhere = ask("environment_name=nowhere", Some("*")).await;
        assert_eq!((nowhere.0, nowhere.1), (200, None));
        assert_eq!(
            client
                .get(format!("{}/v1/deployments", server.url))
                .header("if-none-match", "*")
                .send()
                .await
                .unwrap()
                .status(),
            401
        );
        if let Place::Sqlite(_) = place {
            server.stop().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_have_not_changed_are_not_read_again() {
    let place = Place::sqlite();
    let server = Server::start(&place).await;
    for number in 1..=5 {
        server.record("staging", &format!("d{number}"), number).await;
        server.record("production", &format!("d{number}"), number).await;
    }
    let token = server.token(Scope::Read, None).await;
    let options = ChainloopOptions { page_size: 2, ..options(&server, &token) };
    let source = ChainloopSource::new(&options, clock()).unwrap();
    let file = LedgerSource::new(place.of_store(), clock());
    let read = async |expected: &[u16]| {
        let asked = query(&["staging", "production"], RecordFilters::default());
        let fetched = source.fetch(&asked, &NoProgress).await.unwrap();
        assert_same(&fetched, &file.fetch(&asked, &NoProgress).await.unwrap());
        let mut answers = server.answers();
        answers.sort_unstable();
        assert_eq!(answers, expected);
    };
    let all = [200; 6];
    read(&all).await;
    read(&[304, 304]).await;
    server.record("staging", "d1", 9).await;
    // One environment is read anew: a question about the first page, and three pages.
    read(&[200, 200, 200, 200, 304]).await;
    read(&[304, 304]).await;
    let slot = Slot { environment_name: "production".to_owned(), deployment_name: "d2".to_owned() };
    server.store.decommission(&slot, None, server.now()).await.unwrap();
    read(&[200, 200, 200, 200, 304]).await;
    // Another list of the same environments is another one.
    let filters = RecordFilters { full_history: true, ..RecordFilters::default() };
    let mut asked = query(&["staging", "production"], filters);
    asked.environments.push(EnvironmentQuery { environment: "all".to_owned(), ..EnvironmentQuery::default() });
    let history = source.fetch(&asked, &NoProgress).await.unwrap();
    assert_same(&history, &file.fetch(&asked, &NoProgress).await.unwrap());
    server.stop().await;
}

/// A server with 60 records of 30 slots, and a client that reads them in pages of ten.
async fn thirty_slots() -> (Place, Server, ChainloopSource) {
    let place = Place::sqlite();
    let server = Server::start(&place).await;
    for number in 0..30 {
        server.record("staging", &format!("d{number}"), 1).await;
        server.record("staging", &format!("d{number}"), 2).await;
    }
    let token = server.token(Scope::Read, None).await;
    let options = ChainloopOptions { page_size: 10, ..options(&server, &token) };
    let source = ChainloopSource::new(&options, clock()).unwrap();
    (place, server, source)
}

fn clock() -> Arc<dyn Fn() -> jiff::Timestamp + Send + Sync> {
    Arc::new(|| "2026-01-02T00:00:00Z".parse().unwrap())
}

fn history() -> RecordFilters {
    RecordFilters { full_history: true, ..RecordFilters::default() }
}

/// Reads a list, which has to be what is in the file, and returns how many answers that took.
async fn answers_to_read(server: &Server, source: &ChainloopSource, place: &Place, asked: &RecordQuery) -> usize {
    server.answers();
    let fetched = source.fetch(asked, &NoProgress).await.unwrap();
    let answers = server.answers().len();
    assert_same(&fetched, &LedgerSource::new(place.of_store(), clock()).fetch(asked, &NoProgress).await.unwrap());
    answers
}

/// Six pages.
const WHOLE: usize = 6;
/// Whether something has changed, and what.
const CHANGES: usize = 2;

#[tokio::test(flavor = "multi_thread")]
async fn of_a_history_only_what_has_changed_is_read() {
    let (place, server, source) = thirty_slots().await;
    let mut everywhere = query(&[], history());
    everywhere.environments.push(EnvironmentQuery { environment: "all".to_owned(), ..EnvironmentQuery::default() });
    for asked in [query(&["staging"], history()), everywhere] {
        assert!(answers_to_read(&server, &source, &place, &asked).await >= WHOLE);
        assert_eq!(answers_to_read(&server, &source, &place, &asked).await, 1);
        // Another artifact, the same one again, one that was there before, and a new slot.
        for (deployment, artifact) in [("d1", 3), ("d1", 3), ("d1", 1), ("d2", 2), ("new", 1)] {
            server.record("staging", deployment, artifact).await;
            assert_eq!(answers_to_read(&server, &source, &place, &asked).await, CHANGES, "{deployment} {artifact}");
        }
        let slot = Slot { environment_name: "staging".to_owned(), deployment_name: "new".to_owned() };
        server.store.decommission(&slot, None, server.now()).await.unwrap();
        assert_eq!(answers_to_read(&server, &source, &place, &asked).await, CHANGES);
        // Something happens between the two answers, and both are asked for again.
        server.record("staging", "d3", 3).await;
        server.between(|between| between.recorded = [Some(recording("staging", "d4", 3))].into());
        assert_eq!(answers_to_read(&server, &source, &place, &asked).await, CHANGES * 2);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_restored_ledger_never_had_is_forgotten() {
    let (place, mut server, source) = thirty_slots().await;
    let asked = query(&["staging"], history());
    answers_to_read(&server, &source, &place, &asked).await;
    let backups: Vec<Place> = (0..2).map(|_| Place::sqlite()).collect();
    for backup in &backups {
        let holdpoint::ledger::store::Place::File(copy) = backup.of_store() else { panic!("no file") };
        server.store.backup(&copy).await.unwrap();
    }
    server.restore(&backups[0]).await;
    server.record("staging", "d1", 3).await;
    // All that was read is in the backup too.
    assert_eq!(answers_to_read(&server, &source, &backups[0], &asked).await, CHANGES);
    server.restore(&backups[1]).await;
    // What was recorded after the backup has to go: all is read.
    assert_eq!(answers_to_read(&server, &source, &backups[1], &asked).await, CHANGES + WHOLE);
    server.restore(&backups[0]).await;
    server.record("staging", "d2", 3).await;
    assert_eq!(answers_to_read(&server, &source, &backups[0], &asked).await, CHANGES);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn very_many_changes_are_read_with_the_whole() {
    let (place, server, source) = thirty_slots().await;
    // Nothing has been superseded since.
    let imported = (0..5_000).map(|number| PastRecord {
        recording: recording("staging", &format!("new{number}"), 1),
        status: RecordStatus::Deployed,
        created_at: None,
        last_seen_at: None,
        runs_now: false,
    });
    server.store.import(imported.collect(), server.now()).await.unwrap();
    let asked = query(&["staging"], history());
    let whole = answers_to_read(&server, &source, &place, &asked).await;
    server.record("staging", "d1", 3).await;
    assert!(answers_to_read(&server, &source, &place, &asked).await >= CHANGES + whole);
    server.record("staging", "d2", 3).await;
    assert_eq!(answers_to_read(&server, &source, &place, &asked).await, CHANGES);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_records_are_kept_than_may_be_read() {
    let (_place, server, _source) = thirty_slots().await;
    let token = server.token(Scope::Read, None).await;
    let options = ChainloopOptions { max_records: 61, ..options(&server, &token) };
    let source = ChainloopSource::new(&options, clock()).unwrap();
    let asked = query(&["staging"], history());
    for (artifact, expected) in [(2, Ok(60)), (3, Ok(61)), (4, Err(SourceErrorKind::TooLarge))] {
        server.record("staging", "d1", artifact).await;
        let fetched = source.fetch(&asked, &NoProgress).await;
        let read = fetched.map(|fetched| fetched.environments[0].records.len()).map_err(|error| error.kind);
        assert_eq!(read, expected, "{artifact}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_changed_is_asked_only_where_that_tells_all() {
    let (place, server, source) = thirty_slots().await;
    let of_status = RecordFilters { status: Some("SUPERSEDED".to_owned()), ..history() };
    // The latest of each slot, and those of one status.
    for filters in [RecordFilters::default(), of_status] {
        let asked = query(&["staging"], filters);
        let whole = answers_to_read(&server, &source, &place, &asked).await;
        assert!(whole > CHANGES, "{whole}");
        server.record("staging", "d1", 1).await;
        server.record("staging", "d1", 2).await;
        assert!(answers_to_read(&server, &source, &place, &asked).await > whole);
    }
    let asked = query(&["staging"], history());
    let whole = answers_to_read(&server, &source, &place, &asked).await;
    server.record("staging", "d1", 3).await;
    server.between(|between| between.without = Some("holdpoint-extensions"));
    assert_eq!(answers_to_read(&server, &source, &place, &asked).await, 1 + whole);
    // Without a tag nothing is kept.
    assert_eq!(answers_to_read(&server, &source, &place, &asked).await, whole);
    server.stop().await;
}

fn assert_same(one: &Fetched, other: &Fetched) {
    assert_eq!(one.digest, other.digest);
    for (one, other) in one.environments.iter().zip(&other.environments) {
        assert_eq!((one.records.len(), &one.incomplete), (other.records.len(), &None));
        assert!(one.records.iter().all(|record| other.records.contains(record)));
    }
}
