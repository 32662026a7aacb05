//! What must end in an error or in an incomplete answer, and what it then says.

use std::fmt::Write as _;
use std::time::Duration;

use base64::Engine as _;
use holdpoint::gate::source::{EnvironmentQuery, RecordFilters, RecordQuery};
use holdpoint::source::chainloop::{ChainloopOptions, ChainloopSource};
use serde_json::json;

use super::{clock, fetch, options, outcome, query};
use crate::support::chainloop::{FakeChainloop, Reply, record, records};

/// Runs each case with short limits and writes down what came of it.
async fn table(cases: Vec<(&str, FakeChainloop)>) -> String {
    let mut text = String::new();
    for (name, fake) in cases {
        let server = fake.start().await;
        let mut options = options(server.url());
        options.timeout = Duration::from_millis(400);
        options.page_size = 2;
        options.max_response_bytes = 1 << 20;
        let result = fetch(&options, &query(&["staging"])).await;
        writeln!(text, "# {name}\n{}", outcome(&server, &result)).unwrap();
    }
    text
}

fn fake() -> FakeChainloop {
    FakeChainloop::new().records(records("staging", 5))
}

#[tokio::test]
async fn refusals() {
    let cases = vec![
        ("401", fake().always(Reply::kratos(401, "UNAUTHORIZED", "JWT token is missing "))),
        ("403, documented shape", fake().always(Reply::rpc_status(403, 7, "not allowed"))),
        ("404, environment", fake().always(Reply::kratos(404, "not found", "environment not found"))),
        ("404, wrong server", fake().always(Reply::new(404, "text/plain", "404 page not found"))),
        ("400", fake().always(Reply::kratos(400, "invalid", "status: unknown value\u{1b}[31m"))),
        ("418", fake().always(Reply::new(418, "text/plain", ""))),
        ("429, too long", fake().always(Reply::kratos(429, "", "slow down").header("retry-after", "3600"))),
        ("429, far too long", fake().always(Reply::html(429, "Slow").header("retry-after", "18446744073709551615"))),
        ("500", fake().always(Reply::kratos(500, "", "API token revoked"))),
        ("502", fake().always(Reply::html(502, "Bad Gateway"))),
        ("503", fake().always(Reply::html(503, "Down\nfor <b>maintenance"))),
        ("504, empty", fake().always(Reply::new(504, "text/plain", ""))),
        ("503, long body", fake().always(Reply::new(503, "text/plain", "x".repeat(100_000)))),
        ("204", fake().always(Reply::new(204, "text/plain", ""))),
    ];
    insta::assert_snapshot!(table(cases).await);
}

#[tokio::test]
async fn answers_that_cannot_be_used() {
    let page = |records: serde_json::Value| Reply::json(200, &json!({"deployment_records": records, "pagination": {}}));
    let mut no_id = record("", "staging", "a", "", 1);
    let mut no_environment = record("r", "staging", "a", "", 1);
    no_environment["environment_name"] = json!(null);
    let mut no_time = record("r-7", "staging", "a", "", 1);
    no_time["created_at"] = json!("yesterday\u{202e}");
    let mut long = record("r", "staging", "a", "", 1);
    long["deployment_name"] = json!("x".repeat(5000));
    let empty_id = page(json!([no_id]));
    no_id["id"] = json!(null);
    let twice = r#"{"deployment_records": [{"id": "r", "environment_name": "a", "environmentName": "b"}]}"#;
    let deep = format!("{{\"deployment_records\": [], \"new\": {}", "[".repeat(100_000));
    let cases = vec![
        ("no list", fake().always(Reply::json(200, &json!({"pagination": {"total_count": 0}})))),
        ("an error with status 200", fake().always(Reply::kratos(200, "UNKNOWN", "no"))),
        ("not an object", fake().always(Reply::json(200, &json!([])))),
        ("list is text", fake().always(Reply::json(200, &json!({"deployment_records": "none"})))),
        ("record is null", fake().always(page(json!([null])))),
        ("login page", fake().always(Reply::html(200, "Sign in"))),
        ("empty", fake().always(Reply::new(200, "application/json", ""))),
        ("cut JSON", fake().always(Reply::new(200, "application/json", "{\"deployment_records\": [{"))),
        ("more than JSON", fake().always(Reply::new(200, "application/json", "{\"deployment_records\": []} {}"))),
        (
            "no UTF-8 escape",
            fake().always(Reply::new(200, "application/json", "{\"deployment_records\": [\"\\ud800\"]}")),
        ),
        ("deep", fake().always(Reply::new(200, "application/json", deep))),
        ("empty id", fake().always(empty_id)),
        ("null id", fake().always(page(json!([no_id])))),
        ("no environment", fake().always(page(json!([no_environment])))),
        ("no time", fake().always(page(json!([no_time])))),
        ("long text", fake().always(page(json!([long])))),
        ("a field twice", fake().always(Reply::new(200, "application/json", twice))),
        (
            "negative total",
            fake().always(Reply::json(200, &json!({"deployment_records": [], "pagination": {"total_count": -1}}))),
        ),
    ];
    insta::assert_snapshot!(table(cases).await);
}

