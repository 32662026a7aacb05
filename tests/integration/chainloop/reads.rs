//! What a server may do that still gives all records.

use std::sync::Mutex;
use std::time::Duration;

use holdpoint::gate::source::{EnvironmentQuery, Progress, RecordFilters, RecordQuery, RecordSource as _};
use holdpoint::source::chainloop::ChainloopSource;
use serde_json::json;

use super::{clock, fetch, options, outcome, query};
use crate::support::chainloop::{FakeChainloop, Reply, Seen, record, records};

#[tokio::test]
async fn every_way_of_paging_gives_the_same_records() {
    let fake = || FakeChainloop::new().records(records("staging", 23)).records(records("dev", 2));
    let cases: Vec<(&str, FakeChainloop, u32)> = vec![
        ("one page", fake(), 100),
        ("one-based", fake(), 5),
        ("zero-based", fake().zero_based(), 5),
        ("zero-based, one page", fake().zero_based(), 100),
        ("zero-based, last page refused", fake().zero_based().refuse_pages_out_of_range(), 5),
        ("item offsets", fake().item_offsets(), 5),
        ("item offsets, one page", fake().item_offsets(), 100),
        ("item offsets, many small pages", fake().item_offsets(), 2),
        ("exact pages", FakeChainloop::new().records(records("staging", 23)), 23),
        ("camel case", fake().camel_case(), 5),
        ("counts as text", fake().counts_as_text(), 5),
        ("clamped page size", fake().clamp_page_size(4), 100),
        ("clamped page size, zero-based", fake().clamp_page_size(4).zero_based(), 100),
        ("silently clamped page size", fake().clamp_page_size_silently(4), 10),
        ("refused page size", fake().refuse_page_size_over(20), 100),
        ("any page size refused", fake().refuse_page_size_over(4), 100),
        ("any page size refused, zero-based", fake().refuse_page_size_over(4).zero_based(), 100),
        ("total moves twice", fake().total_moves(2), 5),
        ("503 twice", fake().fails(2, Reply::kratos(503, "UNAVAILABLE", "no")), 5),
        ("500 once", fake().fails(1, Reply::kratos(500, "", "no")), 5),
        ("429 with Retry-After", fake().fails(1, Reply::kratos(429, "", "slow").header("retry-after", "0")), 5),
        (
            "429 with a date",
            fake().fails(1, Reply::html(429, "slow").header("retry-after", "Fri, 02 Jan 2026 00:00:00 GMT")),
            5,
        ),
        ("half an answer once", fake().fails(1, Reply::json(200, &json!({"deployment_records": []})).cut_after(9)), 5),
    ];
    let mut digests = Vec::new();
    for (name, fake, page_size) in cases {
        let server = fake.start().await;
        let mut options = options(server.url());
        options.page_size = page_size;
        let result = fetch(&options, &query(&["staging"])).await;
        assert_eq!(outcome(&server, &result), "23 records of staging", "{name}");
        digests.push(result.unwrap().digest);
    }
    digests.dedup();
    assert_eq!(digests.len(), 1);
}

#[tokio::test]
async fn what_is_asked_for_is_what_the_api_documents() {
    let server = FakeChainloop::new().records(records("staging", 3)).start().await;
    let mut options = options(&format!("{}/", server.url()));
    options.organization = Some("acme".to_owned());
    options.page_size = 2;
    let filters = RecordFilters {
        project_name: Some("shop & more".to_owned()),
        project_version_name: Some("v1.0".to_owned()),
        status: Some("DEPLOYED".to_owned()),
        artifact_kind: Some("CONTAINER_IMAGE".to_owned()),
        deployment_name: Some("service-1".to_owned()),
        full_history: true,
    };
    let query = RecordQuery { filters, ..query(&["staging"]) };
    let result = fetch(&options, &query).await;
    assert_eq!(outcome(&server, &result), "1 records of staging");
    let requests = server.requests();
    let lines: Vec<String> = requests.iter().map(Seen::line).collect();
    insta::assert_snapshot!(lines.join("\n"));
    for request in &requests {
        assert_eq!(request.headers["authorization"], "Bearer secret-token");
        assert_eq!(request.headers["chainloop-organization"], "acme");
    }
}

