//! `check --explain`: the values, the records and the clauses behind a decision, which stays what it is without.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use holdpoint::app::{self, Changes};
use holdpoint::config::Config;
use holdpoint::domain::digest::Digest;
use holdpoint::domain::explanation::NamedValue;
use holdpoint::domain::reference::ArtifactReference;
use holdpoint::domain::request::{Request, RequestedArtifact};
use holdpoint::domain::rule::Rule;
use holdpoint::domain::snapshot::Snapshot;
use holdpoint::domain::verdict::Verdict;
use holdpoint::gate::Gate;
use holdpoint::gate::engine::{
    Answer, Evaluated, Explained, PreparedRules, Question, RuleDescription, RuleEngine, RuleError, Sight, Statement,
};
use holdpoint::gate::source::NoProgress;
use serde_json::{Value, json};

use crate::support::cli::{Holdpoint, Run, root};
use crate::support::world;

const AS_OF: &str = "2026-11-20T12:00:00Z";
const HELD: &str = "sha256:f1758c9bc9051a5cad13283423d750a54856b81ec92b86b872b14e4107f53270";
const DENIED: &str = "sha256:7c1a15c800008d21736fecea10a0f7527d18af2f707a755bbdad97c78f546f20";

fn check(config: &Path, digest: &str, more: &[&str]) -> Run {
    let arguments = ["check", digest, "--to", "production", "--as-of", AS_OF, "--config"];
    let run = Holdpoint::new(&arguments).arg(config);
    more.iter().fold(run, Holdpoint::arg).run()
}

