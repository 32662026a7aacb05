use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::name::of_workload;
use super::{Place, Placed, mode, place};
use crate::admission::object::Object;
use crate::admission::review::Review;
use crate::admission::settings::{AdmissionSettings, Mode, NamePattern, PlacementRule, Profile, TextSource};

fn review(namespace: &str, metadata: &Value) -> Review {
    let review = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "u", "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "operation": "CREATE", "namespace": namespace, "object": {"metadata": metadata},
    }});
    Review::parse(review.to_string().as_bytes()).unwrap()
}

fn patterns(names: &[&str]) -> Vec<NamePattern> {
    names.iter().map(|name| NamePattern((*name).to_owned())).collect()
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn rule(namespaces: &[&str], environment: TextSource, allowed: &[&str]) -> PlacementRule {
    let (namespaces, allowed) = (patterns(namespaces), names(allowed));
    PlacementRule { namespaces, environment, allowed, default: None, deployment_name: None }
}

fn fixed(name: &str) -> TextSource {
    TextSource::Fixed(name.to_owned())
}

fn settings() -> AdmissionSettings {
    let label = TextSource::Label("env".to_owned());
    let shop = TextSource::Namespace { before: "shop-".to_owned(), after: "-eu".to_owned() };
    let placement = vec![
        rule(&["shop-*"], shop, &["dev", "production"]),
        PlacementRule {
            deployment_name: Some(TextSource::ObjectName),
            ..rule(&["team-*", "lab"], label.clone(), &["dev", "staging"])
        },
        PlacementRule { default: Some("dev".to_owned()), ..rule(&["free"], label, &["dev"]) },
        rule(&["noted"], TextSource::Annotation("acme.dev/env".to_owned()), &["staging"]),
        rule(&["shop-*", "pay"], fixed("staging"), &[]),
        rule(&["team-*"], fixed("production"), &[]),
    ];
    AdmissionSettings {
        placement,
        exempt_namespaces: patterns(&["kube-*", "holdpoint"]),
        ..AdmissionSettings::default()
    }
}

/// What came of it, in a line.
fn words(placed: Placed) -> String {
    match placed {
        Placed::At(Place { environment, deployment_name: None }) => environment,
        Placed::At(Place { environment, deployment_name: Some(name) }) => format!("{environment} as {name}"),
        Placed::Exempt { reason } => reason,
        Placed::Unmapped { message } => message,
        Placed::Refused { message, remediation } => format!("{message}; {remediation}"),
    }
}

#[test]
fn the_first_rule_that_fits_says_where_a_workload_goes() {
    let label = |value: &str| json!({"name": "web", "labels": {"env": value}});
    let nothing = json!({"name": "web"});
    let missing = "it has no label `env`, which says what environment it goes to; \
                   set the label `env` to one of `dev`, `staging`, on the object itself and on its pod template";
    let cases = [
        ("shop-production-eu", &nothing, "production"),
        ("shop-production-us", &nothing, "staging"),
        ("shop-staging-eu", &nothing, "staging"),
        ("shop--eu", &nothing, "staging"),
        ("shop-eu", &nothing, "staging"),
        ("pay", &label("production"), "staging"),
        ("lab", &label("dev"), "dev as web"),
        ("team-a", &label("staging"), "staging as web"),
        ("team-a", &nothing, missing),
        (
            "team-a",
            &label("production"),
            "its label `env` is `production`, and workloads of namespace `team-a` may not go there; \
             set the label `env` to one of `dev`, `staging`, on the object itself and on its pod template",
        ),
        (
            "free",
            &label(""),
            "its label `env` is ``, and workloads of namespace `free` may not go there; \
             set the label `env` to `dev`, on the object itself and on its pod template",
        ),
        ("free", &nothing, "dev"),
        ("noted", &json!({"annotations": {"acme.dev/env": "staging"}}), "staging"),
        (
            "noted",
            &json!({"labels": {"acme.dev/env": "staging"}}),
            "it has no annotation `acme.dev/env`, which says what environment it goes to; \
             set the annotation `acme.dev/env` to `staging`, on the object itself and on its pod template",
        ),
        (
            "payments",
            &nothing,
            "no environment is configured for workloads of namespace `payments`\n\
             hint: add its namespace to `admission.workloads`",
        ),
        (
            "",
            &nothing,
            "no environment is configured for objects in no namespace\nhint: add its namespace to `admission.workloads`",
        ),
        ("kube-system", &label("dev"), "the configuration exempts workloads of namespace `kube-system`"),
        ("holdpoint", &nothing, "the configuration exempts workloads of namespace `holdpoint`"),
    ];
    for (namespace, metadata, expected) in cases {
        assert_eq!(words(place(&settings(), None, &review(namespace, metadata))), expected, "{namespace} {metadata}");
    }
}

#[test]
fn a_profile_goes_before_the_rules_and_not_before_exemptions() {
    let profile = |environment: Option<&str>, deployment_name: Option<&str>, mode| Profile {
        environment: environment.map(str::to_owned),
        deployment_name: deployment_name.map(fixed),
        mode,
    };
    let profiles = BTreeMap::from([
        ("production".to_owned(), profile(Some("production"), Some("store"), Some(Mode::Warn))),
        ("named".to_owned(), profile(None, Some("store"), None)),
        ("audit".to_owned(), profile(None, None, Some(Mode::Audit))),
    ]);
    let settings = AdmissionSettings { profiles, ..settings() };
    let labelled = json!({"name": "web", "labels": {"env": "dev"}});
    let cases = [
        (Some("production"), "team-a", "production as store"),
        (Some("production"), "elsewhere", "production as store"),
        (Some("production"), "kube-system", "the configuration exempts workloads of namespace `kube-system`"),
        (Some("named"), "team-a", "dev as store"),
        (Some("named"), "pay", "staging as store"),
        (Some("audit"), "team-a", "dev as web"),
        (None, "team-a", "dev as web"),
        (
            Some("prod\u{1b}"),
            "pay",
            "there is no profile `prod\\u{1b}`; name one of `admission.profiles` in the webhook's path",
        ),
    ];
    for (profile, namespace, expected) in cases {
        let placed = place(&settings, profile, &review(namespace, &labelled));
        assert_eq!(words(placed), expected, "{profile:?} {namespace}");
    }
    let modes = [Some("production"), Some("audit"), Some("named"), Some("other"), None];
    let expected = [Mode::Warn, Mode::Audit, Mode::Enforce, Mode::Enforce, Mode::Enforce];
    assert_eq!(modes.map(|profile| mode(&settings, profile)), expected);
    assert_eq!(settings.environments().into_iter().collect::<Vec<_>>(), ["dev", "production", "staging"]);
}

#[test]
fn texts_of_objects_are_bounded_and_shown_plainly() {
    let named = |key: &str| AdmissionSettings {
        placement: vec![PlacementRule {
            deployment_name: Some(TextSource::Annotation(key.to_owned())),
            ..rule(&["*"], fixed("dev"), &[])
        }],
        ..AdmissionSettings::default()
    };
    let metadata = json!({"annotations": {"good": "store", "none": "", "number": 1, "long": "x".repeat(254), "bad": "a\u{202e}b"}});
    let long = format!("its deployment name `{}… (154 more characters)` is longer than", "x".repeat(100));
    let cases = [
        ("good", "dev as store"),
        ("none", "dev"),
        ("number", "dev"),
        ("missing", "dev"),
        ("long", long.as_str()),
        (
            "bad",
            "its deployment name `a\\u{202e}b` is longer than 253 bytes or has hidden characters; give it a plain name",
        ),
    ];
    for (key, expected) in cases {
        let said = words(place(&named(key), None, &review("x", &metadata)));
        assert!(said.starts_with(expected), "{key}: {said}");
        assert!(matches!(key, "long") || said == expected, "{key}: {said}");
    }
    let many: Vec<_> = (0..12).map(|number| format!("e{number}")).collect();
    let many = PlacementRule { allowed: many, ..rule(&["*"], TextSource::Label("env".to_owned()), &[]) };
    let settings = AdmissionSettings { placement: vec![many], ..AdmissionSettings::default() };
    let said = words(place(&settings, None, &review("x", &json!({"labels": {"env": "\u{1b}[2J".repeat(100)}}))));
    assert!(said.contains("`e8`, `e9` and 2 more") && said.len() < 1500 && !said.contains('\u{1b}'), "{said}");
}

#[test]
fn a_workload_is_called_what_people_called_it() {
    let owned = |kind: &str, owner: &str, name: &str, labels: Value| {
        let owners = json!([{"kind": "Other", "name": "x"}, {"kind": kind, "name": owner, "controller": true}]);
        json!({"name": name, "generateName": format!("{owner}-"), "labels": labels, "ownerReferences": owners})
    };
    let hash = json!({"pod-template-hash": "7d9c5b6f4d"});
    let rollout = json!({"rollouts-pod-template-hash": "abc"});
    let cases = [
        (json!({"name": "storefront"}), "storefront"),
        (json!({"name": "storefront-x7k2p", "generateName": "storefront-"}), "storefront"),
        (json!({"generateName": "migrate-"}), "migrate"),
        (json!({"name": "other", "generateName": "migrate-"}), "other"),
        (owned("ReplicaSet", "shop-7d9c5b6f4d", "shop-7d9c5b6f4d-abcde", hash.clone()), "shop"),
        (owned("ReplicaSet", "shop-abc", "shop-abc-x", rollout), "shop"),
        (owned("ReplicaSet", "shop-7d9c5b6f4d", "shop-7d9c5b6f4d-abcde", json!({})), "shop-7d9c5b6f4d"),
        (owned("ReplicaSet", "7d9c5b6f4d", "x", hash), "7d9c5b6f4d"),
        (owned("ReplicaSet", "shop", "x", json!({"pod-template-hash": ""})), "shop"),
        (owned("Deployment", "shop", "shop-7d9c5b6f4d", json!({})), "shop"),
        (owned("StatefulSet", "db", "db-0", json!({})), "db"),
        (owned("DaemonSet", "agent", "agent-x2x2x", json!({})), "agent"),
        (owned("Job", "report-29012345", "report-29012345-abcde", json!({})), "report"),
        (owned("Job", "migrate-20241231", "migrate-20241231-abcde", json!({})), "migrate-20241231"),
        (owned("Job", "migrate-v2", "migrate-v2-abcde", json!({})), "migrate-v2"),
        (owned("CronJob", "report", "report-29012345", json!({})), "report"),
        (owned("Node", "node-1", "etcd-node-1", json!({})), "etcd"),
        (owned("Node", "node-1", "etcd", json!({})), "etcd"),
        (json!({}), ""),
        (json!({"name": 1, "ownerReferences": "x", "generateName": []}), ""),
    ];
    for (metadata, expected) in cases {
        let object = json!({"metadata": metadata});
        assert_eq!(of_workload(Object::new(&object)), expected, "{object}");
    }
}

proptest! {
    /// Whatever an object says, it goes where the configuration lets its namespace go.
    #[test]
    fn an_object_never_leaves_the_allowed_environments(
        namespace in "(team-|shop-|lab|free|pay)[a-z-]{0,12}",
        value in "dev|staging|production|\\PC{0,12}",
        other in "\\PC{0,12}",
    ) {
        let metadata = json!({"name": other, "labels": {"env": value}, "annotations": {"acme.dev/env": value, "env": other}});
        if let Placed::At(place) = place(&settings(), None, &review(&namespace, &metadata)) {
            let of_team = namespace.starts_with("team-") || namespace == "lab";
            prop_assert!(!of_team || ["dev", "staging"].contains(&place.environment.as_str()), "{place:?}");
            prop_assert!(namespace != "free" || place.environment == "dev", "{place:?}");
            prop_assert!(settings().environments().contains(place.environment.as_str()), "{place:?}");
        }
    }
}
