//! What people read.

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::Value;

use super::{LIMIT, comment, length, within_limit};
use crate::domain::artifact::ArtifactKind;
use crate::domain::decision::{DECISION_SCHEMA, Decision, Decisions, SnapshotReport};
use crate::domain::digest::Digest;
use crate::domain::finding::{Finding, Outcome as Found};
use crate::domain::request::{Intent, Request, RequestedArtifact};
use crate::domain::rule::Enforcement;
use crate::github::event::Waiting;
use crate::github::outcome::Outcome;

fn waiting() -> Waiting {
    Waiting {
        repository_id: 1,
        repository: "acme/shop".to_owned(),
        run_id: 1,
        environment: "prod`@ann".to_owned(),
        installation_id: 1,
        trigger: String::new(),
        actor: "ann".to_owned(),
        pull_request: None,
        deployments: Vec::new(),
    }
}

fn finding(outcome: Found, message: &str, opens_at: Option<Timestamp>) -> Finding {
    Finding {
        rule: "promotion.soak_time".to_owned(),
        policy: Some("promotion.soak_time".to_owned()),
        plugin: None,
        enforcement: Enforcement::Enforce,
        outcome,
        code: "soak_time".to_owned(),
        title: "Soak".to_owned(),
        message: message.to_owned(),
        remediation: "wait".to_owned(),
        records: Vec::new(),
        opens_at,
        location: None,
        overridden_by: None,
    }
}

fn decision(findings: Vec<Finding>) -> Decision {
    let (verdict, opens_at) = Decision::combine(&findings);
    let digest = Digest::from_bytes([0x11; 32]);
    Decision {
        schema: DECISION_SCHEMA,
        id: "an-id".to_owned(),
        verdict,
        opens_at,
        request: Request {
            artifact: RequestedArtifact {
                kind: ArtifactKind::ContainerImage,
                name: "ghcr.io/acme/shop".to_owned(),
                digest,
                version: String::new(),
                reference: String::new(),
            },
            environment: "production".to_owned(),
            deployment_name: None,
            intent: Intent::Deploy,
            actor: None,
            reason: None,
            channel: "protection-rule",
            context: Value::Null,
        },
        as_of: "2026-11-20T12:00:00Z".parse().unwrap(),
        channel: "protection-rule",
        findings,
        overrides: Vec::new(),
        override_notices: Vec::new(),
        explanations: Vec::new(),
        promotion: Vec::new(),
        snapshot: SnapshotReport { sources: Vec::new() },
        policies_digest: digest,
        policies: Vec::new(),
        plugins: Vec::new(),
        plugin_calls: Vec::new(),
        input_digest: digest,
        duration_ms: 1,
        holdpoint_version: "0.0.0",
    }
}

/// A decision that holds until then.
pub(in crate::github) fn held(opens_at: Timestamp) -> Decision {
    decision(vec![finding(Found::Held, "closed", Some(opens_at))])
}

fn said(decisions: Vec<Decision>) -> String {
    comment(&Outcome::Decided(Decisions(decisions)), &waiting())
}

#[test]
fn it_says_why_and_when() {
    let opens_at = "2026-11-21T09:30:00Z".parse().ok();
    let held = finding(Found::Held, "it soaks <b>@ann</b> #1\n::error::x", opens_at);
    let passed = Finding { rule: "other".to_owned(), ..finding(Found::Passed, "", None) };
    let cases = [
        (
            said(vec![decision(vec![held, passed.clone()])]),
            "**hold**: `ghcr.io/acme/shop@sha256:1111111111111111111111111111111111111111111111111111111111111111` may not be \
             deployed to `production` yet; opens at 2026-11-21 09:30 UTC\n- `promotion.soak_time`: it soaks \
             &lt;b&gt;<span>@</span>ann&lt;/b&gt; <span>#</span>1 ::error::x (opens at 2026-11-21 09:30 UTC) → wait\n\n\
             Decision `an-id`",
        ),
        (
            said(vec![decision(vec![passed])]),
            "**allow**: `ghcr.io/acme/shop@sha256:1111111111111111111111111111111111111111111111111111111111111111` may be \
             deployed to `production`\n\nDecision `an-id`",
        ),
        (
            comment(&Outcome::NoArtifact("there is no `/digest` of the payload".to_owned()), &waiting()),
            "**undecided**: no artifact was found, because there is no `/digest` of the payload\n\nSay which digest is \
             deployed: see `github_app.artifact` and `github_app.lookup` in the configuration of holdpoint.\n\nWithout \
             a digest nothing is approved.",
        ),
        (
            comment(&Outcome::NoEnvironment("prod`@ann".to_owned()), &waiting()),
            "**undecided**: the configuration of holdpoint has no environment ``prod`@ann``\n\nDefine it, or add \
             ``prod`@ann`` to `github_app.environments`.",
        ),
    ];
    for (found, expected) in cases {
        assert_eq!(found, expected);
    }
}