#[tokio::test]
async fn lists_that_are_short_or_move() {
    let changing = |version: &str| {
        let mut changed = record("r", "staging", "a", "", 1);
        changed["artifact"]["version"] = json!(version);
        changed
    };
    let two = json!({"deployment_records": [changing("1"), changing("2")], "pagination": {"total_count": 2}});
    let many = json!({"deployment_records": records("staging", 3), "pagination": {"total_count": 2}});
    let cases = vec![
        ("fewer than the total", fake().claims(7)),
        ("fewer than the total, zero-based", fake().claims(7).zero_based()),
        ("nothing of the total", FakeChainloop::new().environment("staging").claims(7)),
        ("pages repeat", fake().repeat_pages()),
        ("total moves", fake().total_moves(usize::MAX)),
        ("more than the total", fake().always(Reply::json(200, &many))),
        ("two contents of one id", fake().always(Reply::json(200, &two))),
        ("no pagination", fake().no_pagination()),
        ("more than is read", fake().claims(6_000_000)),
    ];
    insta::assert_snapshot!(table(cases).await);
}

#[tokio::test]
async fn lists_that_contradict_what_they_say_of_themselves() {
    let answer = |records: serde_json::Value, pagination: serde_json::Value| {
        fake().always(Reply::json(200, &json!({"deployment_records": records, "pagination": pagination})))
    };
    let mut foreign = records("staging", 2);
    foreign.push(record("b", "production\u{1b}", "a", "", 1));
    let one = || json!(records("staging", 1));
    let cases = vec![
        ("more pages than records", answer(one(), json!({"total_count": 1, "page_size": 1, "total_pages": 7}))),
        (
            "more pages than large ones hold",
            answer(one(), json!({"totalCount": 1, "pageSize": 100, "totalPages": "2"})),
        ),
        ("nothing, on many pages", answer(json!(null), json!({"total_pages": 9}))),
        ("another environment's", answer(json!(foreign), json!({"total_count": 3}))),
        ("only another environment's", answer(json!([foreign[2]]), json!({"total_count": 1}))),
        ("no fault: one page of nothing", answer(json!([]), json!({"total_count": 0, "total_pages": 1}))),
        (
            "no fault: pages of one",
            answer(json!(foreign[..2]), json!({"total_count": 2, "page_size": 1, "total_pages": 2})),
        ),
    ];
    insta::assert_snapshot!(table(cases).await);
}

#[tokio::test]
async fn connections_that_break_or_never_end() {
    let large = Reply::json(200, &json!({"deployment_records": [], "filler": "x".repeat(2 << 20)}));
    let cases = vec![
        ("cut in the body", fake().always(Reply::json(200, &json!({"deployment_records": []})).cut_after(9))),
        ("endless", fake().always(Reply::new(200, "application/json", "[0,").endless())),
        ("large", fake().always(large)),
        ("slow drip", fake().always(Reply::new(200, "application/json", "{}").drip(Duration::from_secs(5)))),
        ("slow drip of an error", fake().always(Reply::html(503, "x").drip(Duration::from_secs(5)))),
        ("silence", fake().latency(Duration::from_secs(5))),
    ];
    insta::assert_snapshot!(table(cases).await);
}

