//! Sample decisions: fixed ids, durations and times.

use std::sync::Arc;

use holdpoint::domain::artifact::{ArtifactKind, RecordedArtifact};
use holdpoint::domain::decision::{DECISION_SCHEMA, Decision, Decisions, SnapshotReport};
use holdpoint::domain::digest::Digest;
use holdpoint::domain::explanation::{Clause, ExplainedStatement, Explanation, NamedValue};
use holdpoint::domain::finding::{Finding, Location, Outcome};
use holdpoint::domain::overrides::{Override, OverrideNotice, OverrideReport};
use holdpoint::domain::promotion::{Slot, SlotState, Stage};
use holdpoint::domain::record::{DeploymentRecord, RecordStatus};
use holdpoint::domain::request::{Intent, Request, RequestedArtifact};
use holdpoint::domain::rule::Enforcement;
use holdpoint::domain::snapshot::SourceReport;
use holdpoint::domain::verdict::Verdict;
use jiff::Timestamp;

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn digest(byte: u8) -> Digest {
    Digest::from_bytes([byte; 32])
}

pub(crate) fn record(id: &str, target: &str, byte: u8, status: &str, created_at: &str) -> DeploymentRecord {
    let digest = digest(byte);
    DeploymentRecord {
        id: id.into(),
        environment_id: format!("environment-{target}").into(),
        environment_name: target.into(),
        deployment_name: "storefront".into(),
        artifact_id: format!("artifact-{byte}").into(),
        artifact: Arc::new(RecordedArtifact {
            kind: ArtifactKind::ContainerImage,
            name: "ghcr.io/acme/storefront".into(),
            digest_text: digest.to_string().into(),
            digest: Some(digest),
            version: "1.42.0".into(),
        }),
        status: RecordStatus::from_text(status),
        created_at: Some(at(created_at)),
        updated_at: Some(at(created_at)),
        last_seen_at: Some(at("2026-11-20T11:58:00Z")),
        details: None,
    }
}

pub(crate) fn finding(rule: &str, outcome: Outcome) -> Finding {
    let title = match rule {
        "promotion.deployed_before" => "Deployed before",
        "promotion.soak_time" => "Soak time",
        "promotion.digest_known" => "Digest is known",
        "promotion.record_freshness" => "Records are fresh",
        _ => "",
    };
    let (_, file) = rule.split_once('.').unwrap_or(("", rule));
    Finding {
        rule: rule.to_owned(),
        policy: Some(rule.to_owned()),
        plugin: None,
        enforcement: Enforcement::Enforce,
        outcome,
        code: String::new(),
        title: title.to_owned(),
        message: String::new(),
        remediation: String::new(),
        records: Vec::new(),
        opens_at: None,
        location: Some(Location { path: format!("policies/promotion/{file}.rego"), line: 12 }),
        overridden_by: None,
    }
}

pub(crate) fn denied() -> Finding {
    Finding {
        code: "not_deployed_before".to_owned(),
        message: "this digest is `DEPLOYED` in `staging-eu` and not in `staging-us`".to_owned(),
        remediation: "deploy it to `staging-us` first, then ask again".to_owned(),
        records: vec![
            record("record-7", "staging-eu", 0xab, "DEPLOYED", "2026-11-18T09:30:00Z"),
            record("record-8", "staging-us", 0xab, "SUPERSEDED", "2026-11-17T16:05:12Z"),
        ],
        ..finding("promotion.deployed_before", Outcome::Denied)
    }
}

pub(crate) fn held() -> Finding {
    Finding {
        code: "soak_time".to_owned(),
        message: "this digest has run in `staging-us` for 20 h 40 min of the 24 h it must".to_owned(),
        remediation: "wait, or deploy as a hotfix with a reason".to_owned(),
        records: vec![record("record-9", "staging-us", 0xab, "DEPLOYED", "2026-11-19T15:20:00Z")],
        opens_at: Some(at("2026-11-20T15:20:00Z")),
        ..finding("promotion.soak_time", Outcome::Held)
    }
}

