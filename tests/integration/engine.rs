//! The Rego engine as the gate uses it: policies from files, records from a snapshot, one question.

mod hostile;
mod reach;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use holdpoint::domain::artifact::{ArtifactKind, RecordedArtifact};
use holdpoint::domain::environment::Environment;
use holdpoint::domain::record::{DeploymentRecord, RecordStatus};
use holdpoint::domain::rule::{Enforcement, Rule, RuleKind};
use holdpoint::domain::snapshot::{EnvironmentRecords, Snapshot};
use holdpoint::engine::LoadError;
use holdpoint::engine::rego::{Limits, PolicyFault, RegoEngine};
use holdpoint::gate::engine::{Answer, Question, RuleEngine as _, RuleError};

use crate::support::world::{environment, request};

const LIMITS: Limits = Limits { rule: Duration::from_millis(200), evaluation: Duration::from_secs(5) };
const DIGEST: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// A folder of policies, and the rules that name them.
struct Policies {
    folder: tempfile::TempDir,
    rules: Vec<Rule>,
}

/// The names that parameters may refer to.
fn environments() -> BTreeSet<String> {
    BTreeSet::from(["staging".to_owned(), "production".to_owned()])
}

impl Policies {
    /// One policy, named by one rule.
    fn one(package: &str, text: &str) -> Self {
        Self::default().file("policy.rego", text).rule(package)
    }

    fn file(self, name: &str, text: &str) -> Self {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    fn rule(mut self, package: &str) -> Self {
        self.rules.push(Rule {
            id: package.to_owned(),
            kind: RuleKind::Policy(package.to_owned()),
            environments: Vec::new(),
            parameters: serde_json::json!({"minimum": "24h"}),
            enforcement: Enforcement::Enforce,
            location: None,
        });
        self
    }

    fn load(&self) -> Result<RegoEngine, LoadError<PolicyFault>> {
        RegoEngine::load(&[self.folder.path().to_owned()], &self.rules, environments(), LIMITS)
    }

    /// What loading complains of, with the folder's name taken out.
    fn complaint(&self) -> String {
        let error = self.load().err().map(|error| error.to_string()).unwrap_or_default();
        error.replace(&format!("{}/", self.folder.path().display()), "")
    }

    fn ask(&self) -> Vec<Result<Answer, RuleError>> {
        let engine = self.load().unwrap();
        let prepared = engine.prepare(&Arc::new(snapshot())).unwrap();
        let rules: Vec<&Rule> = self.rules.iter().collect();
        let request = request(DIGEST);
        let environment = environment("production", &["staging"]);
        let as_of = "2026-11-20T12:00:00Z".parse().unwrap();
        let question = Question { request: &request, environment: &environment, as_of, rules: &rules };
        prepared.evaluate(&question).into_iter().map(|evaluated| evaluated.result).collect()
    }

    fn answer(&self) -> Answer {
        self.ask().remove(0).unwrap()
    }

    fn error(&self) -> RuleError {
        self.ask().remove(0).unwrap_err()
    }
}

impl Default for Policies {
    fn default() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), rules: Vec::new() }
    }
}

fn snapshot() -> Snapshot {
    let time = "2026-11-18T09:00:00Z".parse().ok();
    let record = DeploymentRecord {
        id: "record-1".into(),
        environment_id: "environment-1".into(),
        environment_name: "staging".into(),
        deployment_name: "storefront".into(),
        artifact_id: "artifact-1".into(),
        artifact: Arc::new(RecordedArtifact {
            kind: ArtifactKind::ContainerImage,
            name: "ghcr.io/acme/storefront".into(),
            digest_text: DIGEST.into(),
            digest: DIGEST.parse().ok(),
            version: "1.0.0".into(),
        }),
        status: RecordStatus::Deployed,
        created_at: time,
        updated_at: time,
        last_seen_at: None,
        details: None,
    };
    let of = |environment: Environment, records| {
        (environment.name.clone(), EnvironmentRecords::new(environment, records, time, None))
    };
    let environments = BTreeMap::from([
        of(environment("staging", &[]), vec![record]),
        of(environment("production", &["staging"]), Vec::new()),
    ]);
    Snapshot { environments, sources: Vec::new() }
}

#[test]
fn a_policy_sees_what_the_contract_says() {
    let policies = Policies::one(
        "seen",
        r"package seen
deny contains 'no' if { false }
warn contains json.marshal(input)
warn contains json.marshal(data.holdpoint)
warn contains sprintf('%d', [time.now_ns()])"
            .replace('\'', "\"")
            .as_str(),
    );
    let mut seen: Vec<String> = policies.answer().warnings.into_iter().map(|statement| statement.message).collect();
    seen.sort();
    let [now, input, data] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!(now, "1795176000000000000");
    let pretty =
        |text: &str| serde_json::to_string_pretty(&serde_json::from_str::<serde_json::Value>(text).unwrap()).unwrap();
    insta::assert_snapshot!("seen_input", pretty(input));
    insta::assert_snapshot!("seen_data", pretty(data));
}