#[tokio::test]
async fn limits_are_for_the_whole_fetch() {
    let server = fake().latency(Duration::from_millis(80)).start().await;
    let mut slow = options(server.url());
    (slow.page_size, slow.parallel, slow.timeout) = (1, 1, Duration::from_millis(200));
    let mut small = options(server.url());
    (small.page_size, small.max_total_bytes) = (1, 1000);
    let mut text = String::new();
    for options in [slow, small] {
        let result = fetch(&options, &query(&["staging"])).await;
        writeln!(text, "{}", outcome(&server, &result)).unwrap();
    }
    insta::assert_snapshot!(text);
}

#[tokio::test]
async fn a_token_that_the_server_repeats_is_not_shown() {
    let token = format!("eyJ{}.claims.signature", "0123456789abcdef".repeat(20));
    let said = format!("no {token} for {token}");
    let list = |records: serde_json::Value| {
        Reply::json(200, &json!({"deployment_records": records, "pagination": {"total_count": 1}}))
    };
    let mut no_time = record("r-7", "staging", "a", "", 1);
    no_time["created_at"] = json!(token);
    let cases = vec![
        ("message", fake().always(Reply::kratos(403, &token, &said))),
        ("text", fake().always(Reply::new(418, "text/plain", format!("{}{token}", "x".repeat(250))))),
        (
            "cut where the text ends",
            fake().always(Reply::new(418, "text/plain", format!("<title>{}{token}", "x".repeat(4000)))),
        ),
        ("page", fake().always(Reply::html(503, &said).header("retry-after", "3600"))),
        ("no JSON", fake().always(Reply::new(200, "application/json", token.clone()))),
        ("no time", fake().always(list(json!([no_time])))),
        ("environment", fake().always(list(json!([record("r", &token, "a", "", 1)])))),
        ("redirect", fake().always(Reply::redirect(302, &format!("https://{}.example.com", &token[..50])))),
    ];
    let mut text = String::new();
    for (name, fake) in cases {
        let server = fake.start().await;
        let mut options = options(server.url());
        options.token = token.clone().into();
        let result = fetch(&options, &query(&["staging"])).await;
        writeln!(text, "# {name}\n{}", outcome(&server, &result)).unwrap();
    }
    assert!(!text.to_lowercase().contains(&token[..12]), "{text}");
    insta::assert_snapshot!(text);
}

#[tokio::test]
async fn a_late_answer_names_the_deadline_and_what_was_said_before() {
    let server = fake().fails(1, Reply::html(503, "Down")).latency(Duration::from_millis(900)).start().await;
    let mut options = options(server.url());
    options.timeout = Duration::from_millis(1500);
    insta::assert_snapshot!(outcome(&server, &fetch(&options, &query(&["staging"])).await));
}

#[tokio::test]
async fn a_page_or_a_record_with_far_too_much_is_refused() {
    let mut tagged = record("r", "staging", "a", "", 1);
    tagged["tags"] = (0..101).map(|n| (n.to_string(), json!(""))).collect();
    let mut risky = record("r", "staging", "a", "", 1);
    risky["runtime_risks"] = (0..101).map(|n| json!(n.to_string())).collect();
    let list = |records: serde_json::Value| {
        let total = records.as_array().unwrap().len();
        fake().always(Reply::json(200, &json!({"deployment_records": records, "pagination": {"total_count": total}})))
    };
    let cases = vec![
        ("a page of 21, where 2 were asked for", list(json!(records("staging", 21)))),
        ("a page of 20, where 2 were asked for", list(json!(records("staging", 20)))),
        ("tags", list(json!([tagged]))),
        ("risks", list(json!([risky]))),
    ];
    insta::assert_snapshot!(table(cases).await);
}