pub(crate) fn source_failed() -> Finding {
    Finding {
        policy: None,
        location: None,
        code: "source_unavailable".to_owned(),
        title: "Deployment records".to_owned(),
        message: "`https://api.app.chainloop.dev/v1/deployments` answered 503 five times within 30 s".to_owned(),
        remediation: "try again later, or decide on a saved snapshot with `--records`".to_owned(),
        ..finding("records", Outcome::Failed)
    }
}

pub(crate) fn passed() -> Vec<Finding> {
    let rules = ["promotion.digest_known", "promotion.record_freshness"];
    rules.iter().map(|rule| finding(rule, Outcome::Passed)).collect()
}

pub(crate) fn decision(verdict: Verdict, findings: Vec<Finding>) -> Decision {
    Decision {
        schema: DECISION_SCHEMA,
        id: "01f3c0de-0000-4000-8000-000000000001".to_owned(),
        verdict,
        opens_at: None,
        request: Request {
            artifact: RequestedArtifact {
                kind: ArtifactKind::ContainerImage,
                name: "ghcr.io/acme/storefront".to_owned(),
                digest: digest(0xab),
                version: "1.42.0".to_owned(),
                reference: format!("ghcr.io/acme/storefront:1.42.0@{}", digest(0xab)),
            },
            environment: "production".to_owned(),
            deployment_name: Some("storefront".to_owned()),
            intent: Intent::Deploy,
            actor: None,
            reason: None,
            channel: "check",
            context: serde_json::json!({}),
        },
        as_of: at("2026-11-20T12:00:00Z"),
        channel: "check",
        findings,
        overrides: Vec::new(),
        override_notices: Vec::new(),
        promotion: Vec::new(),
        explanations: Vec::new(),
        snapshot: SnapshotReport {
            sources: vec![SourceReport {
                name: "chainloop".to_owned(),
                kind: "chainloop",
                observed_at: Some(at("2026-11-20T11:59:30Z")),
                complete: true,
                records: 48,
                related_only: false,
                digest: Some(digest(0xcd)),
            }],
        },
        policies_digest: digest(0x9f),
        policies: Vec::new(),
        plugins: Vec::new(),
        plugin_calls: Vec::new(),
        input_digest: digest(0x1e),
        duration_ms: 12,
        holdpoint_version: "0.1.0",
    }
}

/// A slot that runs the artifact of this byte.
pub(crate) fn slot(target: &str, byte: u8, since: Option<&str>) -> Slot {
    let record = record("", target, byte, "DEPLOYED", "2026-11-18T09:30:00Z");
    Slot {
        target: record.environment_name,
        deployment_name: Some(record.deployment_name),
        state: SlotState::Deployed,
        artifact: Some(record.artifact),
        since: since.map(at),
        requested: byte == 0xab,
    }
}

pub(crate) fn empty(target: &str, state: SlotState) -> Slot {
    Slot { deployment_name: None, state, artifact: None, since: None, requested: false, ..slot(target, 0, None) }
}

pub(crate) fn stage(name: &str, after: &[&str], slots: Vec<Slot>) -> Stage {
    let after = after.iter().map(|name| (*name).to_owned()).collect();
    Stage { environment: name.to_owned(), after, problem: None, slots, not_listed: Some(0) }
}

/// A chain, with a target that has nothing and more than is listed.
fn chain() -> Vec<Stage> {
    let staging = vec![
        slot("staging-eu", 0xab, Some("2026-11-18T09:30:00Z")),
        slot("staging-us", 0x5e, Some("2026-11-17T16:05:12Z")),
        empty("staging-za", SlotState::Empty),
    ];
    vec![
        stage("dev", &[], vec![slot("dev", 0xab, Some("2026-11-16T08:00:00Z"))]),
        Stage { not_listed: Some(6), ..stage("staging", &["dev"], staging) },
        stage("production", &["staging"], vec![slot("production", 0x5e, None)]),
    ]
}

