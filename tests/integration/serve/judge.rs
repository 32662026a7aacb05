//! Judging: what comes of reviews, in time, whatever happens.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use holdpoint::admission::answer::{Conclusion, Outcome};
use holdpoint::admission::image::Role;
use holdpoint::admission::review::{Operation, Review, User};
use holdpoint::admission::settings::{
    ImageScope, Mode, NamePattern, OnMissingRecord, PlacementRule, Profile, Tags, TextSource,
};
use holdpoint::domain::digest::Digest;
use holdpoint::domain::verdict::Verdict;
use holdpoint::gate::source::BoxFuture;
use holdpoint::server::judge::tags::{ResolveTag, Resolved};
use serde_json::json;

use super::world::{Mood, Running, World, digest, image, only, pod};

/// The code of an outcome: that of the refusal, or of the first finding that blocks.
fn code(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Decided(decision) => {
            decision.findings.iter().find(|finding| finding.blocks()).map_or("", |finding| finding.code.as_str())
        }
        Outcome::Refused { code, .. } => code,
        Outcome::Readmitted { .. } => "readmitted",
        Outcome::Ignored { .. } => "ignored",
    }
}

async fn within(running: &Running, review: &Review, time: Duration) -> Outcome {
    let start = Instant::now();
    let judgement = running.judge.judge(review, None, start + time).await;
    assert!(start.elapsed() < time + Duration::from_millis(500), "{:?}", start.elapsed());
    only(judgement)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_judged_and_what_is_not() {
    let mut world = World::new();
    world.settings.profiles.insert(
        "production".to_owned(),
        Profile { environment: Some("production".to_owned()), mode: Some(Mode::Warn), ..Profile::default() },
    );
    let running = world.start().await;
    let ask = async |review: Review| running.ask(&review).await;
    let conclusion = async |review: Review| ask(review).await.conclusion;
    assert!(matches!(conclusion(pod("kube-system", &["x"])).await, Conclusion::Exempt { .. }));
    assert!(matches!(conclusion(pod("elsewhere", &[&image(1)])).await, Conclusion::Unmapped { .. }));
    let removed = Review { operation: Operation::Delete, ..pod("prod", &[&image(9)]) };
    assert!(matches!(conclusion(removed).await, Conclusion::Passes { .. }));
    let strange = Review { object: Some(json!({"spec": 1})), ..pod("prod", &[]) };
    assert!(matches!(conclusion(strange).await, Conclusion::Unknown { .. }));

    let denied = ask(pod("prod", &[&image(9)])).await;
    assert!(!denied.answer.allowed);
    assert_eq!((denied.answer.verdict, denied.answer.code()), (Some(Verdict::Deny), Some(403)));
    assert_eq!(denied.environment.as_deref(), Some("production"));
    assert!(denied.snapshot_age.is_some_and(|age| age < Duration::from_mins(1)));
    assert!(ask(pod("prod", &[&image(1)])).await.answer.allowed);
    assert!(ask(pod("stage", &[&image(9)])).await.answer.allowed);

    assert!(running.judge.has_profile("production") && !running.judge.has_profile("other"));
    let deadline = Instant::now() + Duration::from_secs(10);
    let warned = running.judge.judge(&pod("elsewhere", &[&image(9)]), Some("production"), deadline).await;
    assert_eq!((warned.answer.allowed, warned.answer.verdict), (true, Some(Verdict::Deny)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_name_with_a_digest_can_be_judged() {
    let running = World::new().start().await;
    let bare = digest(1).to_string();
    let cases = [
        (image(1), Verdict::Allow, ""),
        (image(1).replace("storefront@", "storefront:v1@"), Verdict::Allow, ""),
        ("ghcr.io/acme/storefront:v1".to_owned(), Verdict::Deny, "digest_missing"),
        ("ghcr.io/acme/storefront".to_owned(), Verdict::Deny, "digest_missing"),
        ("ghcr.io/Acme/storefront@sha256:1".to_owned(), Verdict::Deny, "reference_unreadable"),
        // A node takes it for the tag of an image called `sha256`.
        (bare, Verdict::Deny, "reference_unreadable"),
        (image(1).replace("sha256", "sha512"), Verdict::Deny, "reference_unreadable"),
    ];
    for (reference, verdict, expected) in cases {
        let outcome = only(running.ask(&pod("prod", &[&reference])).await);
        assert_eq!((outcome.verdict(), code(&outcome)), (Some(verdict), expected), "{reference}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_image_is_judged_once_and_none_lends_its_verdict_to_another() {
    let mut world = World::new();
    world.settings.ignored_images = vec![ImageScope {
        images: vec![NamePattern("registry.k8s.io/*".to_owned())],
        namespaces: Vec::new(),
        roles: vec![Role::Container],
        reason: "system".to_owned(),
    }];
    let running = world.start().await;
    let pause = format!("registry.k8s.io/pause@{}", digest(9));
    let judgement = running.ask(&pod("prod", &[&image(1), &pause, &image(9), &image(2), &image(1), "x:y"])).await;
    let Conclusion::Judged(images) = judgement.conclusion else { panic!("{judgement:?}") };
    let seen: Vec<_> =
        images.iter().map(|judged| (judged.image.place.clone(), code(&judged.outcome).to_owned())).collect();
    let expected = ["", "ignored", "scripted", "", "", "digest_missing"];
    let expected: Vec<_> =
        (0..).zip(expected).map(|(index, code)| (format!("/spec/containers/{index}/image"), code.to_owned())).collect();
    assert_eq!(seen, expected);
    assert_eq!(world.rules.evaluations.load(Ordering::SeqCst), 3);
    assert!(!judgement.answer.allowed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn equal_requests_of_a_second_share_a_decision() {
    let world = World::new();
    let running = world.start().await;
    world.rules.slow.lock().unwrap().insert(digest(1).to_string(), Duration::from_millis(200));
    let review = pod("prod", &[&image(1)]);
    let asked = (0..50).map(|_| {
        let (judge, review) = (Arc::clone(&running.judge), review.clone());
        tokio::spawn(async move { judge.judge(&review, None, Instant::now() + Duration::from_secs(10)).await })
    });
    let mut ids = Vec::new();
    for judgement in asked.collect::<Vec<_>>() {
        ids.push(only(judgement.await.unwrap()).decision().unwrap().id.clone());
    }
    ids.dedup();
    assert_eq!((ids.len(), world.rules.evaluations.load(Ordering::SeqCst)), (1, 1));
    // Anything that rules see makes it another request; so does another second.
    let others = [
        pod("prod", &[&image(1).replace("storefront@", "storefront:v1@")]),
        Review { name: "other".to_owned(), ..review.clone() },
        Review { dry_run: true, ..review.clone() },
        Review { user: User { name: "alice".to_owned(), groups: Vec::new() }, ..review.clone() },
    ];
    for (number, other) in (2..).zip(others) {
        running.ask(&other).await;
        assert_eq!(world.rules.evaluations.load(Ordering::SeqCst), number);
    }
    world.clock.pass(1);
    running.ask(&review).await;
    assert_eq!(world.rules.evaluations.load(Ordering::SeqCst), 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_records_end_what_is_shared() {
    let world = World { refresh: Duration::from_millis(20), ..World::new() };
    let running = world.start().await;
    assert_eq!(running.verdict(1).await, Verdict::Allow);
    world.source.deployed("staging", &[2]);
    running.read_again().await;
    assert_eq!(running.verdict(1).await, Verdict::Deny);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_do_not_wait_for_others_and_too_many_are_turned_away_in_time() {
    let world = World { evaluations: 2, ..World::new() };
    let running = world.start().await;
    {
        let mut slow = world.rules.slow.lock().unwrap();
        slow.insert(digest(1).to_string(), Duration::from_secs(3));
        slow.insert(digest(2).to_string(), Duration::from_secs(3));
    }
    let one = pod("prod", &[&image(1)]);
    let slow = within(&running, &one, Duration::from_secs(1));
    let quick = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let start = Instant::now();
        assert_eq!(running.verdict(3).await, Verdict::Allow);
        assert!(start.elapsed() < Duration::from_secs(1));
        // Both cores are taken now, and stay so for longer than there is time.
        let second = pod("prod", &[&image(2)]);
        let busy = within(&running, &second, Duration::from_millis(400));
        let late = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let third = pod("prod", &[&image(3).replace("storefront", "other")]);
            within(&running, &third, Duration::from_millis(200)).await
        };
        let (busy, late) = tokio::join!(busy, late);
        assert_eq!((busy.verdict(), code(&busy)), (Some(Verdict::Undecided), "deadline"));
        assert_eq!((late.verdict(), code(&late)), (Some(Verdict::Undecided), "overloaded"));
    };
    let (slow, ()) = tokio::join!(slow, quick);
    assert_eq!((slow.verdict(), code(&slow)), (Some(Verdict::Undecided), "deadline"));
    // The one that was turned away is tried again when there is time.
    let again = pod("prod", &[&image(3).replace("storefront", "other")]);
    assert_eq!(within(&running, &again, Duration::from_secs(10)).await.verdict(), Some(Verdict::Allow));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_is_undecided_for_its_image_alone() {
    let world = World::new();
    let running = world.start().await;
    *world.rules.panics.lock().unwrap() = Some(digest(2));
    let judgement = running.ask(&pod("prod", &[&image(1), &image(2), &image(3)])).await;
    let Conclusion::Judged(images) = judgement.conclusion else { panic!("{judgement:?}") };
    let codes: Vec<&str> = images.iter().map(|judged| code(&judged.outcome)).collect();
    assert_eq!(codes, ["", "crashed", ""]);
    assert_eq!((judgement.answer.allowed, judgement.answer.verdict), (false, Some(Verdict::Undecided)));
    // Nothing is left of it.
    *world.rules.panics.lock().unwrap() = None;
    assert_eq!(running.verdict(2).await, Verdict::Allow);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_no_record_is_as_configured() {
    let cases = [
        (OnMissingRecord::Judge, 4, Verdict::Deny, "scripted"),
        (OnMissingRecord::Deny, 4, Verdict::Deny, "record_missing"),
        (OnMissingRecord::Undecided, 4, Verdict::Undecided, "record_missing"),
        (OnMissingRecord::Undecided, 1, Verdict::Allow, ""),
    ];
    for (on_missing_record, number, verdict, expected) in cases {
        let mut world = World::new();
        world.settings.on_missing_record = on_missing_record;
        let running = world.start().await;
        let outcome = running.outcome(number).await;
        assert_eq!((outcome.verdict(), code(&outcome)), (Some(verdict), expected), "{on_missing_record:?} {number}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_no_record_yet_is_looked_for_before_it_is_refused() {
    for on_missing_record in [OnMissingRecord::Deny, OnMissingRecord::Undecided] {
        let mut world = World::new();
        world.settings.on_missing_record = on_missing_record;
        let running = world.start().await;
        tokio::time::sleep(Duration::from_millis(1_050)).await;
        world.source.deployed("staging", &[4]);
        assert_eq!(running.verdict(4).await, Verdict::Allow, "{on_missing_record:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_that_comes_to_another_environment_brings_its_images() {
    let mut world = World::new();
    world.settings.placement = vec![PlacementRule {
        namespaces: vec![NamePattern("shop".to_owned())],
        environment: TextSource::Label("stage".to_owned()),
        allowed: vec!["staging".to_owned(), "production".to_owned()],
        default: None,
        deployment_name: None,
    }];
    let running = world.start().await;
    let labelled = |stage: &str, more: &str| {
        let mut object = pod("shop", &[&image(9)]).object.unwrap();
        object["metadata"]["labels"] = json!({"stage": stage, "more": more});
        object
    };
    let update = |stage, more| Review {
        operation: Operation::Update,
        old_object: Some(labelled("staging", "")),
        object: Some(labelled(stage, more)),
        ..pod("shop", &[])
    };
    let moved = running.ask(&update("production", "")).await;
    assert_eq!((moved.answer.verdict, moved.environment.as_deref()), (Some(Verdict::Deny), Some("production")));
    assert!(matches!(running.ask(&update("staging", "x")).await.conclusion, Conclusion::Passes { .. }));
    let refused = running.ask(&update("elsewhere", "")).await;
    assert_eq!((refused.answer.verdict, refused.environment), (Some(Verdict::Deny), None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_see_who_asks_for_what_and_why() {
    let running = World::new().start().await;
    let mut review = pod("prod", &[&image(1)]);
    review.user = User { name: "alice".to_owned(), groups: (0..40).map(|number| format!("g{number}")).collect() };
    review.dry_run = true;
    let object = review.object.as_mut().unwrap();
    object["metadata"]["annotations"] =
        json!({"holdpoint.dev/intent": "rollback", "holdpoint.dev/reason": "x".repeat(5_000)});
    let outcome = only(running.ask(&review).await);
    let request = &outcome.decision().unwrap().request;
    assert_eq!((request.actor.as_deref(), request.intent.as_str()), (Some("alice"), "rollback"));
    assert_eq!((request.channel, request.reason.as_ref().unwrap().chars().count()), ("admission", 1_001));
    let kubernetes = &request.context["kubernetes"];
    assert_eq!(kubernetes["groups"].as_array().unwrap().len(), 32);
    let expected = json!({"namespace": "prod", "kind": "Pod", "name": "web", "operation": "CREATE", "user": "alice",
        "groups": kubernetes["groups"], "dry_run": true});
    assert_eq!(*kubernetes, expected);
    let outcome = only(running.ask(&pod("prod", &[&image(1)])).await);
    let request = &outcome.decision().unwrap().request;
    assert_eq!((request.actor.as_deref(), request.intent.as_str(), request.reason.as_deref()), (None, "deploy", None));
}

/// A registry that knows these tags.
struct Registry(BTreeMap<&'static str, (usize, Vec<usize>)>);

impl ResolveTag for Registry {
    fn resolve<'a>(&'a self, reference: &'a str) -> BoxFuture<'a, Result<Resolved, String>> {
        Box::pin(async move {
            if reference == "ghcr.io/acme/hangs" {
                std::future::pending::<()>().await;
            }
            let (index, platforms) = self.0.get(reference).ok_or("it has no such tag")?;
            let platforms: Vec<Digest> = platforms.iter().map(|number| digest(*number)).collect();
            Ok(Resolved { digest: digest(*index), platforms })
        })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tags_are_judged_by_what_they_stand_for() {
    let mut world = World::new();
    world.settings.tags = Tags::Resolve;
    world.tags = Some(Arc::new(Registry(BTreeMap::from([
        ("ghcr.io/acme/single:v1", (1, vec![])),
        ("ghcr.io/acme/index:v1", (2, vec![8, 9])),
        ("ghcr.io/acme/platforms:v1", (7, vec![1, 2])),
        ("ghcr.io/acme/half:v1", (7, vec![1, 9])),
        ("ghcr.io/acme/unknown", (9, vec![])),
    ]))));
    let running = world.start().await;
    let cases = [
        ("ghcr.io/acme/single:v1", Verdict::Allow, "", Some(1)),
        ("ghcr.io/acme/index:v1", Verdict::Allow, "", Some(2)),
        ("ghcr.io/acme/platforms:v1", Verdict::Allow, "", Some(1)),
        // A node may run the platform that never ran before.
        ("ghcr.io/acme/half:v1", Verdict::Deny, "scripted", Some(7)),
        ("ghcr.io/acme/unknown", Verdict::Deny, "scripted", Some(9)),
        ("ghcr.io/acme/gone:v1", Verdict::Undecided, "tag_unresolved", None),
        ("ghcr.io/acme/hangs", Verdict::Undecided, "tag_unresolved", None),
        ("ghcr.io/Acme/x", Verdict::Deny, "reference_unreadable", None),
    ];
    for (reference, verdict, expected, judged) in cases {
        let outcome = within(&running, &pod("prod", &[reference]), Duration::from_secs(2)).await;
        assert_eq!((outcome.verdict(), code(&outcome)), (Some(verdict), expected), "{reference}");
        let artifact = outcome.decision().map(|decision| decision.request.artifact.clone());
        assert_eq!(artifact.as_ref().map(|artifact| artifact.digest), judged.map(digest), "{reference}");
        if let Some(artifact) = artifact {
            assert_eq!(artifact.reference, format!("{reference}@{}", artifact.digest));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_records_nothing_passes_and_the_answer_says_why() {
    let world = World::new();
    let running = world.start().await;
    world.source.is(Mood::Failing);
    world.clock.pass(299);
    assert_eq!(running.verdict(2).await, Verdict::Allow);
    world.clock.pass(2);
    let judgement = running.ask(&pod("prod", &[&image(1)])).await;
    assert_eq!((judgement.answer.allowed, judgement.answer.code()), (false, Some(503)));
    assert_eq!(judgement.snapshot_age.map(|age| age.as_secs()), Some(301));
    let outcome = only(judgement);
    assert_eq!(code(&outcome), "records_stale");
    let decision = outcome.decision().unwrap();
    assert_eq!(
        decision.findings[0].message,
        "the records of `production` were read 5 min 1 s ago; `server.stale_after` is 5 min"
    );
    assert_eq!(decision.snapshot.sources.len(), 1);
}
