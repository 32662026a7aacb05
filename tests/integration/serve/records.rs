//! Records in memory: what is kept, what is read when, and who waits for it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use holdpoint::domain::verdict::Verdict;
use holdpoint::server::records::Records;

use super::world::{Mood, World, eventually, image, only, pod, status};

const SHORT: Duration = Duration::from_millis(20);

fn often() -> World {
    World { refresh: SHORT, ..World::new() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_never_read_is_not_ready_and_stays_ready_once_it_is() {
    let world = often();
    world.source.is(Mood::Failing);
    let running = world.start().await;
    assert!(!running.judge.ready() && !running.judge.records().ready());
    let before = running.status("production");
    assert_eq!((before.records, before.refreshes, before.refreshed_at, before.current), (0, 0, None, false));
    assert_eq!(before.last_failure.as_deref(), Some("record source `records`: nobody listens"));
    assert_eq!(running.verdict(1).await, Verdict::Undecided);

    world.source.is(Mood::Good);
    eventually("a good read", || running.judge.ready()).await;
    let status = running.status("production");
    assert_eq!((status.records, status.bytes > 0, status.current), (3, true, true));
    assert_eq!((status.last_failure, status.observed_at), (None, Some(world.clock.now())));
    assert_eq!(running.verdict(1).await, Verdict::Allow);

    world.source.is(Mood::Failing);
    running.read_again().await;
    assert!(running.judge.ready());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_that_brings_no_records_or_not_all_leaves_the_last_good_ones() {
    for mood in [Mood::Failing, Mood::Incomplete, Mood::Panicking] {
        let world = often();
        let running = world.start().await;
        world.source.is(mood);
        world.source.deployed("staging", &[9]);
        running.read_again().await;
        let status = running.status("production");
        assert!(status.failures > 0 && status.last_failure.is_some(), "{mood:?}: {status:?}");
        assert_eq!((status.records, status.current), (3, true), "{mood:?}");
        assert_eq!((running.verdict(1).await, running.verdict(9).await), (Verdict::Allow, Verdict::Deny), "{mood:?}");

        world.source.is(Mood::Good);
        running.read_again().await;
        assert_eq!((running.verdict(1).await, running.verdict(9).await), (Verdict::Deny, Verdict::Allow), "{mood:?}");
        assert_eq!(running.status("production").last_failure, None, "{mood:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_without_an_end_is_given_up_and_done_again() {
    let world = World { stale_after: Duration::from_millis(100), ..often() };
    world.source.is(Mood::Hanging);
    let running = world.start().await;
    let failure = running.status("production").last_failure.unwrap();
    assert_eq!(failure, "the records of `production` were not read within 100ms");
    world.source.is(Mood::Good);
    eventually("a good read", || running.judge.ready()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_environment_whose_source_is_slow_delays_no_other() {
    let world = often();
    *world.source.hangs.lock().unwrap() = Some("production".to_owned());
    let running = world.start_with(world.readmissions());
    eventually("ten reads of staging", || running.status("staging").refreshes > 10).await;
    assert_eq!(running.status("production").refreshes, 0);
    let staging = only(running.ask(&pod("stage", &[&image(7)])).await);
    assert_eq!(staging.verdict(), Some(Verdict::Allow));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_read_of_an_environment_at_a_time_and_none_after_the_end() {
    let world = often();
    world.source.is(Mood::Slow(Duration::from_millis(5)));
    let records: Arc<Records> = world.records(&["production", "unknown"]);
    assert_eq!(records.statuses().len(), 1);
    let refreshing = records.start();
    eventually("ten reads", || status(&records, "production").refreshes > 10).await;
    assert_eq!(world.source.most.load(std::sync::atomic::Ordering::SeqCst), 1);
    drop(refreshing);
    tokio::time::sleep(SHORT).await;
    let fetches = world.source.fetches();
    tokio::time::sleep(SHORT * 5).await;
    assert_eq!(world.source.fetches(), fetches);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failures_are_tried_again_soon_and_more_slowly_then() {
    let world = World::new();
    world.source.is(Mood::Failing);
    let running = world.start().await;
    assert_eq!(running.status("production").failures, 1);
    let start = Instant::now();
    eventually("a third try", || running.status("production").failures == 3).await;
    // A second, and two; a tenth of each by chance.
    let took = start.elapsed();
    assert!(took > Duration::from_millis(2_600) && took < Duration::from_secs(8), "{took:?}");
}

/// Records are as good as new for a second.
async fn until_they_are_old() {
    tokio::time::sleep(Duration::from_millis(1_050)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_digest_that_was_deployed_a_moment_ago_does_not_wait_for_the_interval() {
    let world = World::new();
    let running = world.start().await;
    until_they_are_old().await;
    let before = world.source.fetches();
    world.source.deployed("staging", &[1, 2, 3, 4]);
    assert_eq!(running.verdict(4).await, Verdict::Allow);
    assert_eq!(running.verdict(1).await, Verdict::Allow);
    assert_eq!(world.source.fetches(), before + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_unknown_digests_does_not_hammer_the_source() {
    let world = World::new();
    let running = world.start().await;
    until_they_are_old().await;
    world.source.is(Mood::Slow(Duration::from_millis(300)));
    let (before, start) = (world.source.fetches(), Instant::now());
    let flood = (0..500).map(|number| {
        let judge = Arc::clone(&running.judge);
        let review = pod("prod", &[&image(1_000 + number)]);
        tokio::spawn(async move { judge.judge(&review, None, Instant::now() + Duration::from_secs(10)).await })
    });
    for judgement in flood.collect::<Vec<_>>() {
        assert_eq!(only(judgement.await.unwrap()).verdict(), Some(Verdict::Deny));
    }
    for number in 2_000..2_100 {
        assert_eq!(running.verdict(number).await, Verdict::Deny);
    }
    let fetches = world.source.fetches() - before;
    // One for all, and on a machine that is slow, one for each second at most.
    let most = 1 + usize::try_from(start.elapsed().as_secs()).unwrap();
    assert!((1..=most).contains(&fetches), "{fetches} in {:?}", start.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn known_digests_do_not_wait_and_unknown_ones_not_for_ever() {
    let world = World::new();
    let running = world.start().await;
    until_they_are_old().await;
    world.source.is(Mood::Hanging);
    let start = Instant::now();
    let review = pod("prod", &[&image(4)]);
    let unknown = running.judge.judge(&review, None, Instant::now() + Duration::from_secs(4));
    let known = async {
        // Until the other has begun to wait.
        tokio::time::sleep(Duration::from_millis(200)).await;
        let start = Instant::now();
        assert_eq!(running.verdict(1).await, Verdict::Allow);
        start.elapsed()
    };
    let (unknown, known) = tokio::join!(unknown, known);
    assert!(known < Duration::from_secs(1), "{known:?}");
    assert_eq!(only(unknown).verdict(), Some(Verdict::Deny));
    let waited = start.elapsed();
    assert!(waited > Duration::from_millis(1_900) && waited < Duration::from_millis(3_500), "{waited:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_waits_for_a_source_that_fails() {
    let world = World::new();
    let running = world.start().await;
    until_they_are_old().await;
    world.source.is(Mood::Failing);
    assert_eq!(running.verdict(4).await, Verdict::Deny);
    world.source.is(Mood::Hanging);
    let start = Instant::now();
    assert_eq!(running.verdict(5).await, Verdict::Deny);
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
}
