//! What API servers, their users and their audit logs are told.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use holdpoint::admission::answer::{Answer, Conclusion, Facts, JudgedImage, Outcome};
use holdpoint::admission::image::{Role, UsedImage};
use holdpoint::admission::settings::{Mode, Unmapped};
use holdpoint::domain::decision::{Decision, Decisions};
use holdpoint::domain::overrides::OverrideReport;
use holdpoint::domain::text::is_hidden;
use holdpoint::domain::verdict::Verdict;
use proptest::prelude::*;
use serde_json::Value;

use super::envelope::UID;
use crate::output::fixture::{self, at};
use crate::output::hostile::hostile_texts;

const MODES: [Mode; 3] = [Mode::Enforce, Mode::Warn, Mode::Audit];

fn facts(mode: Mode) -> Facts {
    Facts {
        mode,
        object: "Deployment shop/storefront".to_owned(),
        environment: Some("production".to_owned()),
        snapshot_age: Some(Duration::from_millis(12_700)),
        retry_after: Duration::from_millis(4_200),
    }
}

fn image(name: &str, reference: &str) -> UsedImage {
    let place = "/spec/template/spec/containers/0/image".to_owned();
    UsedImage { reference: reference.to_owned(), place, name: name.to_owned(), role: Role::Container }
}

fn judged(name: &str, outcome: Outcome) -> JudgedImage {
    let reference = format!("ghcr.io/acme/storefront@{}", fixture::digest(0xab));
    JudgedImage { image: image(name, &reference), outcome }
}

fn decided(name: &str, decisions: Decisions) -> JudgedImage {
    judged(name, Outcome::Decided(Arc::new(one(decisions))))
}

fn one(decisions: Decisions) -> Decision {
    decisions.0.into_iter().next().unwrap()
}

fn tag() -> JudgedImage {
    let outcome = Outcome::Refused {
        verdict: Verdict::Deny,
        code: "no_digest",
        message: "`nginx:1.27` has no digest".to_owned(),
        remediation: "name the digest".to_owned(),
    };
    let image = UsedImage {
        role: Role::InitContainer,
        place: "/spec/initContainers/2/image".to_owned(),
        ..image("setup", "nginx:1.27")
    };
    JudgedImage { image, outcome }
}

fn not_loaded() -> JudgedImage {
    let (message, remediation) = ("the records of `production` are not loaded yet".to_owned(), String::new());
    judged("app", Outcome::Refused { verdict: Verdict::Undecided, code: "records_not_loaded", message, remediation })
}

fn readmitted() -> JudgedImage {
    let decision = Arc::new(one(fixture::undecided()));
    let message = "the records of `production` are unavailable".to_owned();
    judged("app", Outcome::Readmitted { decision, last_allowed: at("2026-11-20T08:00:00Z"), message })
}

fn ignored() -> JudgedImage {
    judged("proxy", Outcome::Ignored { reason: "part of the mesh".to_owned() })
}

fn conclusions() -> Vec<(&'static str, Conclusion)> {
    let text = str::to_owned;
    let unmapped = |handling| Conclusion::Unmapped {
        handling,
        message: text("no rule of `admission.placement` is for namespace `shop`\nhint: add one"),
    };
    vec![
        ("passes", Conclusion::Passes { reason: text("its images stay the same") }),
        ("exempt", Conclusion::Exempt { reason: text("namespace `kube-system` is exempt") }),
        ("unmapped, denied", unmapped(Unmapped::Deny)),
        ("unmapped, warned", unmapped(Unmapped::Warn)),
        ("unmapped, allowed", unmapped(Unmapped::Allow)),
        (
            "unknown",
            Conclusion::Unknown {
                message: text("`/spec/containers` looks like the containers of a pod\nhint: say where"),
            },
        ),
        ("nothing judged", Conclusion::Judged(Vec::new())),
        ("allowed", Conclusion::Judged(vec![decided("app", fixture::allow())])),
        ("denied", Conclusion::Judged(vec![decided("app", fixture::deny())])),
        ("held", Conclusion::Judged(vec![decided("app", fixture::hold())])),
        ("undecided", Conclusion::Judged(vec![decided("app", fixture::undecided())])),
        ("warned", Conclusion::Judged(vec![decided("app", fixture::advice())])),
        ("by override", Conclusion::Judged(vec![decided("app", fixture::overridden())])),
        ("unexplained", Conclusion::Judged(vec![decided("app", fixture::unexplained())])),
        ("not loaded", Conclusion::Judged(vec![not_loaded()])),
        ("readmitted", Conclusion::Judged(vec![readmitted(), decided("b", fixture::allow())])),
        ("ignored", Conclusion::Judged(vec![ignored()])),
        (
            "several",
            Conclusion::Judged(vec![
                decided("app", fixture::hold()),
                ignored(),
                tag(),
                not_loaded(),
                decided("twin", fixture::hold()),
                decided("fine", fixture::allow()),
                readmitted(),
            ]),
        ),
    ]
}