/// A diamond, of which some is not known and some was not read.
fn diamond() -> Vec<Stage> {
    let problem = |text: &str| Some(text.to_owned());
    let short = problem("the records of `qa` are incomplete: 3 of 4 records came");
    let unclear = Slot { deployment_name: Some("storefront".into()), ..empty("qa", SlotState::Unknown) };
    vec![
        stage("dev", &[], vec![slot("dev", 0xab, Some("2026-11-16T08:00:00Z"))]),
        Stage { problem: short, ..stage("qa", &["dev"], vec![unclear, empty("qa-two", SlotState::Unknown)]) },
        stage("staging", &["dev"], vec![slot("staging", 0xab, Some("2026-11-19T15:20:00Z")); 14]),
        Stage {
            problem: problem("its records could not be read"),
            not_listed: Some(1),
            ..stage("production", &["qa", "staging"], Vec::new())
        },
    ]
}

pub(crate) fn allow() -> Decisions {
    let mut findings =
        vec![finding("promotion.deployed_before", Outcome::Passed), finding("promotion.soak_time", Outcome::Passed)];
    findings.extend(passed());
    Decisions(vec![decision(Verdict::Allow, findings)])
}

pub(crate) fn deny() -> Decisions {
    let mut findings = vec![denied(), held()];
    findings.extend(passed());
    let mut decision = decision(Verdict::Deny, findings);
    decision.promotion = chain();
    Decisions(vec![decision])
}

pub(crate) fn hold() -> Decisions {
    let mut findings = vec![finding("promotion.deployed_before", Outcome::Passed), held()];
    findings.extend(passed());
    let mut decision = decision(Verdict::Hold, findings);
    decision.opens_at = Some(at("2026-11-20T15:20:00Z"));
    decision.promotion = diamond();
    Decisions(vec![decision])
}

pub(crate) fn undecided() -> Decisions {
    let mut skipped = finding("promotion.deployed_before", Outcome::Skipped);
    skipped.message = "the records could not be read".into();
    let mut decision = decision(Verdict::Undecided, vec![source_failed(), skipped]);
    let source = &mut decision.snapshot.sources[0];
    (source.observed_at, source.complete, source.records, source.digest) = (None, false, 0, None);
    Decisions(vec![decision])
}

/// Rules that object and do not count, and a request with an intent, an actor and a reason.
pub(crate) fn advice() -> Decisions {
    let mut warned = finding("promotion.record_freshness", Outcome::Warned);
    warned.code = "records_old".into();
    warned.message = "the records of `staging-us` are 5 h old".into();
    let soak = Finding { enforcement: Enforcement::Warn, ..held() };
    let before = Finding { enforcement: Enforcement::DryRun, ..denied() };
    let mut skipped = finding("promotion.digest_known", Outcome::Skipped);
    skipped.message = "a hotfix needs no earlier record".into();
    let mut decision = decision(Verdict::Allow, vec![warned, soak, before, skipped]);
    decision.request.intent = Intent::Hotfix;
    decision.request.actor = Some("alice".to_owned());
    decision.request.reason = Some("checkout fails for cards of one bank".to_owned());
    Decisions(vec![decision])
}

pub(crate) fn several() -> Decisions {
    let mut decisions: Vec<Decision> = [allow(), hold()].into_iter().flat_map(|decisions| decisions.0).collect();
    decisions[1].id = "01f3c0de-0000-4000-8000-000000000002".into();
    decisions[1].request.artifact.name = "ghcr.io/acme/checkout".into();
    decisions[1].request.artifact.digest = digest(0x5e);
    Decisions(decisions)
}

pub(crate) fn exception(id: &str) -> Override {
    Override {
        id: id.to_owned(),
        digest: digest(0xab),
        environment: "production".to_owned(),
        rules: vec!["promotion.deployed_before".to_owned(), "promotion.soak_time".to_owned()],
        reason: "checkout fails for cards of one bank; `1.42.0` repairs it".to_owned(),
        actor: "alice".to_owned(),
        ticket: Some("OPS-123".to_owned()),
        created_at: Some(at("2026-11-20T11:00:00Z")),
        expires_at: at("2026-11-20T18:00:00Z"),
        location: Location { path: format!("overrides/{id}.yaml"), line: 1 },
    }
}