#[tokio::test]
async fn nobody_listens() {
    let server = FakeChainloop::new().start().await;
    let mut options = options(server.url());
    options.timeout = Duration::from_millis(300);
    // A port that was free a moment ago.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    options.url = format!("http://{closed}").parse().unwrap();
    let result = fetch(&options, &query(&["staging"])).await;
    insta::assert_snapshot!(outcome(&server, &result).replace(&closed.to_string(), "CLOSED"));
}

#[tokio::test]
async fn the_token_never_follows_a_redirect() {
    let other = FakeChainloop::new().records(records("staging", 5)).start().await;
    let mut text = String::new();
    for (status, location) in [
        (302, format!("{}/v1/deployments", other.url())),
        (307, "https://login.example.com/?next=1".to_owned()),
        (308, "/v2/deployments".to_owned()),
        (301, String::new()),
    ] {
        let server = fake().always(Reply::redirect(status, &location)).start().await;
        let result = fetch(&options(server.url()), &query(&["staging"])).await;
        let said = outcome(&server, &result);
        let said = [(&server, "SERVER-HOST"), (&other, "OTHER-HOST")]
            .into_iter()
            .fold(said, |said, (server, name)| said.replace(server.url().trim_start_matches("http://"), name));
        writeln!(text, "# {status}\n{said}").unwrap();
        assert_eq!(server.requests().len(), 1);
    }
    assert!(other.requests().is_empty());
    insta::assert_snapshot!(text);
}

#[tokio::test]
async fn only_what_may_pass_is_tried_again() {
    let cases = [(400, 3), (401, 1), (403, 1), (404, 1), (409, 1), (500, 2), (501, 1), (503, 6)];
    for (status, requests) in cases {
        let server = fake().always(Reply::kratos(status, "", "no")).start().await;
        let mut options = options(server.url());
        options.page_size = 50;
        fetch(&options, &query(&["staging"])).await.unwrap_err();
        let count = server.requests().iter().filter(|seen| seen.path == "/v1/deployments").count();
        assert_eq!(count, requests, "{status}");
    }
}

#[tokio::test]
async fn an_unknown_environment_is_not_an_empty_one() {
    let known = || FakeChainloop::new().records(records("production", 1)).member("production", "live");
    let ask = |target: &str, logical: Option<&str>| {
        let environment = EnvironmentQuery {
            environment: "asked".to_owned(),
            targets: if logical.is_some() { Vec::new() } else { vec![target.to_owned()] },
            logical_environment: logical.map(str::to_owned),
        };
        RecordQuery { environments: vec![environment], filters: RecordFilters::default() }
    };
    let gone = Reply::kratos(404, "not found", "Environment not found");
    let cases = [
        ("empty", known().environment("staging"), ask("staging", None)),
        ("unknown", known(), ask("staging", None)),
        ("nearly", known(), ask("prodution", None)),
        ("404", known().always(gone), ask("prodution", None)),
        ("many environments", (0..250).fold(known(), |fake, n| fake.environment(&format!("e{n}"))), ask("e249", None)),
        ("logical, unknown", known(), ask("", Some("lives"))),
        ("environments refused", known().environments_always(Reply::rpc_status(403, 7, "no")), ask("staging", None)),
        ("environments without the list", known().environments_always(Reply::json(200, &json!({}))), ask("q", None)),
    ];
    let mut text = String::new();
    for (name, fake, query) in cases {
        let server = fake.start().await;
        let result = fetch(&options(server.url()), &query).await;
        writeln!(text, "# {name}\n{}", outcome(&server, &result)).unwrap();
    }
    insta::assert_snapshot!(text);
}

#[tokio::test]
async fn an_expired_token_is_not_sent() {
    let token = |exp: u64| {
        let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(json!({"exp": exp}).to_string());
        format!("eyJhbGciOiJIUzI1NiJ9.{claims}.c2ln")
    };
    let server = fake().always(Reply::kratos(401, "UNAUTHORIZED", "JWT token has expired")).start().await;
    let mut text = String::new();
    for exp in [1_767_225_600, 1_798_761_600] {
        let mut options = options(server.url());
        options.token = token(exp).into();
        let result = fetch(&options, &query(&["staging"])).await;
        writeln!(text, "{}\nrequests: {}", outcome(&server, &result), server.requests().len()).unwrap();
    }
    insta::assert_snapshot!(text);
}

