//! A server that is killed loses nothing that it has acknowledged.

use std::sync::Arc;

use rustix::process::Signal;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::fake::Fake;
use super::program::{App, OPEN, STAGED, UNKNOWN, event, of, project, records};

const WAITING: u64 = 1_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_that_wait_survive_being_killed() {
    let fake = Fake::start().await;
    // Those that are held are looked at again after the restart, not before.
    let project = project(&fake, "", OPEN, "");
    let configuration = project.path().join("holdpoint.yaml");
    let text = std::fs::read_to_string(&configuration).unwrap().replace("poll: 1s", "poll: 10m");
    std::fs::write(&configuration, text).unwrap();
    let server = Arc::new(App::start(project.path(), &[]).await);
    let places = Arc::new(Semaphore::new(16));
    let mut deliveries = JoinSet::new();
    for run in 1..=WAITING {
        let (server, places) = (Arc::clone(&server), Arc::clone(&places));
        let event = event(&fake, run, &of(UNKNOWN));
        deliveries.spawn(async move {
            let _place = places.acquire().await.unwrap();
            server.deliver(&format!("delivery-{run}"), &event).await.0
        });
    }
    while let Some(status) = deliveries.join_next().await {
        assert_eq!(status.unwrap(), 202);
    }
    // Killed while it tells GitHub about them.
    server.signal(Signal::KILL);
    assert_eq!(Arc::into_inner(server).unwrap().ended().await.0, None);
    let told = fake.github().reviews.len();
    assert!(fake.github().reviews.iter().all(|review| review.state.is_none()), "nothing was decided yet");
    std::fs::write(project.path().join("records.json"), records(&[STAGED, UNKNOWN])).unwrap();
    let server = App::start(project.path(), &[]).await;
    let approved = || fake.github().reviews.iter().filter(|review| review.state.as_deref() == Some("approved")).count();
    server.until("all are approved", || approved() == usize::try_from(WAITING).unwrap()).await;
    let done = || server.log().matches("a deployment is answered").count() >= 1_000;
    server.until("all are known to be", done).await;
    for run in 1..=WAITING {
        assert_eq!(fake.states(run), ["approved"], "run {run}, {told} reports before the kill");
    }
    assert_eq!(fake.github().faults, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_configuration_is_for_those_that_wait_too() {
    let fake = Fake::start().await;
    let project = project(&fake, "", OPEN, "");
    let configuration = project.path().join("holdpoint.yaml");
    let text = std::fs::read_to_string(&configuration).unwrap().replace("poll: 1s", "poll: 10m");
    std::fs::write(&configuration, text).unwrap();
    let server = App::start(project.path(), &[]).await;
    server.deliver("d", &event(&fake, 1, &of(UNKNOWN))).await;
    server.until("it is held", || !fake.reports(1).is_empty()).await;
    let policy = project.path().join("policies/before.rego");
    std::fs::write(policy, "package shop.before\nimport rego.v1\ndeny contains \"closed\" if false\n").unwrap();
    server.signal(Signal::HUP);
    server.until("it is approved", || fake.states(1) == ["approved"]).await;
}
