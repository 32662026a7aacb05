//! What has not changed is not sent again.

use std::sync::Arc;

use holdpoint::gate::source::{EnvironmentQuery, Fetched, NoProgress, RecordFilters, RecordSource};
use holdpoint::ledger::token::Scope;
use holdpoint::source::chainloop::{ChainloopOptions, ChainloopSource};
use holdpoint::source::ledger::LedgerSource;

use super::client::{options, query};
use super::server::{Place, Server, places};

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
    let clock = || Arc::new(|| "2026-01-02T00:00:00Z".parse().unwrap());
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
    let slot =
        holdpoint::ledger::entry::Slot { environment_name: "production".to_owned(), deployment_name: "d2".to_owned() };
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

fn assert_same(one: &Fetched, other: &Fetched) {
    assert_eq!(one.digest, other.digest);
    for (one, other) in one.environments.iter().zip(&other.environments) {
        assert_eq!((one.records.len(), &one.incomplete), (other.records.len(), &None));
        assert!(one.records.iter().all(|record| other.records.contains(record)));
    }
}