#[test]
fn an_endless_join_ends_with_an_error() {
    let policies = Policies::one(
        "endless",
        "package endless\ndeny contains x if { some x in numbers.range(1, 9999); some y in numbers.range(1, 9999); some z in numbers.range(1, 9999); x + y + z < 0 }",
    );
    let started = Instant::now();
    assert_eq!(policies.error().code, "rule_timeout");
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[test]
fn a_policy_without_objections_says_nothing() {
    let answer = Policies::one("quiet", "package quiet\ndeny contains \"never\" if { false }").answer();
    assert_eq!(answer, Answer::default());
}

#[test]
fn all_that_a_policy_says_is_kept() {
    let policies = Policies::one(
        "talk",
        r#"package talk
deny contains "plain"
deny_more contains {"message": "told", "code": "c", "remediation": "r", "records": ["record-1"]}
hold contains {"message": "later", "opens_at": "2026-11-21T00:00:00+02:00"}
skip_reason := "no need" if { input.parameters.minimum == "24h" }"#,
    );
    let answer = policies.answer();
    let denials: Vec<&str> = answer.denials.iter().map(|denial| denial.message.as_str()).collect();
    assert_eq!(denials, ["plain", "told"]);
    assert_eq!(answer.denials[1].records, ["record-1"]);
    assert_eq!(answer.denials[1].location.as_ref().unwrap().line, 3);
    assert_eq!(answer.holds[0].opens_at, "2026-11-20T22:00:00Z".parse().ok());
    assert_eq!(answer.skip_reason.as_deref(), Some("no need"));
}

#[test]
fn policies_of_other_tools_run_unchanged() {
    let gatekeeper = "package gatekeeper\nviolation[{\"msg\": msg}] { msg := \"v0\" }";
    assert_eq!(Policies::one("gatekeeper", gatekeeper).answer().denials[0].message, "v0");
    let chainloop = r#"package chainloop
import rego.v1
result := {"skipped": skipped, "violations": violations, "skip_reason": skip_reason}
default skip_reason := ""
default skipped := false
violations contains "from chainloop""#;
    let answer = Policies::one("chainloop", chainloop).answer();
    assert_eq!(answer.denials.len(), 1, "said twice, kept once: {answer:?}");
    assert_eq!(answer.skip_reason, None);
}

/// What a policy of Chainloop's says: denials, and why it is skipped.
fn chainloops(rules: &str) -> (Vec<String>, Option<String>) {
    let answer = Policies::one("p", &format!("package p\nimport rego.v1\n{rules}")).answer();
    (answer.denials.into_iter().map(|denial| denial.message).collect(), answer.skip_reason)
}

#[test]
fn what_a_chainloop_policy_leaves_out_is_added() {
    let unrecognised = Some("the policy does not recognise its input".to_owned());
    let said = vec!["said".to_owned()];
    let recognised = "valid_input if input.schema == \"holdpoint.input/v1\"";
    let other = "valid_input if input.schema == \"another\"";
    for (rules, expected) in [
        ("violations contains \"said\"".to_owned(), (said.clone(), None)),
        ("violations contains \"said\" if false".to_owned(), (vec![], None)),
        (format!("{recognised}\nviolations contains \"said\" if true"), (said.clone(), None)),
        (format!("{other}\nviolations contains \"said\" if valid_input"), (vec![], unrecognised.clone())),
        // A violation counts, whatever the policy says of its input.
        (format!("{other}\nviolations contains \"said\""), (said.clone(), unrecognised)),
        // Rules that are only added can be used.
        ("violations contains \"said\" if not skipped".to_owned(), (said.clone(), None)),
        // A reason alone skips nothing.
        ("skip_reason := \"mine\"\nviolations contains \"said\" if false".to_owned(), (vec![], None)),
        (
            "skip_reason := \"mine\"\nskipped := true\nviolations contains \"said\" if false".to_owned(),
            (vec![], Some("mine".to_owned())),
        ),
        (
            "ignore := true\nviolations contains \"said\"".to_owned(),
            (vec![], Some("the policy asks to be ignored".to_owned())),
        ),
        // Only the result counts, when there is one.
        (
            "violations contains \"raw\"\nresult := {\"violations\": [v | v := \"said\"], \"skipped\": skipped}"
                .to_owned(),
            (said, None),
        ),
        // As Chainloop's own examples loop over what they call a result.
        (
            "violations contains \"said\" if { some result in input.environment.after; result == \"x\" }".to_owned(),
            (vec![], None),
        ),
    ] {
        assert_eq!(chainloops(&rules), expected, "{rules}");
    }
}

#[test]
fn a_chainloop_policy_without_a_value_is_no_pass() {
    for rules in [
        "violations := [\"v\"] if false",
        "skipped := true if false\nviolations := []",
        "result := {\"violations\": []} if false",
    ] {
        let policy = format!("package p\nimport rego.v1\n{rules}");
        assert_eq!(Policies::one("p", &policy).error().code, "rule_undefined", "{rules}");
    }
}

#[test]
fn one_rule_that_fails_leaves_the_others_alone() {
    let policies = Policies::default()
        .file("good.rego", "package good\ndeny contains \"no\"")
        .file("bad.rego", "package bad\ndeny contains x if { x := to_number(input.request.environment) }")
        .rule("bad")
        .rule("good");
    let answers = policies.ask();
    assert_eq!(answers[0].as_ref().unwrap_err().code, "rule_error");
    assert_eq!(answers[1].as_ref().unwrap().denials.len(), 1);
}

#[test]
fn an_undefined_answer_is_no_answer() {
    let policies = Policies::one("maybe", "package maybe\ndeny := [\"no\"] if { input.request.intent == \"hotfix\" }");
    assert_eq!(policies.error().code, "rule_undefined");
}

#[test]
fn the_same_instant_is_seen_everywhere_and_every_time() {
    let text = "package clock\ndeny contains \"another time\" if { time.now_ns() != input.as_of_ns }";
    let policies = Policies::one("clock", text);
    for _ in 0..3 {
        assert_eq!(policies.answer().denials, []);
    }
}

/// A policy that takes `minimum`, which must be given, and the names of environments.
const WITH_PARAMETERS: &str = r"# METADATA
# custom:
#   parameters:
#     type: object
#     additionalProperties: false
#     required: [minimum]
#     properties:
#       minimum: {type: string, description: How long.}
#       environments: {type: array, items: {format: environment}}
#       strategy: {enum: [all, any], default: all}
package p
deny contains input.parameters.strategy if input.parameters.minimum
";

#[test]
fn parameters_fit_their_policy() {
    let policies = |parameters: serde_json::Value| {
        let mut policies = Policies::one("p", WITH_PARAMETERS);
        policies.rules[0].parameters = parameters;
        policies
    };
    let given = serde_json::json!({"minimum": "24h", "environments": ["staging"]});
    assert_eq!(policies(given).answer().denials[0].message, "all", "the default is filled in");
    let wrong = serde_json::json!({"minimun": "24h", "environments": ["stagin"], "strategy": "some"});
    insta::assert_snapshot!("parameters_that_do_not_fit", policies(wrong).complaint());
    let broken = Policies::one("p", &WITH_PARAMETERS.replace("type: object", "type: thing"));
    insta::assert_snapshot!("parameters_schema_broken", broken.complaint());
}

#[test]
fn rules_name_loaded_policies_that_speak() {
    let policies = Policies::default()
        .file("a.rego", "package promotion.soak_time\ndeny contains \"no\"")
        .file("lib.rego", "package lib.records\ncurrent := 1")
        .rule("promotion.soaktime")
        .rule("lib.records")
        .rule("other");
    insta::assert_snapshot!("rules_without_policies", policies.complaint());
}

#[test]
fn an_enforced_rule_names_a_policy_that_can_object() {
    let warns = "package p\nwarn contains \"w\" if false\ndefault allow := false";
    assert!(Policies::one("p", warns).complaint().contains("has no rule that objects"));
    let mut only_warned = Policies::one("p", warns);
    only_warned.rules[0].enforcement = Enforcement::Warn;
    assert_eq!(only_warned.complaint(), "");
    let tests = "package p_test\ndeny contains \"no\" if false";
    assert!(Policies::one("p_test", tests).complaint().contains("is a package of tests"));
}

#[test]
fn a_rule_that_never_looks_at_the_time_is_left_behind() {
    let squares = (1..46).map(|number| format!("x{number} := x{} * x{}\n", number - 1, number - 1));
    let text = format!("package p\nx0 := 99999999999\n{}deny contains \"no\" if x45 == 1", squares.collect::<String>());
    let started = Instant::now();
    assert!(Policies::one("p", &text).error().code.starts_with("rule_"));
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
}

#[test]
fn files_that_are_no_policies_are_named() {
    let broken = Policies::one("p", "package p\ndeny contains \"no\" if {");
    insta::assert_snapshot!("policy_broken", broken.complaint());
    let empty = Policies::default().file("policy_test.rego", "package p_test").file("readme.md", "");
    let folder = empty.folder.path().display().to_string();
    insta::assert_snapshot!("policies_none", empty.complaint().replace(&folder, "FOLDER"));
    let missing = RegoEngine::load(&["no/such/folder".into()], &[], environments(), LIMITS).err().unwrap();
    insta::assert_snapshot!("policies_missing", missing.to_string());
}
