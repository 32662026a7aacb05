//! What GitHub is told.

use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::fake::{Fake, now};
use super::program::{App, BAD, OPEN, STAGED, UNKNOWN, event, of, project, records};
use rustix::process::Signal;

#[tokio::test(flavor = "multi_thread")]
async fn what_may_go_on_is_approved_and_what_may_not_is_rejected() {
    let fake = Fake::start().await;
    let project = project(&fake, "", OPEN, "");
    let server = App::start(project.path(), &["--github-app"]).await;
    let twice = json!(json!(of(STAGED).to_string()).to_string());
    for (run, payload) in [(1, of(STAGED)), (2, of(BAD)), (3, twice), (4, of(UNKNOWN)), (5, Value::Null)] {
        let (status, text) = server.deliver(&format!("delivery-{run}"), &event(&fake, run, &payload)).await;
        assert_eq!(status, 202, "{text}");
    }
    server.until("all are told", || (1..=5).all(|run| !fake.reviews(run).is_empty())).await;
    assert_eq!(fake.states(1), ["approved"]);
    assert_eq!(fake.states(2), ["rejected"]);
    assert_eq!(fake.states(3), ["approved"], "the payload was encoded twice");
    assert!(fake.reviews(1)[0].comment.starts_with("**allow**: `ghcr.io/acme/shop@sha256:1111"));
    assert!(fake.reviews(2)[0].comment.contains("this one may not run"), "{:?}", fake.reviews(2));
    let held = fake.reports(4).remove(0);
    assert!(held.starts_with("**hold**") && held.contains("it does not run in staging"), "{held}");
    let missing = fake.reports(5).remove(0);
    assert!(missing.contains("there is no `/digest` of the payload") && missing.contains("github_app.artifact"));
    // It is deployed to staging, and the one that was held goes on by itself.
    std::fs::write(project.path().join("records.json"), records(&[STAGED, UNKNOWN])).unwrap();
    server.until("the hold opens", || !fake.states(4).is_empty()).await;
    assert_eq!(fake.states(4), ["approved"]);
    assert_eq!(fake.states(5), Vec::<String>::new(), "nothing is approved without a digest");
    let lines = [
        r#"holdpoint_github_deliveries_total{outcome="accepted"} 5"#,
        r#"holdpoint_github_answers_total{answer="approved"} 3"#,
        r#"holdpoint_github_answers_total{answer="rejected"} 1"#,
        "holdpoint_github_waiting 1",
    ];
    server.counts(&lines).await;
    server.signal(Signal::TERM);
    let (code, log) = server.ended().await;
    assert_eq!(code, Some(0));
    for secret in ["ghs_", "PRIVATE KEY", "Bearer", super::program::SECRET, "eyJ"] {
        assert!(!log.contains(secret), "{secret} is in the log: {log}");
    }
    assert_eq!(fake.github().faults, Vec::<String>::new());
    assert_eq!(fake.github().tokens_issued, 1, "the token is kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_opens_at_its_time() {
    let fake = Fake::start().await;
    let opens_at = now() + SignedDuration::from_secs(6);
    let project = project(&fake, "", &opens_at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(), "");
    let server = App::start(project.path(), &[]).await;
    server.deliver("d", &event(&fake, 1, &of(STAGED))).await;
    server.until("it is approved", || !fake.states(1).is_empty()).await;
    let reviews = fake.reviews(1);
    assert_eq!(reviews.len(), 2, "one report, and the answer: {reviews:?}");
    let named = opens_at.strftime("%Y-%m-%d %H:%M").to_string();
    assert!(reviews[0].comment.contains("; opens at ") && reviews[0].comment.contains(&named), "{reviews:?}");
    let opened = opens_at.round(jiff::TimestampRound::new().smallest(jiff::Unit::Second).mode(jiff::RoundMode::Floor));
    assert!(reviews[1].at >= opened.unwrap(), "{reviews:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_records_a_deployment_waits() {
    let fake = Fake::start().await;
    let project = project(&fake, "", OPEN, "");
    std::fs::remove_file(project.path().join("records.json")).unwrap();
    let server = App::start(project.path(), &[]).await;
    server.deliver("d", &event(&fake, 1, &of(STAGED))).await;
    server.until("it is told", || !fake.reports(1).is_empty()).await;
    let report = fake.reports(1).remove(0);
    assert!(
        report.starts_with("**undecided**: it could not be decided") && report.contains("records.json"),
        "{report}"
    );
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(fake.reviews(1).len(), 1, "the same is not told again");
    std::fs::write(project.path().join("records.json"), records(&[STAGED])).unwrap();
    server.until("it is approved", || fake.states(1) == ["approved"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_job_of_a_run_counts() {
    let fake = Fake::start().await;
    let project = project(&fake, "", OPEN, "");
    let server = App::start(project.path(), &[]).await;
    let job = |run: u64, id: u64, digest: &str| {
        let mut event = event(&fake, run, &of(digest));
        event["deployment"]["id"] = json!(id);
        event
    };
    // One that holds first, so that the run still waits when the other comes.
    server.deliver("d1", &job(1, 10, UNKNOWN)).await;
    server.deliver("d2", &job(1, 11, STAGED)).await;
    server.until("it is held", || fake.reports(1).iter().any(|report| report.contains("**allow**"))).await;
    server.deliver("d3", &job(1, 12, BAD)).await;
    server.until("it is rejected", || !fake.states(1).is_empty()).await;
    assert_eq!(fake.states(1), ["rejected"]);
    // The run is started again: it waits with another deployment, and is judged anew.
    fake.github().reviews.clear();
    assert_eq!(server.deliver("d4", &job(1, 13, STAGED)).await.0, 202);
    server.until("it is approved", || fake.states(1) == ["approved"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_environment_that_is_not_configured_is_told() {
    let fake = Fake::start().await;
    let project = project(&fake, "", OPEN, "");
    let server = App::start(project.path(), &[]).await;
    let mut event = event(&fake, 1, &of(STAGED));
    event["environment"] = json!("qa");
    server.deliver("d", &event).await;
    server.until("it is told", || !fake.reports(1).is_empty()).await;
    assert!(fake.reports(1)[0].contains("has no environment `qa`"), "{:?}", fake.reports(1));
}