pub(crate) fn notice() -> OverrideNotice {
    OverrideNotice {
        code: "override_expired",
        message: "override `ops-100` ended at 2026-11-19T18:00:00Z, and it is 2026-11-20T12:00:00Z".to_owned(),
        remediation: "remove it, or write a new one with a reason of its own".to_owned(),
        location: Some(Location { path: "overrides/ops-100.yaml".to_owned(), line: 1 }),
    }
}

/// A denial and a hold that one override lets pass, another that was not needed, and one that has ended.
pub(crate) fn overridden() -> Decisions {
    let by = |finding: Finding| Finding { overridden_by: Some("ops-123".to_owned()), ..finding };
    let mut findings = vec![by(denied()), by(held())];
    findings.extend(passed());
    let mut decision = decision(Verdict::Allow, findings);
    let mut spare = exception("ops-124");
    spare.ticket = None;
    decision.overrides = vec![
        OverrideReport { exception: exception("ops-123"), used: true },
        OverrideReport { exception: spare, used: false },
    ];
    decision.override_notices = vec![notice()];
    Decisions(vec![decision])
}

pub(crate) fn explanation() -> Explanation {
    let value =
        |name: &str, value: Option<serde_json::Value>| NamedValue { name: name.to_owned(), value, problem: None };
    let clause = Clause {
        location: Location { path: "policies/promotion/soak_time.rego".to_owned(), line: 58 },
        source: "hold contains finding if {".to_owned(),
    };
    let held = held();
    Explanation {
        rule: held.rule.clone(),
        policy: Some(held.rule.clone()),
        plugin: None,
        log: Vec::new(),
        title: held.title.clone(),
        enforcement: Enforcement::Enforce,
        parameters: serde_json::json!({"minimum": "24h"}),
        defaults: [("strategy".to_owned(), "all".into())].into_iter().collect(),
        statements: vec![ExplainedStatement {
            outcome: Outcome::Held,
            code: held.code,
            message: held.message,
            clauses: vec![clause],
        }],
        values: vec![
            value("ready", Some(serde_json::json!({"staging": 1_795_188_000_000_000_000_i64}))),
            value("soaked", Some(serde_json::json!([]))),
            value("waived", None),
            NamedValue {
                problem: Some("`to_number` of `a`".to_owned()),
                ..value("a_name_that_is_too_long_for_a_column", None)
            },
        ],
        values_left_out: 3,
        records: held.records,
        records_left_out: 2,
        problem: None,
    }
}

/// A hold with what its rules rested on, one of which could not be explained.
pub(crate) fn explained() -> Decisions {
    let mut decisions = hold();
    let silent = Explanation {
        rule: "promotion.digest_known".to_owned(),
        policy: Some("promotion.digest_known".to_owned()),
        title: "Digest is known".to_owned(),
        enforcement: Enforcement::Warn,
        ..Explanation::default()
    };
    let problem = Some("evaluated a second time the rule says something else".to_owned());
    let unexplained = Explanation { problem, enforcement: Enforcement::DryRun, ..silent.clone() };
    decisions.0[0].explanations = vec![explanation(), silent, unexplained];
    decisions
}

/// Undecided, and no finding says why.
pub(crate) fn unexplained() -> Decisions {
    Decisions(vec![decision(Verdict::Undecided, Vec::new())])
}

pub(crate) fn all() -> [(&'static str, Decisions); 9] {
    [
        ("allow", allow()),
        ("deny", deny()),
        ("hold", hold()),
        ("undecided", undecided()),
        ("advice", advice()),
        ("overridden", overridden()),
        ("explained", explained()),
        ("several", several()),
        ("unexplained", unexplained()),
    ]
}
