//! What is taken, and what is refused.

use serde_json::{Value, json};

use super::fake::Fake;
use super::program::{App, NEXT_SECRET, OPEN, SECRET, STAGED, UNKNOWN, event, of, project, signature};
use crate::support::cli::Holdpoint;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_done_that_github_has_not_asked_for() {
    let fake = Fake::start().await;
    let project = project(&fake, "  repositories: ['acme/*']\n  installations: [33]", OPEN, "");
    let mut server = App::start(project.path(), &[]).await;
    let good = event(&fake, 1, &of(STAGED));
    let body = good.to_string();
    let signed = signature(SECRET, &body);
    let other = signature("another secret of somebody", &body);
    let refusals = [
        (vec![("x-hub-signature-256", "")], 401, "`X-Hub-Signature-256` is not the signature"),
        (vec![("x-hub-signature-256", other.as_str())], 401, "`X-Hub-Signature-256` is not the signature"),
        (vec![("x-hub-signature-256", signed.trim_start_matches("sha256="))], 401, "is not the signature"),
        (vec![("x-hub-signature-256", &signed), ("x-github-event", "ping")], 200, "nothing to do"),
        (vec![("x-hub-signature-256", &signed), ("x-github-event", "push")], 200, "nothing to do"),
        (vec![("x-hub-signature-256", &signed), ("content-type", "application/x-www-form-urlencoded")], 415, "json"),
        (vec![("x-hub-signature-256", &signed)], 400, "`X-GitHub-Delivery` is missing"),
    ];
    for (headers, status, text) in refusals {
        let (found, answer) = server.send(&headers, body.clone()).await;
        assert_eq!((found, answer.contains(text)), (status, true), "{headers:?}: {found} {answer}");
    }
    let changed = |pointer: &str, value: Value| {
        let mut event = good.clone();
        *event.pointer_mut(pointer).unwrap() = value;
        event
    };
    let path = "repos/acme/shop/actions/runs/1/deployment_protection_rule";
    let of_other = |name: &str| {
        let mut event = changed("/repository/full_name", json!(format!("{name}/shop")));
        let url = event["deployment_callback_url"].as_str().unwrap().replace("acme", name);
        event["deployment_callback_url"] = json!(url);
        event
    };
    let events = [
        (changed("/action", json!("other")), 200, "nothing to do"),
        (
            changed("/deployment_callback_url", json!(format!("https://evil.example/{path}"))),
            400,
            "not on the configured",
        ),
        (changed("/deployment_callback_url", json!(format!("{}@evil.example/{path}", fake.url))), 400, "cannot be"),
        (changed("/repository/full_name", json!("acme/other")), 400, "another repository"),
        (changed("/installation/id", json!(34)), 403, "is not in the configuration"),
        (of_other("evil"), 403, "`evil/shop`, or its installation, is not in the configuration"),
        (changed("/deployment/sha", json!("x")), 400, "is no commit"),
        (json!({"action": "requested"}), 400, "the event cannot be read"),
        (json!({"action": "requested", "x": "y".repeat(2 << 20)}), 413, "larger than 1 MiB"),
    ];
    for (number, (event, status, text)) in events.into_iter().enumerate() {
        let (found, answer) = server.deliver(&number.to_string(), &event).await;
        assert_eq!((found, answer.contains(text)), (status, true), "{number}: {found} {answer}");
    }
    // The server closes the connection of a body that it did not read to the end: no request may follow on it.
    server.client = reqwest::Client::builder().no_proxy().build().unwrap();
    let get = server.client.get(server.webhook()).send().await.unwrap();
    assert_eq!(get.status(), 405);
    let elsewhere = server.client.post(server.webhook().replace("webhook", "hook")).send().await.unwrap();
    assert_eq!(elsewhere.status(), 404);
    // Until here nobody was told anything. With the other secret, somebody is.
    assert!(fake.github().reviews.is_empty() && fake.github().tokens_issued == 0);
    let next = signature(NEXT_SECRET, &body);
    let (status, _) = server.send(&[("x-hub-signature-256", &next), ("x-github-delivery", "d")], body).await;
    assert_eq!(status, 202);
    server.until("it is approved", || fake.states(1) == ["approved"]).await;
    assert_eq!(fake.github().faults, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_again_and_in_another_order_is_answered_once() {
    let fake = Fake::start().await;
    let project = project(&fake, "", OPEN, "");
    let server = App::start(project.path(), &[]).await;
    let event = event(&fake, 1, &of(STAGED));
    for delivery in ["a", "a", "b"] {
        assert_eq!(server.deliver(delivery, &event).await.0, 202);
    }
    server.until("it is approved", || fake.states(1) == ["approved"]).await;
    for delivery in ["a", "c"] {
        let (status, text) = server.deliver(delivery, &event).await;
        assert_eq!((status, text.as_str()), (202, "it was here before\n"));
    }
    server.counts(&[r#"holdpoint_github_deliveries_total{outcome="known"} 4"#]).await;
    // An older job of the run, which comes late, is judged too; GitHub says that it was answered.
    let mut late = event.clone();
    late["deployment"]["id"] = json!(9);
    server.deliver("late", &late).await;
    let log = || server.log().contains("elsewhere");
    server.until("GitHub says so", log).await;
    assert_eq!(fake.states(1), ["approved"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_finds_no_room_can_be_sent_again() {
    let fake = Fake::start().await;
    let project = project(&fake, "  most: 1", OPEN, "");
    let server = App::start(project.path(), &[]).await;
    assert_eq!(server.deliver("a", &event(&fake, 1, &of(UNKNOWN))).await.0, 202);
    let (status, text) = server.deliver("b", &event(&fake, 2, &of(STAGED))).await;
    assert_eq!((status, text.as_str()), (503, "too many deployments wait; redeliver it later\n"));
    server.until("the first is told", || !fake.reports(1).is_empty()).await;
    // It is told, and no reason to stop taking events.
    server.becomes("/readyz", "[+] github store ok\n[-] github queue 1 deployments wait, and no more are taken").await;
    assert_eq!(server.get("/readyz").await.0, 200);
    std::fs::write(project.path().join("records.json"), super::program::records(&[STAGED, UNKNOWN])).unwrap();
    server.until("the first is approved", || fake.states(1) == ["approved"]).await;
    let again = || async { server.deliver("b", &event(&fake, 2, &of(STAGED))).await.0 };
    while again().await == 503 {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    server.until("the second is approved", || fake.states(2) == ["approved"]).await;
    server.becomes("/readyz", "[+] github store ok\n[+] github queue ok").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_server_does_both() {
    let fake = Fake::start().await;
    let admission = "admission: {workloads: [{namespaces: [shop], environment: production}]}";
    let project = project(&fake, "", OPEN, admission);
    let server = App::start(project.path(), &["--listen", "127.0.0.1:0"]).await;
    server.deliver("d", &event(&fake, 1, &of(STAGED))).await;
    server.until("it is approved", || fake.states(1) == ["approved"]).await;
    server.counts(&[r#"holdpoint_records_current{environment="production"} 1"#]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_does_not_start_without_what_it_needs() {
    let fake = Fake::start().await;
    let project = project(&fake, "", OPEN, "");
    let other = crate::support::cli::folder(&[(
        "holdpoint.yaml",
        "version: 1\nsources: {a: {type: snapshot, path: r.json}}\nenvironments: [{name: dev}]\nwhen_no_rule_applies: allow\n",
    )]);
    let broken = super::program::project(&fake, "", OPEN, "");
    std::fs::write(broken.path().join("key.pem"), "no key").unwrap();
    let foreign = super::program::project(&fake, "", OPEN, "");
    std::fs::write(foreign.path().join("waiting.db"), "not a database at all").unwrap();
    let cases = [
        (other.path(), "x".repeat(20), "--github-app", "has no `github_app`"),
        (project.path(), String::new(), "--github-app", "WEBHOOK_SECRET"),
        (project.path(), "short".to_owned(), "--github-app", "is shorter than 16 characters"),
        (project.path(), "x".repeat(20), "--listen=127.0.0.1:0", "are for reviews, and there are none"),
        (broken.path(), "x".repeat(20), "--github-app", "`github_app.private_key` is no RSA private key"),
        (foreign.path(), "x".repeat(20), "--github-app", "waiting.db"),
    ];
    for (directory, secret, argument, text) in cases {
        let mut run = Holdpoint::new(&["serve", argument, "--operations-listen", "127.0.0.1:0"]).directory(directory);
        if !secret.is_empty() {
            run = run.env("WEBHOOK_SECRET", &secret);
        }
        let run = run.run_within(crate::support::server::LONG);
        assert_eq!((run.code, run.stderr.contains(text)), (2, true), "{text}: {}", run.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_taken_over_tls() {
    let fake = Fake::start().await;
    let project = project(&fake, "  tls: {certificate: tls.crt, key: tls.key}", OPEN, "");
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    std::fs::write(project.path().join("tls.crt"), made.cert.pem()).unwrap();
    std::fs::write(project.path().join("tls.key"), made.signing_key.serialize_pem()).unwrap();
    let mut server = App::start(project.path(), &[]).await;
    assert!(server.webhook().starts_with("https://127.0.0.1:"), "{}", server.webhook());
    let trusted = reqwest::Certificate::from_pem(made.cert.pem().as_bytes()).unwrap();
    server.client = reqwest::Client::builder().no_proxy().tls_certs_only([trusted]).build().unwrap();
    assert_eq!(server.deliver("d", &event(&fake, 1, &of(STAGED))).await.0, 202);
    server.until("it is approved", || fake.states(1) == ["approved"]).await;
}