#[test]
fn what_does_not_fit_is_counted() {
    let many = (0..40).map(|number| finding(Found::Denied, &format!("reason {number}"), None)).collect();
    let text = said(vec![decision(many)]);
    assert!(length(&text) <= LIMIT, "{}", length(&text));
    assert!(text.contains("reason 0") && text.contains("\n\n… "), "{text}");
    assert_eq!(within_limit(vec!["x".repeat(LIMIT), "y".to_owned()]), "\n\n… 2 more");
}

#[test]
fn each_of_several_artifacts_is_named() {
    let of = |number: u8, outcome, message: &str| {
        let mut one = decision(vec![finding(outcome, message, None)]);
        one.id = format!("id-{number}");
        one.request.artifact.name = format!("ghcr.io/acme/part-{number}");
        one.request.artifact.digest = Digest::from_bytes([number; 32]);
        one
    };
    let few =
        said(vec![of(1, Found::Passed, ""), of(2, Found::Denied, "it may not run"), of(3, Found::Held, "it soaks")]);
    let order: Vec<&str> = few.lines().filter(|line| line.starts_with("**")).filter_map(|line| line.get(..7)).collect();
    assert_eq!(order, ["**deny*", "**hold*", "**allow"], "{few}");
    assert!(few.ends_with("Decision `id-2`, `id-3`, `id-1`"), "{few}");
    let message = "it may not run ".repeat(10);
    let some = (1..=7).map(|number| of(number, if number > 4 { Found::Denied } else { Found::Passed }, &message));
    let some = said(some.collect());
    assert_eq!(
        some.lines().take(3).collect::<Vec<_>>(),
        [
            "**deny**: 3 of 7 artifacts",
            "- **deny** `part-5@sha256:050505050505`: it may not run it may not run it may not run it may not run it may not run it may not run it may not… (50 more characters)",
            "- **deny** `part-6@sha256:060606060606`: it may not run it may not run it may not run it may not run it may not run it may not run it may not… (50 more characters)",
        ]
    );
    let many = said((1..=20).map(|number| of(number, Found::Held, &message)).collect());
    for number in 1..=20 {
        assert!(many.contains(&format!("- **hold** `part-{number}@sha256:")), "{number}: {many}");
    }
    let too_many = said((1..=200).map(|number| of(number, Found::Held, &message)).collect());
    assert!(length(&too_many) <= LIMIT && too_many.starts_with("**hold**: 200 of 200 artifacts\n- "), "{too_many}");
    assert!(too_many.contains("\n\n… "), "{too_many}");
}

proptest! {
    #[test]
    fn it_is_short_and_harmless(messages in prop::collection::vec("\\PC{0,600}", 0..8), name in "\\PC{0,300}") {
        let findings = messages.iter().map(|text| finding(Found::Denied, text, None)).collect();
        let mut decision = decision(findings);
        decision.request.artifact.name = name.clone();
        for text in [said(vec![decision.clone(), decision]), comment(&Outcome::NoArtifact(name), &waiting())] {
            prop_assert!(length(&text) <= LIMIT);
            let has_control = text.contains(char::from(27));
            prop_assert!(!text.is_empty() && !text.contains("<script") && !has_control);
        }
    }
}