#[tokio::test]
async fn page_and_page_size_always_go_together() {
    let server = FakeChainloop::new().records(records("staging", 5)).refuse_page_size_over(20).start().await;
    fetch(&options(server.url()), &query(&["staging"])).await.unwrap();
    let lines: Vec<String> = server.requests().iter().map(Seen::line).collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[tokio::test]
async fn many_targets_logical_environments_and_all() {
    let server = FakeChainloop::new()
        .records(records("eu", 3))
        .records(records("us", 2))
        .records(records("dev", 1))
        .member("eu", "production")
        .member("us", "production")
        .environment("empty")
        .start()
        .await;
    let ask = |environment: &str, targets: &[&str], logical: Option<&str>| EnvironmentQuery {
        environment: environment.to_owned(),
        targets: targets.iter().map(|target| (*target).to_owned()).collect(),
        logical_environment: logical.map(str::to_owned),
    };
    let environments = vec![
        ask("production", &[], Some("production")),
        ask("both", &["dev"], Some("production")),
        ask("dev", &["dev"], None),
        ask("empty", &["empty"], None),
        ask("all", &[], None),
    ];
    let query = RecordQuery { environments, ..query(&[]) };
    let result = fetch(&options(server.url()), &query).await;
    insta::assert_snapshot!(outcome(&server, &result));
    let fetched = result.unwrap();
    assert_eq!(fetched.observed_at, Some("2026-01-02T00:00:00Z".parse().unwrap()));
}

#[tokio::test]
async fn records_as_odd_as_they_come_are_read() {
    let odd = json!({
        "id": "odd", "environment_name": "staging", "deployment_name": null, "artifact": null, "status": "ROLLING_BACK",
        "created_at": null, "updated_at": "", "last_seen_at": "2026-01-01T02:00:00.123456789+02:00", "new_field": [{}],
    });
    let mut bad_digest = record("bad-digest", "staging", "a", "SHA256:ABC", 1);
    bad_digest["created_at"] = json!("0001-01-01T00:00:00Z");
    bad_digest["status"] = json!(7);
    let server = FakeChainloop::new().records([odd, bad_digest]).start().await;
    let fetched = fetch(&options(server.url()), &query(&["staging"])).await.unwrap();
    let mut records = fetched.environments[0].records.clone();
    records.sort_by(|one, other| one.id.cmp(&other.id));
    let lines: Vec<String> = records.iter().map(|record| serde_json::to_string(record).unwrap()).collect();
    insta::assert_snapshot!(lines.join("\n"));
    assert!(records.iter().all(|record| record.artifact.digest.is_none()));
}

#[tokio::test]
async fn progress_ends_at_the_total() {
    struct Last(Mutex<(usize, Option<usize>)>);
    impl Progress for Last {
        fn records(&self, read: usize, total: Option<usize>) {
            *self.0.lock().unwrap() = (read, total);
        }
    }
    let server = FakeChainloop::new().records(records("staging", 23)).total_moves(1).start().await;
    let mut options = options(server.url());
    options.page_size = 5;
    let last = Last(Mutex::default());
    let query = query(&["staging"]);
    ChainloopSource::new(&options, clock()).unwrap().fetch(&query, &last).await.unwrap();
    assert_eq!(*last.0.lock().unwrap(), (23, Some(23)));
}

#[tokio::test]
async fn pages_are_read_in_parallel_and_bounded() {
    let server = FakeChainloop::new().records(records("staging", 40)).latency(Duration::from_millis(20)).start().await;
    let mut options = options(server.url());
    options.page_size = 1;
    options.parallel = 4;
    let started = std::time::Instant::now();
    let result = fetch(&options, &query(&["staging"])).await;
    assert_eq!(outcome(&server, &result), "40 records of staging");
    // Four at a time cannot be quicker than a quarter of one at a time.
    assert!(started.elapsed() >= Duration::from_millis(200));
    assert_eq!(server.requests().len(), 40);
}

#[test]
fn the_fake_runs_without_a_runtime_too() {
    let server = FakeChainloop::new().records(records("staging", 2)).start_blocking();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let result = runtime.block_on(fetch(&options(server.url()), &query(&["staging"])));
    assert_eq!(outcome(&server, &result), "2 records of staging");
}
