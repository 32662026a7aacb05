//! A GitHub that is slow, broken, strict or elsewhere.

use std::time::Duration;

use jiff::SignedDuration;
use tokio::net::TcpListener;

use super::fake::{Fake, Mood};
use super::program::{App, OPEN, STAGED, event, of, project};

fn status(status: u16) -> Mood {
    Mood::Status(status, Vec::new())
}

#[tokio::test(flavor = "multi_thread")]
async fn github_is_told_once_whatever_it_does() {
    let fake = Fake::start().await;
    let project = project(&fake, "  timeout: 1s", OPEN, "");
    let server = App::start(project.path(), &[]).await;
    // Those that fail are told again after two seconds: at the same time.
    let slow = Mood::Slow(Duration::from_millis(1_500));
    let answered = |count: usize| server.log().matches("a deployment is answered").count() >= count;
    for (run, mood) in (1..).zip([status(500), status(404), slow]) {
        fake.github().moods.push_back(mood);
        server.deliver(&run.to_string(), &event(&fake, run, &of(STAGED))).await;
    }
    server.until("three are known to be approved", || answered(3)).await;
    // This one stops all calls for a second.
    fake.github().moods.push_back(Mood::Status(403, vec![("retry-after", "1".to_owned())]));
    server.deliver("4", &event(&fake, 4, &of(STAGED))).await;
    server.until("the fourth is known to be approved", || answered(4)).await;
    for run in 1..=4 {
        assert_eq!(fake.states(run), ["approved"], "{run}");
    }
    let lines = [
        r#"holdpoint_github_call_failures_total{reason="failed"} 3"#,
        r#"holdpoint_github_call_failures_total{reason="limited"} 1"#,
        r#"holdpoint_github_answers_total{answer="approved"} 3"#,
        // The slow one had been done: GitHub says so when it is told again.
        r#"holdpoint_github_answers_total{answer="elsewhere"} 1"#,
        "holdpoint_github_waiting 0",
    ];
    server.counts(&lines).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_not_good_any_more_is_replaced() {
    let fake = Fake::start().await;
    let project = project(&fake, "", OPEN, "");
    let server = App::start(project.path(), &[]).await;
    server.deliver("1", &event(&fake, 1, &of(STAGED))).await;
    server.until("it is approved", || fake.states(1) == ["approved"]).await;
    fake.github().revoked.insert("ghs_1".to_owned());
    // The next lasts so short a time that it is used for one look only.
    fake.github().token_lifetime = Some(SignedDuration::from_secs(100));
    server.deliver("2", &event(&fake, 2, &of(STAGED))).await;
    server.until("it is approved", || fake.states(2) == ["approved"]).await;
    assert_eq!(fake.github().tokens_issued, 2);
    server.deliver("3", &event(&fake, 3, &of(STAGED))).await;
    server.until("it is approved", || fake.states(3) == ["approved"]).await;
    assert!(fake.github().tokens_issued >= 3);
    assert_eq!(fake.github().faults, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_goes_nowhere_else() {
    let fake = Fake::start().await;
    let elsewhere = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = elsewhere.local_addr().unwrap();
    let visited = tokio::spawn(async move { elsewhere.accept().await });
    let project = project(&fake, "", OPEN, "");
    let server = App::start(project.path(), &[]).await;
    for (run, code) in (1..).zip([301, 302, 307, 308]) {
        let location = format!("http://{address}/repos/acme/shop/actions/runs/{run}/deployment_protection_rule");
        fake.github().moods.push_back(Mood::Status(code, vec![("location", location)]));
        server.deliver(&run.to_string(), &event(&fake, run, &of(STAGED))).await;
    }
    server.until("all are approved", || (1..=4).all(|run| fake.states(run) == ["approved"])).await;
    assert!(fake.github().moods.is_empty() && !visited.is_finished());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_has_ended_waits_no_more() {
    let fake = Fake::start().await;
    let project = project(&fake, "", OPEN, "");
    let server = App::start(project.path(), &[]).await;
    // GitHub takes no report, since the run was cancelled.
    fake.github().completed.insert(1);
    fake.github().moods.push_back(status(422));
    server.deliver("1", &event(&fake, 1, &of(super::program::UNKNOWN))).await;
    let ended = || server.log().contains("answer=ended") || server.log().contains("ended");
    server.until("it is noticed", ended).await;
    server.counts(&[r#"holdpoint_github_answers_total{answer="ended"} 1"#]).await;
    assert!(fake.states(1).is_empty());
}