/// The explanations of a policy of our own, by package.
fn explain(policies: &[(&str, &str)], rules: &Value) -> Run {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in policies {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let records = root().join("examples/storefront/records.json");
    let config = json!({
        "version": 1,
        "sources": {"saved": {"type": "snapshot", "path": records}},
        "environments": [
            {"name": "staging", "targets": ["staging-eu", "staging-us"]},
            {"name": "production", "after": ["staging"]},
        ],
        "policies": ["."],
        "rules": rules,
    });
    let path = folder.path().join("holdpoint.yaml");
    fs::write(&path, config.to_string()).unwrap();
    let run = check(&path, HELD, &["--explain", "--format", "json"]);
    let place = format!("{}/", folder.path().display());
    Run { stdout: run.stdout.replace(&place, ""), stderr: run.stderr.replace(&place, ""), ..run }
}

fn one(text: &str) -> Value {
    explain(&[("p.rego", text)], &json!([{"policy": "p"}])).json()["explanations"][0].clone()
}

fn places(statement: &Value) -> Vec<(u64, String)> {
    let clauses = statement["clauses"].as_array().unwrap();
    let place = |clause: &Value| (clause["line"].as_u64().unwrap(), clause["source"].as_str().unwrap().to_owned());
    clauses.iter().map(place).collect()
}

#[test]
fn the_examples_are_explained() {
    let config = root().join("examples/storefront/holdpoint.yaml");
    for (digest, name, code) in [(HELD, "hold", 4), (DENIED, "deny", 1)] {
        let plain = check(&config, digest, &["--format", "json"]);
        let run = check(&config, digest, &["--format", "json", "--explain"]);
        assert_eq!((run.code, plain.code), (code, code));
        let (mut explained, mut plain) = (run.json(), plain.json());
        for decision in [&mut explained, &mut plain] {
            decision["id"] = Value::Null;
            decision["duration_ms"] = Value::Null;
        }
        let explanations = explained.as_object_mut().unwrap().remove("explanations").unwrap();
        assert_eq!(explained, plain, "{name}: an explanation changes nothing else");
        for explanation in explanations.as_array().unwrap() {
            assert_eq!(explanation.get("problem"), None, "{explanation:#}");
            assert!(!explanation["values"].as_array().unwrap().is_empty(), "{explanation:#}");
            let findings = explained["findings"].as_array().unwrap().iter();
            let objects = |finding: &&Value| finding["rule"] == explanation["rule"] && finding["outcome"] != "passed";
            let messages: Vec<&Value> = findings.filter(objects).map(|finding| &finding["message"]).collect();
            let statements = explanation["statements"].as_array().unwrap();
            assert_eq!(statements.iter().map(|statement| &statement["message"]).collect::<Vec<_>>(), messages);
            for statement in statements {
                assert!(!places(statement).is_empty(), "{statement:#}");
            }
        }
    }
}

#[test]
fn each_finding_names_the_clause_that_objected() {
    let explanation = one("package p

import rego.v1

deny contains \"never\" if false

deny contains {\"message\": \"staging\", \"code\": \"c\"} if {
	input.environment.after[_] == \"staging\"
}

deny contains message if some message in {\"staging\", \"production\"}

deny contains \"production\" if input.environment.name == \"production\"

hold contains \"production\"
");
    let statements = explanation["statements"].as_array().unwrap();
    let found: Vec<_> = statements
        .iter()
        .map(|statement| {
            (statement["outcome"].as_str().unwrap(), statement["message"].as_str().unwrap(), places(statement))
        })
        .collect();
    let some = (11, "deny contains message if some message in {\"staging\", \"production\"}".to_owned());
    let production = (13, "deny contains \"production\" if input.environment.name == \"production\"".to_owned());
    let coded = (7, "deny contains {\"message\": \"staging\", \"code\": \"c\"} if {".to_owned());
    assert_eq!(
        found,
        [
            ("denied", "production", vec![some.clone(), production]),
            ("denied", "staging", vec![some]),
            ("denied", "staging", vec![coded]),
            ("held", "production", vec![(15, "hold contains \"production\"".to_owned())]),
        ]
    );
}

#[test]
fn policies_of_every_kind_are_explained() {
    let cases = [
        ("v0", "package p\n\nviolation[{\"msg\": msg}] {\n  msg := \"no\"\n}\n", 3),
        ("a list", "package p\nimport rego.v1\nviolations := [] if false\nviolations := [\"no\"] if true\n", 4),
        (
            "a result",
            "package p\nimport rego.v1\ndefault result := {\"skipped\": true}\nresult := {\"violations\": [\"no\"], \"skipped\": false} if {\n\ttrue\n}\n",
            4,
        ),
        (
            "a skip",
            "package p\nimport rego.v1\nskip_reason := \"no\" if true\ndeny contains \"x\" if not skip_reason\n",
            3,
        ),
        ("an else", "package p\nimport rego.v1\ndeny := {\"x\"} if {\n\tfalse\n} else := {\"no\"}\n", 3),
        ("a warning", "package p\nimport rego.v1\ndeny contains \"x\" if false\nwarn contains \"no\"\n", 4),
        ("a raw string at the end", "package p\nimport rego.v1\ndeny contains `no` # `", 3),
    ];
    for (what, text, line) in cases {
        let explanation = one(text);
        assert_eq!(explanation.get("problem"), None, "{what}: {explanation:#}");
        let statement = &explanation["statements"][0];
        assert_eq!((&statement["message"], places(statement)[0].0), (&json!("no"), line), "{what}: {explanation:#}");
    }
}

#[test]
fn values_are_those_of_rules_that_are_no_functions() {
    let explanation = one("package p

import rego.v1

deny contains \"no\" if known != 2

known := 1

default fallback := \"f\"

fallback := \"g\" if false

never if false

double(x) := x * 2

set contains double(number) if some number in [1, 2]

by_name[environment.name] := environment.targets if some environment in data.holdpoint.environments

far.away := true

latest := data.holdpoint.records.by_environment.staging[0]

broken := to_number(input.environment.name) if known == 1

many := numbers.range(1, 100)
");
    let values: Vec<(&str, Value)> = explanation["values"]
        .as_array()
        .unwrap()
        .iter()
        .map(|value| (value["name"].as_str().unwrap(), value.get("value").cloned().unwrap_or(Value::Null)))
        .collect();
    let latest = explanation["records"][0]["id"].clone();
    let numbers: Vec<Value> = (1..=12).map(Value::from).chain([json!("… 88 more")]).collect();
    assert_eq!(
        values,
        [
            ("broken", Value::Null),
            ("by_name", json!({"production": ["production"], "staging": ["staging-eu", "staging-us"]})),
            ("fallback", json!("f")),
            ("far", json!({"away": true})),
            ("known", json!(1)),
            ("latest", json!({"record": latest})),
            ("many", numbers.into()),
            ("never", Value::Null),
            ("set", json!([2, 4])),
        ]
    );
    assert!(explanation["values"][0]["problem"].as_str().unwrap().contains("to_number"), "{explanation:#}");
}

#[test]
fn parameters_are_shown_with_the_defaults_of_those_left_out() {
    let text = "# METADATA
# custom:
#   parameters:
#     type: object
#     properties:
#       minimum: {type: string}
#       strategy: {enum: [all, any], default: all}
#       targets: {default: 1}
package p

import rego.v1

deny contains \"no\" if input.parameters.minimum == \"1h\"
";
    let run = explain(&[("p.rego", text)], &json!([{"policy": "p", "parameters": {"minimum": "1h", "targets": 3}}]));
    let explanation = &run.json()["explanations"][0];
    assert_eq!(explanation["parameters"], json!({"minimum": "1h", "targets": 3}));
    assert_eq!(explanation["defaults"], json!({"strategy": "all"}));
}

#[test]
fn a_rule_that_fails_says_so_and_shows_what_it_came_to() {
    let text =
        "package p\nimport rego.v1\ndeny contains \"no\" if to_number(word) == 1\nword := input.environment.name\n";
    let run = explain(&[("p.rego", text)], &json!([{"policy": "p"}]));
    let (explanation, finding) = (&run.json()["explanations"][0], &run.json()["findings"][0]);
    assert_eq!((run.code, &finding["outcome"]), (3, &json!("failed")));
    assert_eq!(explanation["problem"], finding["message"]);
    assert_eq!(explanation["values"], json!([{"name": "word", "value": "production"}]));
}

#[test]
fn a_value_that_takes_long_costs_only_itself() {
    let text = "package p
import rego.v1
deny contains \"no\" if small == 2
small := 1 + 1
slow := count([1 | some a in numbers.range(1, 3000); some b in numbers.range(1, 3000); a * b == 0])
";
    let explanation = one(text);
    assert_eq!((&explanation["values"][1]["value"], &explanation["values"][0].get("value")), (&json!(2), &None));
    assert!(explanation["values"][0]["problem"].as_str().unwrap().contains("too long"), "{explanation:#}");
    assert_eq!(explanation["statements"][0]["clauses"][0]["line"], 3);
}

#[test]
fn several_rules_of_one_policy_are_explained_each() {
    let text = "package p\nimport rego.v1\ndeny contains \"no\" if least > 1\nleast := input.parameters.least\n";
    let other =
        "package q\nimport rego.v1\nimport data.p\nwarn contains \"w\" if p.least == 2\ndeny contains \"x\" if false\n";
    let rules = json!([
        {"policy": "p", "parameters": {"least": 1}},
        {"policy": "p", "parameters": {"least": 2}, "enforcement": "warn"},
        {"policy": "q", "parameters": {"least": 2}},
        {"policy": "p", "environments": ["staging"]},
    ]);
    let run = explain(&[("p.rego", text), ("q.rego", other)], &rules);
    let decision = run.json();
    let shown: Vec<_> = decision["explanations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|explanation| {
            let statements = explanation["statements"].as_array().unwrap();
            (explanation["rule"].as_str().unwrap(), statements.len(), explanation["values"].clone())
        })
        .collect();
    let least = |value: u32| json!([{"name": "least", "value": value}]);
    assert_eq!(shown, [("p", 0, least(1)), ("p#2", 1, least(2)), ("q", 1, json!([]))]);
}

#[test]
fn what_was_not_evaluated_is_not_explained() {
    let config = root().join("examples/storefront/holdpoint.yaml");
    let run = check(&config, HELD, &["--explain", "--records", "no/such.json", "--format", "json"]);
    assert_eq!(run.code, 3);
    for explanation in run.json()["explanations"].as_array().unwrap() {
        assert_eq!(explanation["problem"], "the rule was not evaluated, so there is nothing to explain");
    }
}

#[test]
fn people_read_it_in_text_and_markdown() {
    let config = root().join("examples/storefront/holdpoint.yaml");
    for format in ["text", "markdown"] {
        let run = check(&config, HELD, &["--explain", "--format", format]);
        for word in [
            "soak_time.rego:",
            "contains finding if",
            "minimum_nanoseconds",
            "9573fb0a-7301-52a8-8f2f-a2df79a5407e",
            "2026-11-21 08:15 UTC",
        ] {
            assert!(run.stdout.contains(word), "{format} does not say {word}:\n{}", run.stdout);
        }
    }
}

/// An engine that says one thing when it decides and another when it explains.
struct Fickle;

struct Prepared;

impl RuleEngine for Fickle {
    fn describe(&self, _rule: &Rule) -> RuleDescription {
        RuleDescription::default()
    }

    fn digest(&self) -> Digest {
        Digest::from_bytes([0; 32])
    }

    fn prepare(&self, _snapshot: &Arc<Snapshot>) -> Result<Box<dyn PreparedRules>, RuleError> {
        Ok(Box::new(Prepared))
    }
}

fn denial() -> Answer {
    let statement = Statement {
        message: "no".to_owned(),
        code: String::new(),
        remediation: String::new(),
        records: Vec::new(),
        opens_at: None,
        location: None,
    };
    Answer { denials: vec![statement], ..Answer::default() }
}

impl PreparedRules for Prepared {
    fn evaluate(&self, question: &Question<'_>) -> Vec<Evaluated> {
        question.rules.iter().map(|_rule| Ok(denial()).into()).collect()
    }

    fn see(&self, _question: &Question<'_>) -> Result<Sight, RuleError> {
        Ok(Sight { data: "{}".to_owned(), inputs: Vec::new() })
    }

    /// The second rule is explained by what it said, the others are not.
    fn explain(&self, question: &Question<'_>) -> Vec<Result<Explained, RuleError>> {
        let answer = |number| if number == 1 { denial() } else { Answer::default() };
        let explained = |number| Explained {
            answer: Ok(answer(number)),
            clauses: Vec::new(),
            values: vec![NamedValue { name: "open".to_owned(), value: Some(true.into()), problem: None }],
            values_left_out: 0,
            records: Vec::new(),
            log: Vec::new(),
            defaults: serde_json::Map::new(),
        };
        (0..question.rules.len()).map(|number| Ok(explained(number))).collect()
    }
}

#[test]
fn an_explanation_of_something_else_is_withheld() {
    let config = Config::load(&root().join("examples/storefront/holdpoint.yaml")).unwrap();
    let gate = app::gate(&config, &Changes::default()).unwrap();
    let gate = Gate { engine: Arc::new(Fickle), ..gate };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let observation = runtime.block_on(gate.observe("production", Arc::new(NoProgress))).unwrap();
    let artifact = RequestedArtifact::from(HELD.parse::<ArtifactReference>().unwrap());
    let request = Request { artifact, ..world::request(HELD) };
    let decision = gate.decide(&observation, request, AS_OF.parse().unwrap());
    let explanations = gate.explain(&observation, &decision);
    assert_eq!(decision.verdict, Verdict::Deny);
    for (number, explanation) in explanations.iter().enumerate() {
        let withheld = explanation.problem.as_deref().is_some_and(|problem| problem.contains("says something else"));
        assert_eq!(withheld, number != 1, "{explanation:?}");
        assert_eq!(explanation.values.is_empty(), withheld, "{explanation:?}");
    }
}
