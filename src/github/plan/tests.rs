//! What is done when.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{MOST_REPORTS, Progress, Say, next_call, next_look, say};
use crate::domain::decision::Decisions;
use crate::github::outcome::Outcome;
use crate::github::settings::GithubSettings;

fn at(minutes: i64) -> Timestamp {
    let start: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
    start + SignedDuration::from_mins(minutes)
}

fn settings(reject: Option<Duration>) -> GithubSettings {
    GithubSettings {
        api: "https://api.github.com".parse().unwrap(),
        artifacts: vec!["{payload}".parse().unwrap()],
        lookup: None,
        deployment_name: None,
        environments: [].into(),
        repositories: Vec::new(),
        installations: Vec::new(),
        reject_without_artifact: reject,
        poll: Duration::from_secs(30),
    }
}

fn missing(why: &str) -> Outcome {
    Outcome::NoArtifact(why.to_owned())
}

fn held(opens_at: Timestamp) -> Outcome {
    let decision = crate::github::comment::tests::held(opens_at);
    Outcome::Decided(Decisions(vec![decision]))
}

#[test]
fn reports_are_few_and_each_is_new() {
    let settings = settings(None);
    let mut progress = Progress::new(at(0));
    let outcome = missing("a");
    assert_eq!(say(&outcome, &progress, &settings, at(0)), Say::Report);
    progress.reported(&outcome, at(0));
    assert_eq!(say(&outcome, &progress, &settings, at(60)), Say::Nothing, "it was said");
    assert_eq!(say(&missing("b"), &progress, &settings, at(0)), Say::Nothing, "too soon");
    assert_eq!(say(&missing("b"), &progress, &settings, at(1)), Say::Report);
    // Whatever changes every minute is told less and less, and to the end.
    let mut reports = vec![0];
    for minute in 1..30 * 24 * 60 {
        let news = missing(&minute.to_string());
        if say(&news, &progress, &settings, at(minute)) == Say::Report {
            progress.reported(&news, at(minute));
            reports.push(minute);
        }
    }
    assert_eq!(reports, [0, 1, 5, 21, 85, 341, 1_365, 5_461, 21_845]);
    progress.reports = MOST_REPORTS;
    assert_eq!(say(&missing("c"), &progress, &settings, at(90_000)), Say::Nothing);
}

#[test]
fn without_an_artifact_nothing_is_approved() {
    let progress = Progress::new(at(0));
    let limited = settings(Some(Duration::from_hours(1)));
    for outcome in [missing("a"), Outcome::NoEnvironment("prod".to_owned()), Outcome::Failed] {
        for minutes in [0, 59, 60, 10_000] {
            let said = say(&outcome, &progress, &limited, at(minutes));
            let rejects = matches!(outcome, Outcome::NoArtifact(_)) && minutes >= 60;
            assert_eq!(said, if rejects { Say::Reject } else { Say::Report }, "{outcome:?} after {minutes}");
            assert_eq!(say(&outcome, &progress, &settings(None), at(minutes)), Say::Report);
        }
    }
    let next = next_look(&missing("a"), &Progress { looks: 9, ..progress }, &limited, at(55), 0.0);
    assert_eq!(next, at(60), "the end of the wait is not slept through");
}

#[test]
fn looks_become_rare_until_something_changes() {
    let settings = settings(None);
    let mut progress = Progress::new(at(0));
    let pauses = |progress: &mut Progress, outcome: &Outcome| {
        let pause = |_| {
            progress.looked(outcome);
            let next = next_look(outcome, progress, &settings, at(0), 0.0);
            next.duration_since(at(0)).as_secs()
        };
        (0..7).map(pause).collect::<Vec<_>>()
    };
    assert_eq!(pauses(&mut progress, &Outcome::Failed), [30, 60, 120, 240, 480, 600, 600]);
    assert_eq!(pauses(&mut progress, &missing("a")), [30, 60, 120, 240, 480, 600, 600]);
    let late = next_look(&Outcome::Failed, &progress, &settings, at(0), 1.0).duration_since(at(0));
    assert!(late <= SignedDuration::from_secs(660), "{late}");
}

#[test]
fn a_hold_is_looked_at_when_it_opens() {
    let settings = settings(None);
    let progress = Progress { looks: 2, ..Progress::new(at(0)) };
    let pause = |opens_at: Timestamp, chance: f64| {
        let next = next_look(&held(opens_at), &progress, &settings, at(0), chance);
        Duration::try_from(next.duration_since(at(0))).unwrap()
    };
    let cases = [
        (at(30), 1_800_050, 1_802_050),
        (at(600), 3_600_000, 3_602_000),
        (at(0) + SignedDuration::from_millis(10), 1_000, 3_000),
        // It should be open, and is not: then as if it were not known.
        (at(0), 120_000, 132_000),
        (at(-60), 120_000, 132_000),
    ];
    for (opens_at, soonest, latest) in cases {
        let found = (pause(opens_at, 0.0).as_millis(), pause(opens_at, 1.0).as_millis());
        assert_eq!(found, (soonest, latest), "{opens_at}");
    }
    assert!(!progress.is_settled(&settings, at(0)) && progress.is_settled(&settings, at(1)));
}

#[test]
fn failed_calls_are_made_again_within_bounds() {
    let mut progress = Progress::new(at(0));
    let mut seconds = Vec::new();
    for failures in 1..=12 {
        progress.failures = failures;
        let (soonest, latest) = (next_call(&progress, None, at(0), 0.0), next_call(&progress, None, at(0), 1.0));
        assert!(soonest < latest);
        seconds.push(latest.duration_since(at(0)).as_secs());
    }
    assert_eq!(seconds, [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
    let told = next_call(&progress, Some(Duration::from_mins(20)), at(0), 0.0);
    assert!(told >= at(20), "GitHub said when");
}

#[test]
fn after_thirty_days_nobody_waits() {
    let progress = Progress::new(at(0));
    assert!(!progress.is_over(at(30 * 24 * 60)));
    assert!(progress.is_over(at(30 * 24 * 60 + 1)));
    assert!(!progress.needs_check(at(59)));
    assert!(progress.needs_check(at(60)));
    let text = serde_json::to_string(&progress).unwrap();
    assert_eq!(serde_json::from_str::<Progress>(&text).unwrap(), progress);
}
