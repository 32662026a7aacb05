//! Re-admission: what comes in again while there are no records, and all that must not.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use holdpoint::admission::answer::Outcome;
use holdpoint::admission::review::Review;
use holdpoint::admission::settings::{OnMissingRecord, OnSourceUnavailable};
use holdpoint::domain::finding::Location;
use holdpoint::domain::overrides::{Override, Overrides};
use holdpoint::domain::verdict::Verdict;
use holdpoint::server::readmission::Readmissions;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::world::{Mood, OverrideScript, Running, World, digest, eventually, image, only, pod};

const SHORT: Duration = Duration::from_millis(2);
/// Longer than records are good for.
const LONG: i64 = 301;

fn often() -> World {
    World { refresh: SHORT, ..World::new() }
}

fn readmitted(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Readmitted { .. })
}

/// Takes the records away: the source fails, and what was read is too old.
async fn take_records(world: &World, running: &Running) {
    world.source.is(Mood::Failing);
    running.read_again().await;
    world.clock.pass(LONG);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_allowed_comes_in_again_for_a_while_and_says_so() {
    let world = often();
    let running = world.start().await;
    let allowed_at = world.clock.now();
    assert_eq!(running.verdict(1).await, Verdict::Allow);
    assert_eq!(running.readmissions.len(), 1);
    take_records(&world, &running).await;

    let judgement = running.ask(&pod("prod", &[&image(1)])).await;
    assert!(judgement.answer.allowed && !judgement.answer.warnings().is_empty());
    let Outcome::Readmitted { decision, last_allowed, message } = only(judgement) else { panic!() };
    assert_eq!((decision.verdict, last_allowed), (Verdict::Undecided, allowed_at));
    assert!(message.contains("nobody listens"), "{message}");
    assert_eq!(running.judge.readmissions_used(), 1);
    // Another digest, another environment, another deployment: none of them was allowed.
    assert_eq!(running.verdict(2).await, Verdict::Undecided);
    let staging = only(running.ask(&pod("stage", &[&image(1)])).await);
    assert_eq!(staging.verdict(), Some(Verdict::Undecided));

    world.clock.pass(3_600 - LONG);
    assert_eq!(running.verdict(1).await, Verdict::Allow);
    world.clock.pass(1);
    assert_eq!(running.verdict(1).await, Verdict::Undecided);
    assert_eq!(running.judge.readmissions_used(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_last_records_speak_against_stays_out() {
    type Change = fn(&World);
    let cases: [(&str, Change); 5] = [
        ("gone from staging", |world| world.source.deployed("staging", &[2])),
        ("held now", |world| *world.rules.closed.lock().unwrap() = Some((0, i64::MAX))),
        ("banned", |world| world.rules.banned.lock().unwrap().push(digest(1))),
        ("without a record", |world| {
            world.source.deployed("staging", &[]);
            world.rules.takes_all.store(true, Ordering::SeqCst);
        }),
        ("rules that fail", |world| world.rules.failing.store(true, Ordering::SeqCst)),
    ];
    for (what, change) in cases {
        let mut world = often();
        world.settings.on_missing_record = OnMissingRecord::Deny;
        let running = world.start().await;
        assert_eq!(running.verdict(1).await, Verdict::Allow, "{what}");
        change(&world);
        running.read_again().await;
        take_records(&world, &running).await;
        // Nobody has asked since it changed.
        let outcome = running.outcome(1).await;
        assert_eq!(outcome.verdict(), Some(Verdict::Undecided), "{what}");
        let forgotten = what != "rules that fail";
        assert_eq!(running.readmissions.is_empty(), forgotten, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_forgets() {
    for on_missing_record in [OnMissingRecord::Judge, OnMissingRecord::Deny] {
        let mut world = often();
        world.settings.on_missing_record = on_missing_record;
        let running = world.start().await;
        assert_eq!(running.verdict(1).await, Verdict::Allow);
        world.source.deployed("staging", &[2]);
        running.read_again().await;
        assert_eq!(running.verdict(1).await, Verdict::Deny);
        assert!(running.readmissions.is_empty(), "{on_missing_record:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dry_run_changes_nothing() {
    let world = often();
    let running = world.start().await;
    let dry = Review { dry_run: true, ..pod("prod", &[&image(1)]) };
    assert!(running.ask(&dry).await.answer.allowed);
    assert!(running.readmissions.is_empty());
    assert_eq!(running.verdict(1).await, Verdict::Allow);
    world.source.deployed("staging", &[2]);
    running.read_again().await;
    assert!(!running.ask(&dry).await.answer.allowed);
    assert_eq!(running.readmissions.len(), 1);
    take_records(&world, &running).await;
    assert!(!running.ask(&dry).await.answer.allowed);
    assert_eq!(running.readmissions.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_rules_know_nothing_of_it() {
    let world = often();
    let running = world.start().await;
    assert_eq!(running.verdict(1).await, Verdict::Allow);
    take_records(&world, &running).await;
    let with_other_rules = |policies| {
        world.rules.policies.store(policies, Ordering::SeqCst);
        world.start_with(Arc::clone(&running.readmissions))
    };
    assert_eq!(with_other_rules(1).verdict(1).await, Verdict::Undecided);
    assert!(readmitted(&with_other_rules(0).outcome(1).await));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_can_be_turned_off() {
    let turn_off: [fn(&mut World); 2] = [
        |world| world.settings.on_source_unavailable = OnSourceUnavailable::Undecided,
        |world| world.settings.readmit_max_age = Duration::ZERO,
    ];
    for turn_off in turn_off {
        let mut world = often();
        turn_off(&mut world);
        let running = world.start().await;
        assert_eq!(running.verdict(1).await, Verdict::Allow);
        take_records(&world, &running).await;
        assert_eq!(running.verdict(1).await, Verdict::Undecided);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_configuration_that_shortens_the_time_counts_at_once() {
    let mut world = often();
    let running = world.start().await;
    assert_eq!(running.verdict(1).await, Verdict::Allow);
    take_records(&world, &running).await;
    for (max_age, expected) in [(LONG.unsigned_abs(), true), (LONG.unsigned_abs() - 1, false), (0, false)] {
        world.settings.readmit_max_age = Duration::from_secs(max_age);
        let next = world.start_with(Arc::clone(&running.readmissions));
        assert_eq!(readmitted(&next.outcome(1).await), expected, "{max_age}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_that_are_too_old_for_their_environment_are_not_available() {
    let world = World { max_record_age: Some(SignedDuration::from_mins(1)), ..often() };
    let running = world.start().await;
    assert_eq!(running.verdict(1).await, Verdict::Allow);
    world.source.is(Mood::Failing);
    running.read_again().await;
    world.clock.pass(61);
    assert!(readmitted(&running.outcome(1).await));
    assert_eq!(running.verdict(2).await, Verdict::Undecided);
    // The rules are asked all the same whether they object; in another second, since this one's answer is shared.
    world.clock.pass(1);
    world.rules.banned.lock().unwrap().push(digest(1));
    assert_eq!(running.verdict(1).await, Verdict::Undecided);
    assert!(running.readmissions.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_allow_by_override_is_not_remembered_and_ends_by_the_clock() {
    let overrides = Arc::new(OverrideScript::default());
    let world = World { overrides: Some(Arc::clone(&overrides)), ..World::new() };
    let until = world.clock.now() + SignedDuration::from_mins(2);
    *overrides.0.lock().unwrap() = Some(Overrides {
        all: vec![Override {
            id: "hotfix".to_owned(),
            digest: digest(9),
            environment: "production".to_owned(),
            rules: vec!["scripted".to_owned()],
            reason: "checkout fails".to_owned(),
            actor: "alice".to_owned(),
            ticket: None,
            created_at: None,
            expires_at: until,
            location: Location { path: "overrides/hotfix.yaml".to_owned(), line: 1 },
        }],
        faults: Vec::new(),
        longest: SignedDuration::from_hours(24),
        read_at: world.clock.now(),
    });
    let running = world.start().await;
    assert_eq!(running.verdict(9).await, Verdict::Allow);
    assert!(running.readmissions.is_empty());
    // The observation, which has the override, is still good; the override is not.
    world.clock.pass(119);
    assert_eq!(running.verdict(9).await, Verdict::Allow);
    world.clock.pass(1);
    assert_eq!(running.verdict(9).await, Verdict::Deny);
}

fn with_file(folder: &Path) -> World {
    World { file: Some(folder.join("state/readmissions")), ..often() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_while_the_source_is_down_keeps_nobody_out() {
    let folder = tempfile::tempdir().unwrap();
    let world = with_file(folder.path());
    let running = world.start().await;
    assert_eq!(running.verdict(1).await, Verdict::Allow);
    running.readmissions.flush().await;
    drop(running);

    world.source.is(Mood::Failing);
    let running = world.start().await;
    assert!(running.judge.ready() && !running.judge.records().ready());
    assert!(readmitted(&running.outcome(1).await));
    let unknown = running.outcome(2).await;
    let codes: Vec<&str> =
        unknown.decision().unwrap().findings.iter().map(|finding| finding.code.as_str()).take(2).collect();
    assert_eq!(codes, ["records_not_loaded", "source_connection"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_loses_seconds_of_allows_and_hardly_any_of_a_refusal() {
    let folder = tempfile::tempdir().unwrap();
    let world = with_file(folder.path());
    let running = world.start().await;
    let _writing = running.readmissions.start();
    let known = || Readmissions::open(world.file.clone(), Duration::from_hours(1), world.clock.clock()).len();
    assert_eq!(running.verdict(1).await, Verdict::Allow);
    assert_eq!(known(), 0);
    eventually("the file", || known() == 1).await;
    world.source.deployed("staging", &[2]);
    running.read_again().await;
    let start = std::time::Instant::now();
    assert_eq!(running.verdict(1).await, Verdict::Deny);
    eventually("the file without it", || known() == 0).await;
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
}

#[test]
fn a_file_that_cannot_be_used_is_as_none() {
    let folder = tempfile::tempdir().unwrap();
    let world = with_file(folder.path());
    let path = world.file.clone().unwrap();
    fs::create_dir(path.parent().unwrap()).unwrap();
    let open = || Readmissions::open(Some(path.clone()), Duration::from_hours(1), world.clock.clock());
    let many = vec![b'x'; 17 << 20];
    for text in
        [b"".as_slice(), b"\0\xff", b"holdpoint readmissions 2\n", b"holdpoint readmissions 1\nsha256:00\n", &many]
    {
        fs::write(&path, text).unwrap();
        assert!(open().is_empty());
    }
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(open().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_was_changed_by_others_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let world = with_file(folder.path());
    let path = world.file.clone().unwrap();
    let running = world.start().await;
    assert_eq!(running.verdict(1).await, Verdict::Allow);
    running.readmissions.flush().await;
    let open = || Readmissions::open(Some(path.clone()), Duration::from_hours(1), world.clock.clock()).len();
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(open(), 1);
    assert!(!text.contains("production") && !text.contains(&digest(1).to_string()), "{text}");
    // A second more, half of it, and a file that anybody may write.
    let second = world.clock.second();
    fs::write(&path, text.replace(&second.to_string(), &(second + 1).to_string())).unwrap();
    assert_eq!(open(), 0);
    fs::write(&path, &text[..text.len() / 2]).unwrap();
    assert_eq!(open(), 0);
    fs::write(&path, &text).unwrap();
    assert_eq!(open(), 1);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        assert_eq!(open(), 0);
    }
}

/// What happens to a server and the world around it.
#[derive(Clone, Copy, Debug)]
enum Event {
    /// The source answers, or does not.
    Source(bool),
    /// A digest appears in staging, or disappears.
    Deployed(usize, bool),
    /// Time passes.
    Pass(i64),
    /// Everything is held for so many seconds, from the next second on.
    Close(i64),
    /// The policies are others.
    Policies(usize),
    /// The process ends in order and begins anew.
    Restart,
    /// Somebody asks, for a dry run or not.
    Ask(usize, bool),
}

fn event() -> impl Strategy<Value = Event> {
    let digest = 1_usize..4;
    prop_oneof![
        2 => any::<bool>().prop_map(Event::Source),
        2 => (digest.clone(), any::<bool>()).prop_map(|(number, there)| Event::Deployed(number, there)),
        3 => prop_oneof![Just(1), Just(29), Just(40), Just(LONG), Just(1_700), Just(3_700)].prop_map(Event::Pass),
        1 => prop_oneof![Just(10_i64), Just(400)].prop_map(Event::Close),
        1 => (0_usize..2).prop_map(Event::Policies),
        1 => Just(Event::Restart),
        8 => (digest, prop::bool::weighted(0.2)).prop_map(|(number, dry)| Event::Ask(number, dry)),
    ]
}

/// The rules of re-admission, as simple as they can be said.
#[derive(Default)]
struct Model {
    up: bool,
    now: i64,
    deployed: Vec<usize>,
    closed: (i64, i64),
    policies: usize,
    /// What was read last, and when.
    evidence: Option<(i64, Vec<usize>)>,
    allowed: BTreeMap<(usize, usize), i64>,
}

impl Model {
    fn read(&mut self) {
        if self.up {
            self.evidence = Some((self.now, self.deployed.clone()));
        }
    }

    fn by(&self, records: &[usize], number: usize) -> Verdict {
        match (records.contains(&number), (self.closed.0..self.closed.1).contains(&self.now)) {
            (false, _) => Verdict::Deny,
            (true, true) => Verdict::Hold,
            (true, false) => Verdict::Allow,
        }
    }

    fn ask(&mut self, number: usize, dry: bool) -> Verdict {
        let key = (self.policies, number);
        let by_last = self.evidence.as_ref().map(|(_at, records)| self.by(records, number));
        let current = self.evidence.as_ref().is_some_and(|(at, _records)| self.now - at <= 300);
        let remembered = self.allowed.get(&key).is_some_and(|at| self.now - at <= 3_600);
        if let (true, Some(verdict)) = (current, by_last) {
            let renews = self.allowed.get(&key).is_none_or(|at| self.now - at >= 30);
            if verdict == Verdict::Allow && renews && !dry {
                self.allowed.insert(key, self.now);
            }
            if verdict != Verdict::Allow && !dry {
                self.allowed.remove(&key);
            }
            return verdict;
        }
        match by_last {
            None | Some(Verdict::Allow) if remembered => Verdict::Allow,
            Some(Verdict::Deny | Verdict::Hold) if remembered && !dry => {
                self.allowed.remove(&key);
                Verdict::Undecided
            }
            _ => Verdict::Undecided,
        }
    }
}

async fn play(events: &[Event]) -> Result<(), TestCaseError> {
    let folder = tempfile::tempdir().unwrap();
    let world = with_file(folder.path());
    let mut model = Model { up: true, now: world.clock.second(), deployed: vec![1, 2, 3], ..Model::default() };
    let mut running = world.start().await;
    model.read();
    for (index, event) in events.iter().enumerate() {
        match *event {
            Event::Source(up) => {
                model.up = up;
                world.source.is(if up { Mood::Good } else { Mood::Failing });
            }
            Event::Deployed(number, there) => {
                model.deployed.retain(|known| *known != number);
                model.deployed.extend(there.then_some(number));
                world.source.deployed("staging", &model.deployed);
            }
            Event::Pass(seconds) => {
                model.now += seconds;
                world.clock.pass(seconds);
            }
            Event::Close(seconds) => {
                // The decisions of this second are shared, and rules are what they were when it began.
                let is_closed = (model.closed.0..model.closed.1).contains(&model.now);
                let from = if is_closed { model.closed.0 } else { model.now + 1 };
                model.closed = (from, model.now + 1 + seconds);
                *world.rules.closed.lock().unwrap() = Some(model.closed);
            }
            Event::Policies(policies) => {
                model.policies = policies;
                world.rules.policies.store(policies, Ordering::SeqCst);
                model.evidence = None;
                running = world.start_with(Arc::clone(&running.readmissions));
                eventually("the first reads", || running.judge.records().tried()).await;
            }
            Event::Restart => {
                running.readmissions.flush().await;
                model.evidence = None;
                running = world.start().await;
            }
            Event::Ask(number, dry_run) => {
                let review = Review { dry_run, ..pod("prod", &[&image(number)]) };
                let outcome = only(running.ask(&review).await);
                let expected = model.ask(number, dry_run);
                prop_assert_eq!(outcome.verdict(), Some(expected), "event {} of {:?}", index, events);
            }
        }
        running.read_again().await;
        model.read();
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    /// Never an allow that the rules deny by the newest evidence, none that is older than it may be, and no refusal of
    /// what may come in again.
    #[test]
    fn whatever_happens_what_comes_in_is_what_may(events in prop::collection::vec(event(), 1..24)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(play(&events))?;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_set_back_makes_nothing_young() {
    let world = often();
    let running = world.start().await;
    assert_eq!(running.verdict(1).await, Verdict::Allow);
    take_records(&world, &running).await;
    assert!(readmitted(&running.outcome(1).await));
    // An allow of tomorrow proves nothing.
    world.clock.pass(-100_000);
    assert_eq!(running.readmissions.len(), 1);
    let readmissions = Arc::clone(&running.readmissions);
    drop(running);
    let running = world.start_with(readmissions);
    eventually("the first reads", || running.judge.records().tried()).await;
    assert_eq!(running.verdict(1).await, Verdict::Undecided);
    assert!(world.clock.now() < Timestamp::from_second(1_763_640_000).unwrap());
}