fn json(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.to_json()).unwrap()
}

#[test]
fn every_conclusion_in_every_mode() {
    let mut shown = String::new();
    for (name, conclusion) in conclusions() {
        for mode in MODES {
            let answer = Answer::new(UID, &conclusion, &facts(mode));
            let review = json(&answer);
            assert_eq!(
                (&review["kind"], &review["apiVersion"]),
                (&"AdmissionReview".into(), &"admission.k8s.io/v1".into())
            );
            assert_eq!(review["response"]["uid"], UID);
            let response = serde_json::to_string_pretty(&review["response"]).unwrap();
            let (mode, verdict) = (&answer.audit_annotations()["mode"], answer.verdict.map_or("none", Verdict::as_str));
            writeln!(shown, "== {name}, {mode}: {verdict}\n{response}\n").unwrap();
        }
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn what_people_read() {
    let mut shown = String::new();
    for (name, conclusion) in conclusions() {
        let answer = Answer::new(UID, &conclusion, &facts(Mode::Enforce));
        let message = answer.message().unwrap_or("(allowed)");
        writeln!(shown, "== {name}\n{message}").unwrap();
        for warning in Answer::new(UID, &conclusion, &facts(Mode::Warn)).warnings() {
            writeln!(shown, "Warning: {warning}").unwrap();
        }
        shown.push('\n');
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn only_the_verdict_and_the_mode_refuse() {
    for (name, conclusion) in conclusions() {
        let verdict = conclusion.verdict();
        let refused = verdict.is_some_and(|verdict| verdict != Verdict::Allow);
        for mode in MODES {
            let answer = Answer::new(UID, &conclusion, &facts(mode));
            assert_eq!(answer.allowed, !refused || mode != Mode::Enforce, "{name}, {mode:?}");
            assert_eq!(answer.verdict, verdict, "{name}, {mode:?}");
            let annotation = answer.audit_annotations().get("verdict").map(String::as_str);
            assert_eq!(annotation, verdict.map(Verdict::as_str), "{name}, {mode:?}");
            assert!(mode != Mode::Audit || answer.warnings().is_empty(), "{name}");
            assert!(mode != Mode::Warn || !refused || !answer.warnings().is_empty(), "{name}");
            assert_eq!(json(&answer)["response"].get("status").is_some(), !answer.allowed, "{name}, {mode:?}");
        }
        let code = Answer::new(UID, &conclusion, &facts(Mode::Enforce)).code();
        let expected = verdict.filter(|_| refused).map(|verdict| if verdict == Verdict::Undecided { 503 } else { 403 });
        assert_eq!(code, expected, "{name}");
    }
}

#[test]
fn a_refusal_that_allows_is_undecided() {
    for verdict in [Verdict::Allow, Verdict::Hold, Verdict::Undecided] {
        let outcome = Outcome::Refused { verdict, code: "x", message: String::new(), remediation: String::new() };
        let conclusion = Conclusion::Judged(vec![judged("app", outcome)]);
        assert_eq!(conclusion.verdict(), Some(Verdict::Undecided));
    }
}

#[test]
fn a_fault_is_answered_in_band_and_clients_come_again() {
    let answer = Answer::failed(UID, "too much to do", Duration::ZERO);
    let status = json(&answer)["response"]["status"].clone();
    assert_eq!((&status["code"], &status["reason"]), (&503.into(), &"ServiceUnavailable".into()));
    assert_eq!(status["details"]["retryAfterSeconds"], 1);
    for mode in [Mode::Warn, Mode::Audit] {
        let passed = answer.clone().under(mode);
        assert!(passed.allowed && passed.verdict == Some(Verdict::Undecided), "{mode:?}");
        assert_eq!(passed.warnings().len(), usize::from(mode == Mode::Warn));
    }
}

/// Whatever is in it, an answer is short and hides nothing.
fn check(answer: &Answer) {
    let clean = |text: &str| {
        !text.chars().any(|character| is_hidden(character) && !('\u{fe0e}'..='\u{fe0f}').contains(&character))
    };
    let message = answer.message().unwrap_or_default();
    assert!(message.len() < 8 * 1024, "{}", message.len());
    assert!(message.lines().all(clean), "{message}");
    assert!(answer.warnings().len() <= 10);
    for warning in answer.warnings() {
        assert!(warning.chars().count() < 120 && clean(warning), "{warning}");
    }
    for (key, value) in answer.audit_annotations() {
        assert!(key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{key}");
        assert!(value.chars().count() <= 1_001 && clean(value) && !value.is_empty(), "{key}: {value}");
    }
    let review = json(answer);
    assert!(answer.to_json().len() < 200_000, "{}", answer.to_json().len());
    for cause in review["response"]["status"]["details"]["causes"].as_array().into_iter().flatten() {
        assert!(["reason", "message"].iter().all(|key| cause[key].as_str().is_some_and(clean)), "{cause}");
    }
}

/// A decision with this text wherever a rule or a user can put one.
fn hostile(text: &str, verdict: Verdict) -> Decision {
    let mut decision = one(if verdict == Verdict::Deny { fixture::deny() } else { fixture::advice() });
    for finding in &mut decision.findings {
        for field in
            [&mut finding.rule, &mut finding.code, &mut finding.title, &mut finding.message, &mut finding.remediation]
        {
            text.clone_into(field);
        }
    }
    text.clone_into(&mut decision.id);
    let exception = holdpoint::domain::overrides::Override { id: text.to_owned(), ..fixture::exception("a") };
    decision.overrides = vec![OverrideReport { exception, used: true }];
    decision
}

fn hostile_answers(text: &str) -> Vec<Answer> {
    let used =
        UsedImage { reference: text.to_owned(), place: format!("/{text}"), name: text.to_owned(), role: Role::Custom };
    let of = |outcome| JudgedImage { image: used.clone(), outcome };
    let owned = || text.to_owned();
    let last_allowed = at("2026-11-20T08:00:00Z");
    let images = vec![
        of(Outcome::Decided(Arc::new(hostile(text, Verdict::Deny)))),
        of(Outcome::Decided(Arc::new(hostile(text, Verdict::Allow)))),
        of(Outcome::Readmitted { decision: Arc::new(hostile(text, Verdict::Deny)), last_allowed, message: owned() }),
        of(Outcome::Refused { verdict: Verdict::Deny, code: "x", message: owned(), remediation: owned() }),
        of(Outcome::Ignored { reason: owned() }),
    ];
    let conclusions = [
        Conclusion::Judged(images),
        Conclusion::Unknown { message: owned() },
        Conclusion::Passes { reason: owned() },
        Conclusion::Unmapped { handling: Unmapped::Warn, message: owned() },
        Conclusion::Unmapped { handling: Unmapped::Deny, message: owned() },
    ];
    let told = |mode| Facts { object: owned(), environment: Some(owned()), ..facts(mode) };
    let answers = conclusions.iter().flat_map(|conclusion| MODES.map(|mode| Answer::new(UID, conclusion, &told(mode))));
    answers.chain([Answer::failed(UID, text, Duration::from_secs(1))]).collect()
}

#[test]
fn hostile_text_is_harmless_and_bounded() {
    for text in hostile_texts() {
        hostile_answers(&text).iter().for_each(check);
    }
}

#[test]
fn many_images_make_a_short_answer_that_says_so() {
    let refused = |number: usize| {
        let mut image = decided(&format!("c{number}"), fixture::deny());
        image.image.reference = format!("ghcr.io/acme/shop-{number}@{}", fixture::digest(0xab));
        image
    };
    let answer = |mode| Answer::new(UID, &Conclusion::Judged((0..900).map(refused).collect()), &facts(mode));
    let enforced = answer(Mode::Enforce);
    check(&enforced);
    let message = enforced.message().unwrap();
    let lines = message.lines().count();
    assert_eq!(message.lines().last(), Some(format!("… and {} more", 900 - (lines - 2)).as_str()));
    let warned = answer(Mode::Warn);
    check(&warned);
    assert_eq!(warned.warnings().last().map(String::as_str), Some("holdpoint: 891 more warnings"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_harmless(text in any::<String>()) {
        hostile_answers(&text).iter().for_each(check);
    }
}
