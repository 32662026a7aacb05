//! Policy files that no rule can reach: they count for the digest, and for nothing else.

use std::path::PathBuf;
use std::sync::Arc;

use holdpoint::domain::rule::Rule;
use holdpoint::engine::LoadError;
use holdpoint::engine::rego::{Extent, PolicyFault, PolicyInput, RegoEngine};
use holdpoint::gate::engine::{Question, RuleEngine as _};

use super::{DIGEST, LIMITS, Policies, environments, snapshot};
use crate::support::cli::root;
use crate::support::world::{environment, request};

/// Every policy of the library, with parameters that it takes.
const LIBRARY: [(&str, &str); 14] = [
    ("promotion.deployed_before", "{}"),
    ("promotion.soak_time", r#"{"minimum": "24h"}"#),
    ("promotion.change_freeze", r#"{"deny": [{"from": "2026-11-19", "until": "2026-12-01"}]}"#),
    ("promotion.no_downgrade", "{}"),
    ("promotion.rings", r#"{"minimum": "50%"}"#),
    ("promotion.not_withdrawn", "{}"),
    ("promotion.record_freshness", r#"{"maximum": "1h"}"#),
    ("promotion.max_age", r#"{"maximum": "1d"}"#),
    ("promotion.one_version", "{}"),
    ("promotion.same_artifact_name", "{}"),
    ("promotion.approved", "{}"),
    ("promotion.digest_known", "{}"),
    ("artifact.registries", r#"{"allowed": ["registry.example.com"]}"#),
    ("artifact.pinned", "{}"),
];

fn load(folder: PathBuf, rules: &[Rule], extent: Extent) -> Result<RegoEngine, LoadError<PolicyFault>> {
    RegoEngine::load_from(&[PolicyInput::Path(folder)], rules, environments(), extent, LIMITS)
}

/// What the rules say, as text.
fn said(engine: &RegoEngine, rules: &[Rule]) -> Vec<String> {
    let (request, environment) = (request(DIGEST), environment("production", &["staging"]));
    let as_of = "2026-11-20T12:00:00Z".parse().unwrap();
    let rules: Vec<&Rule> = rules.iter().collect();
    let question = Question { request: &request, environment: &environment, as_of, rules: &rules };
    let evaluated = engine.prepare(&Arc::new(snapshot())).unwrap().evaluate(&question);
    evaluated.into_iter().map(|evaluated| format!("{:?}", evaluated.result)).collect()
}

#[test]
fn each_policy_of_the_library_says_the_same_without_what_it_does_not_reach() {
    let named = LIBRARY.iter().fold(Policies::default(), |policies, (name, _)| policies.rule(name));
    let with_parameters = |(rule, (_, parameters)): (Rule, &(&str, &str))| Rule {
        parameters: serde_json::from_str(parameters).unwrap(),
        ..rule
    };
    let rules: Vec<Rule> = named.rules.iter().cloned().zip(&LIBRARY).map(with_parameters).collect();
    let all = load(root().join("policies"), &rules, Extent::Everything).unwrap();
    let expected = said(&all, &rules);
    let one_engine = load(root().join("policies"), &rules, Extent::OfRules).unwrap();
    assert_eq!(said(&one_engine, &rules), expected);
    assert!(expected.iter().filter(|said| said.contains("message: ")).count() >= 5, "{expected:#?}");
    for (rule, expected) in rules.iter().zip(&expected) {
        let rules = std::slice::from_ref(rule);
        let few = load(root().join("policies"), rules, Extent::OfRules).unwrap();
        assert!(few.policies().len() < all.policies().len(), "{}", rule.id);
        assert_eq!((few.digest(), said(&few, rules)), (all.digest(), vec![expected.clone()]), "{}", rule.id);
    }
}

/// With one engine for all policies as with one for each: rules that are asked as they stand and collected ones,
/// packages below others, names that are taken elsewhere, and errors.
#[test]
fn policies_in_one_engine_say_what_they_say_apart() {
    let policies = Policies::one("p", "package p\ndeny contains \"p\" if count(data.holdpoint.records.by_digest) > 0")
        .file("p_said.rego", "package p.said\ndeny contains \"p.said\"\nhold contains input.parameters.x\n")
        .file(
            "collected.rego",
            "package p.collected\ndeny contains \"c\" if not input.holdpoint\nwarn contains \"w\"\n",
        )
        .file("v0.rego", "package old\ndeny[\"v0\"] { input.as_of }\nwarn[\"w\"] { input.input }\n")
        .file("fails.rego", "package fails\ndeny contains 1 / (count(data.p.deny) - 1)\nwarn contains \"w\"\n")
        .file("result.rego", "package result\nresult := {\"violations\": [\"r\"]} if data.p.said.deny\n")
        .file("undefined.rego", "package undefined\ndeny := [\"u\"] if input.nothing\n")
        .rule("p.said")
        .rule("p.collected")
        .rule("old")
        .rule("fails")
        .rule("result")
        .rule("undefined")
        .rule("p");
    let load = |extent| load(policies.folder.path().to_owned(), &policies.rules, extent);
    let apart = load(Extent::Everything).map(|engine| said(&engine, &policies.rules)).unwrap();
    let together = load(Extent::OfRules).map(|engine| said(&engine, &policies.rules)).unwrap();
    assert_eq!(together, apart);
    let folder = policies.folder.path().display().to_string();
    insta::assert_snapshot!(together.join("\n").replace(&folder, "policies"));
}

#[test]
fn what_is_reached_is_checked_and_the_rest_is_not() {
    let broken = "package q\nx := f(1)\n";
    for (text, refused) in [
        ("package p\ndeny contains 1 if false", false),
        ("package p\ndeny contains 1 if data.q.x", true),
        ("package p\nimport data.q\ndeny contains 1 if q.x", true),
        ("package p\nimport data.q.x as y\ndeny contains 1 if y", true),
        ("package p\ndeny contains 1 if data[\"q\"].x", true),
        ("package p\ndeny contains 1 if data[input.name].x", true),
        ("package p\ndeny contains 1 if walk(data, [[\"q\"], _])", true),
        ("package q.inner\ndeny contains 1 if false", true),
    ] {
        let package = text.lines().next().and_then(|line| line.strip_prefix("package ")).unwrap();
        let policies = Policies::one(package, text).file("q.rego", broken);
        let folder = policies.folder.path().to_owned();
        let loaded = load(folder.clone(), &policies.rules, Extent::OfRules);
        assert_eq!(loaded.is_err(), refused, "{text}");
        assert!(load(folder.clone(), &policies.rules, Extent::Everything).is_err(), "{text}");
        if let Ok(loaded) = loaded {
            std::fs::write(folder.join("q.rego"), "package q\nx := 1\n").unwrap();
            let other = load(folder, &policies.rules, Extent::OfRules).unwrap();
            assert_ne!(loaded.digest(), other.digest(), "what is not reached counts for the digest");
        }
    }
    let unknown = Policies::one("p", "package p\ndeny contains 1").file("q.rego", broken).rule("other");
    let complaint = load(unknown.folder.path().to_owned(), &unknown.rules, Extent::OfRules).err().unwrap();
    assert!(
        complaint.to_string().contains("there is no function"),
        "with a rule that names none, all are loaded: {complaint}"
    );
}