#[tokio::test]
async fn tls_is_verified() {
    let mut text = String::new();
    for (name, host, with_authority) in [
        ("own authority", "127.0.0.1", true),
        ("unknown authority", "127.0.0.1", false),
        ("other host", "records.example.com", true),
    ] {
        let server = fake().start_tls(host).await;
        let folder = tempfile::tempdir().unwrap();
        let ca_file = folder.path().join("ca.pem");
        std::fs::write(&ca_file, server.ca_pem()).unwrap();
        let mut options = options(server.url());
        options.ca_file = with_authority.then_some(ca_file);
        let result = fetch(&options, &query(&["staging"])).await;
        writeln!(text, "# {name}\n{}", outcome(&server, &result)).unwrap();
    }
    let plain = fake().start().await;
    let options = options(&plain.url().replace("http:", "https:"));
    let result = fetch(&options, &query(&["staging"])).await;
    let said = outcome(&plain, &result).replace(options.url.as_str().trim_end_matches('/'), "SERVER");
    writeln!(text, "# no TLS there\n{said}").unwrap();
    insta::assert_snapshot!(text);
}

#[test]
fn options_that_would_show_the_token_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let not_pem = folder.path().join("ca.pem");
    std::fs::write(&not_pem, "no certificate").unwrap();
    let large = folder.path().join("large.pem");
    std::fs::File::create(&large).unwrap().set_len((4 << 20) + 1).unwrap();
    let with = |url: &str, change: &dyn Fn(&mut ChainloopOptions)| {
        let mut options = options(url);
        change(&mut options);
        match ChainloopSource::new(&options, clock()) {
            Ok(source) => format!("accepted: {source:?} {options:?}"),
            Err(error) => format!("{}: {}\n  {}", error.kind.code(), error.message, error.remediation),
        }
    };
    let same = |_: &mut ChainloopOptions| {};
    let cases = [
        with("https://api.example.com", &same),
        with("http://localhost:1", &same),
        with("http://[::1]:1/base", &same),
        with("http://api.example.com", &same),
        with("http://localhost.example.com", &same),
        with("http://api.example.com", &|options| options.allow_insecure = true),
        with("https://user:password@api.example.com", &same),
        with("https://api.example.com/?a=b", &same),
        with("https://api.example.com/#a", &same),
        with("ftp://api.example.com", &same),
        with("https://api.example.com", &|options| options.token = "".into()),
        with("https://api.example.com", &|options| options.token = " \n".into()),
        with("https://api.example.com", &|options| options.token = "a\nb".into()),
        with("https://api.example.com", &|options| options.token = "tökèn".into()),
        with("https://api.example.com", &|options| options.organization = Some("a\r\nx: y".to_owned())),
        with("https://api.example.com", &|options| options.ca_file = Some("/nowhere/ca.pem".into())),
        with("https://api.example.com", &|options| options.ca_file = Some(not_pem.clone())),
        with("https://api.example.com", &|options| options.ca_file = Some("/dev/zero".into())),
        with("https://api.example.com", &|options| options.ca_file = Some(large.clone())),
    ];
    let text = cases.join("\n").replace(&folder.path().display().to_string(), "FOLDER");
    assert!(!text.contains("secret-token") && !text.contains("password@"), "{text}");
    insta::assert_snapshot!(text);
}

#[tokio::test]
async fn a_version_needs_its_project() {
    let server = fake().start().await;
    let filters = RecordFilters { project_version_name: Some("v1".to_owned()), ..RecordFilters::default() };
    let result = fetch(&options(server.url()), &RecordQuery { filters, ..query(&["staging"]) }).await;
    assert!(server.requests().is_empty());
    insta::assert_snapshot!(outcome(&server, &result));
}
