use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value, json};

use super::{Circumstances, examine};
use crate::admission::settings::{AdmissionSettings, CustomResource, NamePattern, Profile};
use crate::domain::doctor::{Harm, Report};

const NOW: &str = "2026-11-20T12:00:00Z";

/// A `caBundle` with one certificate for each span of time.
fn bundle(spans: &[(i32, i32)]) -> String {
    let pem = |(from, until): &(i32, i32)| {
        let mut params = CertificateParams::new(["holdpoint".to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(*from, 1, 1);
        params.not_after = rcgen::date_time_ymd(*until, 1, 1);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().pem()
    };
    STANDARD.encode(spans.iter().map(pem).collect::<String>())
}

/// A webhook without fault.
fn webhook() -> Value {
    let rule = |group: &str, resources: &[&str]| {
        json!({"apiGroups": [group], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": resources,
            "scope": "Namespaced"})
    };
    json!({
        "name": "validate.holdpoint.dev",
        "admissionReviewVersions": ["v1"],
        "clientConfig": {
            "service": {"name": "holdpoint", "namespace": "gates", "path": "/validate", "port": 443},
            "caBundle": bundle(&[(2026, 2027)]),
        },
        "failurePolicy": "Fail",
        "matchPolicy": "Equivalent",
        "sideEffects": "None",
        "timeoutSeconds": 10,
        "namespaceSelector": {"matchExpressions": [
            {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["gates", "kube-system"]},
        ]},
        "objectSelector": {},
        "rules": [
            rule("", &["pods", "pods/ephemeralcontainers", "podtemplates", "replicationcontrollers", "replicationcontrollers/scale"]),
            rule("apps", &["daemonsets", "deployments", "deployments/scale", "replicasets", "replicasets/scale", "statefulsets",
                "statefulsets/scale"]),
            rule("batch", &["cronjobs", "jobs"]),
        ],
    })
}

fn configuration(name: &str, webhooks: &[Value]) -> Value {
    json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": name}, "webhooks": webhooks})
}

fn report(objects: &[Value], settings: Option<&AdmissionSettings>) -> Report {
    examine(objects, &Circumstances { now: NOW.parse().unwrap(), settings }).unwrap()
}

/// Harm and code of every fault of the good webhook with one member changed.
fn faults_with(pointer: &str, value: Value, settings: Option<&AdmissionSettings>) -> Vec<(Harm, &'static str)> {
    let mut changed = webhook();
    let (parent, member) = pointer.rsplit_once('/').unwrap();
    match changed.pointer_mut(parent).unwrap() {
        Value::Object(object) => drop(object.insert(member.to_owned(), value)),
        Value::Array(list) => list[member.parse::<usize>().unwrap()] = value,
        other => panic!("{other}"),
    }
    codes(&report(&[configuration("holdpoint", &[changed])], settings))
}

fn codes(report: &Report) -> Vec<(Harm, &'static str)> {
    report.faults.iter().map(|fault| (fault.harm, fault.code)).collect()
}

#[test]
fn a_webhook_without_fault_has_none() {
    let report = report(&[configuration("holdpoint", &[webhook()])], None);
    assert_eq!(report.faults, []);
    assert_eq!(report.callers.len(), 1);
    assert_eq!(report.callers[0].path, "/validate");
}

/// A place in the webhook, what is put there, and the faults of that.
type Change<'a> = (&'a str, Value, Vec<(Harm, &'a str)>);

#[test]
fn each_fault_is_found() {
    use Harm::{Hole, Outage, Weakness};
    let expression = |key: &str, operator: &str, values: &[&str]| json!({"matchExpressions": [{"key": key, "operator": operator, "values": values}]});
    let name = "kubernetes.io/metadata.name";
    let weak = |count| vec![(Weakness, "resource_missing"); count];
    let cases: Vec<Change<'_>> = vec![
        ("/failurePolicy", json!("Ignore"), vec![(Hole, "failure_policy")]),
        ("/matchPolicy", json!("Exact"), vec![(Hole, "match_policy")]),
        ("/timeoutSeconds", json!(30), vec![(Outage, "timeout_long")]),
        ("/timeoutSeconds", json!(1), vec![(Outage, "timeout_short")]),
        ("/admissionReviewVersions", json!(["v1beta1"]), vec![(Outage, "review_version")]),
        ("/clientConfig/service/path", json!("/"), vec![(Outage, "path_unknown")]),
        ("/clientConfig/service/path", json!("/validate/a/b"), vec![(Outage, "path_unknown")]),
        ("/clientConfig/service/path", Value::Null, vec![(Outage, "path_unknown")]),
        ("/clientConfig/service/path", json!("/validate/shop"), vec![]),
        ("/clientConfig/caBundle", Value::Null, vec![(Outage, "ca_bundle_missing")]),
        ("/clientConfig/caBundle", json!("%"), vec![(Outage, "ca_bundle_unreadable")]),
        ("/clientConfig/caBundle", json!("eA=="), vec![(Outage, "ca_bundle_unreadable")]),
        ("/clientConfig/caBundle", json!(bundle(&[(2024, 2025), (2027, 2028)])), vec![(Outage, "ca_bundle_expired")]),
        ("/clientConfig/caBundle", json!(bundle(&[(2024, 2025), (2026, 2027)])), vec![]),
        ("/objectSelector", json!({"matchLabels": {"gate": "on"}}), vec![(Hole, "object_selector")]),
        ("/matchConditions", json!([{"name": "no-nodes", "expression": "true"}]), vec![(Hole, "match_condition")]),
        ("/namespaceSelector", expression("gate", "DoesNotExist", &[]), vec![(Hole, "namespace_selector")]),
        ("/namespaceSelector", expression("gate", "Exists", &[]), vec![(Hole, "namespace_selector")]),
        ("/namespaceSelector", expression(name, "In", &["shop"]), vec![(Hole, "namespace_selector")]),
        ("/namespaceSelector", json!({"matchLabels": {"gate": "on"}}), vec![(Hole, "namespace_selector")]),
        ("/namespaceSelector", expression(name, "NotIn", &["gates"]), vec![(Outage, "system_namespace")]),
        ("/namespaceSelector", expression(name, "NotIn", &["kube-system"]), vec![(Outage, "own_namespace")]),
        ("/namespaceSelector", Value::Null, vec![(Outage, "own_namespace"), (Outage, "system_namespace")]),
        (
            "/namespaceSelector",
            expression(name, "NotIn", &["gates", "kube-system", "shop"]),
            vec![(Weakness, "namespace_left_out")],
        ),
        ("/rules/0/resources", json!(["*", "*/scale"]), vec![(Hole, "resource_missing")]),
        ("/rules/0/resources", json!(["pods", "replicationcontrollers", "podtemplates", "*/scale", "pods/*"]), vec![]),
        ("/rules/0/resources", json!(["*/*"]), vec![]),
        ("/rules/0/operations", json!(["*"]), vec![]),
        ("/rules/0/operations", json!(["UPDATE"]), [vec![(Hole, "resource_missing")], weak(1)].concat()),
        ("/rules/0/operations", json!(["CREATE"]), [vec![(Hole, "resource_missing"); 2], weak(2)].concat()),
        ("/rules/0/apiVersions", json!(["v2"]), [vec![(Hole, "resource_missing"); 2], weak(2)].concat()),
        ("/rules/0/scope", json!("Cluster"), [vec![(Hole, "resource_missing"); 2], weak(2)].concat()),
        ("/rules/0/scope", json!("*"), vec![]),
        ("/rules/2/resources", json!(["jobs"]), weak(1)),
        ("/rules/1", json!({}), weak(2)),
    ];
    for (pointer, value, expected) in cases {
        assert_eq!(faults_with(pointer, value.clone(), None), expected, "{pointer}: {value}");
    }
}

#[test]
fn the_bundle_s_end_is_said_two_weeks_before() {
    let ends = |now: &str| {
        let circumstances = Circumstances { now: now.parse().unwrap(), settings: None };
        codes(&examine(&[configuration("holdpoint", &[webhook()])], &circumstances).unwrap())
    };
    assert_eq!(ends("2026-12-18T00:00:00Z"), []);
    assert_eq!(ends("2026-12-18T00:00:01Z"), [(Harm::Weakness, "ca_bundle_ends")]);
    assert_eq!(ends("2027-01-01T00:00:00Z"), [(Harm::Outage, "ca_bundle_expired")]);
    assert_eq!(ends("2025-12-31T23:59:59Z"), [(Harm::Outage, "ca_bundle_expired")]);
}

#[test]
fn webhooks_are_held_against_the_configuration() {
    let exempt = |names: &[&str]| names.iter().map(|name| NamePattern((*name).to_owned())).collect();
    let rollout = CustomResource {
        group: "argoproj.io".to_owned(),
        kind: "Rollout".to_owned(),
        pod_templates: vec!["/spec/template".to_owned()],
        images: Vec::new(),
        charts: Vec::new(),
    };
    let settings = AdmissionSettings {
        exempt_namespaces: exempt(&["kube-*", "gates"]),
        profiles: [("shop".to_owned(), Profile::default())].into(),
        readmit_max_age: Duration::ZERO,
        ..AdmissionSettings::default()
    };
    let with = |pointer: &str, value: Value| faults_with(pointer, value, Some(&settings));
    let name = "kubernetes.io/metadata.name";
    let leaving_out =
        |names: &[&str]| json!({"matchExpressions": [{"key": name, "operator": "NotIn", "values": names}]});
    assert_eq!(with("/namespaceSelector", leaving_out(&["gates", "kube-system", "kube-public"])), []);
    assert_eq!(
        with("/namespaceSelector", leaving_out(&["gates", "kube-system", "shop"])),
        [(Harm::Hole, "namespace_left_out")]
    );
    assert_eq!(with("/clientConfig/service/path", json!("/validate/shop")), []);
    assert_eq!(with("/clientConfig/service/path", json!("/validate/shops")), [(Harm::Outage, "profile_unknown")]);
    let settings = AdmissionSettings { resources: vec![rollout], ..settings };
    let with = |value: Value| faults_with("/rules/2", value, Some(&settings));
    let rule = |operations: &[&str]| json!({"apiGroups": ["batch", "argoproj.io"], "apiVersions": ["*"], "operations": operations, "resources": ["*"]});
    assert_eq!(with(rule(&["CREATE", "UPDATE"])), []);
    assert_eq!(with(rule(&["*"])), []);
    let missing = with(rule(&["CREATE"]));
    assert!(missing.contains(&(Harm::Hole, "custom_resource_missing")), "{missing:?}");
}

#[test]
fn holdpoint_s_webhooks_are_found_by_what_names_them() {
    let plain = |name: &str, service: &str, labels: Value| {
        let mut webhook = webhook();
        webhook["name"] = json!(name);
        webhook["clientConfig"]["service"]["name"] = json!(service);
        let mut configuration = configuration("others", &[webhook]);
        configuration["metadata"]["labels"] = labels;
        configuration
    };
    let cases = [
        (plain("a.example.com", "other", Value::Null), 0),
        (plain("a.holdpoint.dev", "other", Value::Null), 1),
        (plain("a.example.com", "my-holdpoint", Value::Null), 1),
        (plain("a.example.com", "other", json!({"app.kubernetes.io/part-of": "holdpoint"})), 1),
        (plain("a.example.com", "other", json!({"app.kubernetes.io/part-of": "others"})), 0),
        (json!({"kind": "List", "items": [plain("a.holdpoint.dev", "x", Value::Null)]}), 1),
        (
            json!({"kind": "MutatingWebhookConfiguration", "metadata": {"name": "holdpoint"}, "webhooks": [webhook()]}),
            0,
        ),
    ];
    for (object, callers) in cases {
        let report = report(std::slice::from_ref(&object), None);
        assert_eq!(report.callers.len(), callers, "{object}");
        let nobody = report.faults.iter().any(|fault| fault.code == "nobody_calls");
        assert_eq!(nobody, callers == 0, "{object}");
    }
    let mut items = configuration("holdpoint", &[webhook()]);
    items.as_object_mut().unwrap().remove("kind");
    let list = json!({"kind": "ValidatingWebhookConfigurationList", "items": [items]});
    assert_eq!(report(&[list], None).callers.len(), 1);
}

#[test]
fn an_address_is_called_by_its_path() {
    let at = |url: &str| {
        let mut webhook = webhook();
        webhook["clientConfig"] = json!({"url": url});
        let report = report(&[configuration("holdpoint", &[webhook])], None);
        (report.callers[0].path.clone(), codes(&report))
    };
    // An address outside the cluster may have a certificate that everybody trusts, and has no namespace.
    assert_eq!(at("https://gate.example.com:8443/validate").0, "/validate");
    assert_eq!(at("https://gate.example.com/validate/shop?x=1").0, "/validate/shop");
    assert_eq!(at("https://gate.example.com").0, "/");
    let left_out = at("https://gate.example.com/validate").1;
    assert_eq!(left_out, [(Harm::Weakness, "namespace_left_out")]);
}

#[test]
fn what_one_webhook_leaves_to_another_is_no_hole() {
    let narrow = |name: &str| {
        let mut narrow = webhook();
        narrow["name"] = json!(name);
        narrow["namespaceSelector"] = json!({"matchLabels": {"stage": name}});
        narrow
    };
    let alone = report(&[configuration("holdpoint", &[narrow("a"), narrow("b")])], None);
    assert_eq!(codes(&alone), [(Harm::Hole, "namespace_selector"); 2]);
    let beside = report(&[configuration("holdpoint", &[narrow("a"), webhook()])], None);
    assert_eq!(codes(&beside), []);
    let twice = report(&[configuration("holdpoint", &[webhook(), webhook()])], None);
    assert_eq!(codes(&twice), [(Harm::Weakness, "several_webhooks")]);
}

#[test]
fn a_form_that_the_api_does_not_have_is_an_error() {
    let circumstances = Circumstances { now: NOW.parse::<Timestamp>().unwrap(), settings: None };
    let odd = configuration("odd", &[json!({"rules": "all"})]);
    let message = examine(&[odd], &circumstances).unwrap_err();
    assert!(message.starts_with("the ValidatingWebhookConfiguration `odd` cannot be read: "), "{message}");
    assert!(examine(&[json!(null), json!(7), json!({"kind": 3})], &circumstances).is_ok());
}
