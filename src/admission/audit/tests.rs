use serde_json::{Value, json};

use super::{Asked, By, Circumstances, Doors, Running, gather};
use crate::admission::settings::{
    AdmissionSettings, ImageScope, NamePattern, PlacementRule, Profile, Tags, TextSource, Unmapped,
};
use crate::domain::audit::DigestFrom;

const DIGEST: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

fn settings() -> AdmissionSettings {
    let names = |names: &[&str]| names.iter().map(|name| NamePattern((*name).to_owned())).collect();
    AdmissionSettings {
        placement: vec![PlacementRule {
            namespaces: names(&["shop"]),
            environment: TextSource::Fixed("production".to_owned()),
            allowed: Vec::new(),
            default: None,
            deployment_name: Some(TextSource::ObjectName),
        }],
        exempt_namespaces: names(&["kube-*"]),
        ignored_images: vec![ImageScope {
            images: names(&["registry.k8s.io/*"]),
            namespaces: Vec::new(),
            roles: Vec::new(),
            reason: "parts of the cluster".to_owned(),
        }],
        ..AdmissionSettings::default()
    }
}

fn running(objects: &[Value], settings: &AdmissionSettings) -> Running {
    gather(objects, &Circumstances { settings, by: By::Settings, running_digests: false }).unwrap()
}

fn pod(namespace: &str, name: &str, image: &str, owner: Value, status: Value) -> Value {
    let labels = json!({"pod-template-hash": "1"});
    let mut pod = json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"namespace": namespace, "name": name, "labels": labels},
        "spec": {"containers": [{"name": "main", "image": image}]}});
    pod["metadata"]["ownerReferences"] = owner;
    pod["status"] = status;
    pod
}

fn owned_by(kind: &str, name: &str) -> Value {
    json!([{"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": "1", "controller": true}])
}

fn replica_set(name: &str, replicas: u32) -> Value {
    let spec = json!({"replicas": replicas, "template": {"spec": {"containers": [
        {"name": "main", "image": format!("ghcr.io/acme/web@{DIGEST}")}]}}});
    json!({"apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {"namespace": "shop", "name": name, "ownerReferences": owned_by("Deployment", "web")}, "spec": spec})
}

/// Workload, number of objects, image and where its digest is from, or the code of the refusal.
fn shown(running: &Running) -> Vec<String> {
    let one = |one: &super::Use| {
        let asked = match &one.asked {
            Asked::Gate(request) => format!("{:?} {:?}", request.environment, request.deployment_name),
            Asked::Refused(refusal) => format!("{} {}", refusal.verdict, refusal.code),
        };
        let from = if one.digest_from == DigestFrom::Status { " by status" } else { "" };
        let image = one.image.replace(DIGEST, "sha256:a");
        format!("{} {}/{} x{} {image}{from}: {asked}", one.kind, one.namespace, one.name, one.objects)
    };
    running.uses.iter().map(one).collect()
}

#[test]
fn objects_of_one_workload_are_one_line() {
    let image = format!("ghcr.io/acme/web@{DIGEST}");
    let objects = [json!({"apiVersion": "v1", "kind": "List", "items": [
        pod("shop", "web-1-a", &image, owned_by("ReplicaSet", "web-1"), json!({"phase": "Running"})),
        pod("shop", "web-1-b", &image, owned_by("ReplicaSet", "web-1"), json!({"phase": "Pending"})),
        replica_set("web-1", 2),
        replica_set("web-0", 0),
        pod("shop", "lone", &image, Value::Null, Value::Null),
        pod("shop", "of-another", &image, owned_by("Rollout", "other"), Value::Null),
        {"apiVersion": "v1", "kind": "Service", "metadata": {"namespace": "shop", "name": "web"}, "spec": {}},
    ]})];
    let running = running(&objects, &settings());
    assert_eq!(
        shown(&running),
        [
            "Deployment shop/web x3 ghcr.io/acme/web@sha256:a: \"production\" Some(\"web\")",
            "Pod shop/lone x1 ghcr.io/acme/web@sha256:a: \"production\" Some(\"lone\")",
            "Rollout shop/other x1 ghcr.io/acme/web@sha256:a: \"production\" Some(\"other\")",
        ]
    );
    assert_eq!((running.objects, running.passed_over.finished), (6, 1));
}

#[test]
fn what_ended_does_not_run() {
    let image = format!("ghcr.io/acme/web@{DIGEST}");
    let job = |status: Value| {
        json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"namespace": "shop", "name": "job"}, "status": status,
            "spec": {"template": {"spec": {"containers": [{"name": "main", "image": image}]}}}})
    };
    let of = |object: Value| {
        let running = running(&[object], &settings());
        (running.uses.len(), running.passed_over.finished)
    };
    for phase in ["Succeeded", "Failed"] {
        assert_eq!(of(pod("shop", "a", &image, Value::Null, json!({"phase": phase}))), (0, 1), "{phase}");
    }
    assert_eq!(of(pod("shop", "a", &image, Value::Null, json!({"phase": "Unknown"}))), (1, 0));
    assert_eq!(of(job(json!({"conditions": [{"type": "Complete", "status": "True"}]}))), (0, 1));
    assert_eq!(of(job(json!({"conditions": [{"type": "Failed", "status": "False"}]}))), (1, 0));
    assert_eq!(of(job(json!({}))), (1, 0));
}

#[test]
fn namespaces_and_images_that_are_not_judged_are_counted() {
    let objects = [
        pod("kube-system", "a", "x", Value::Null, Value::Null),
        pod("shop", "b", "registry.k8s.io/pause:3.10", Value::Null, Value::Null),
        pod("elsewhere", "c", "x", Value::Null, Value::Null),
    ];
    let refused = running(&objects, &settings());
    assert_eq!(shown(&refused), ["Pod elsewhere/c x1 : deny unmapped"]);
    assert_eq!(
        (refused.passed_over.exempt, refused.passed_over.ignored_images, refused.passed_over.unmapped),
        (1, 1, 0)
    );
    let lenient = AdmissionSettings { unmapped: Unmapped::Warn, ..settings() };
    let passed = running(&objects, &lenient);
    assert_eq!((passed.uses.len(), passed.passed_over.unmapped), (0, 1));
}

#[test]
fn a_tag_is_judged_by_what_runs_when_that_is_asked_for() {
    let status =
        |id: &str| json!({"containerStatuses": [{"name": "other", "imageID": "x"}, {"name": "main", "imageID": id}]});
    let cases = [
        (format!("ghcr.io/acme/web@{DIGEST}"), true),
        (format!("docker-pullable://ghcr.io/acme/web@{DIGEST}"), true),
        (DIGEST.to_owned(), false),
        ("ghcr.io/acme/web@sha256:short".to_owned(), false),
        (String::new(), false),
    ];
    for (id, known) in cases {
        let objects = [pod("shop", "a", "ghcr.io/acme/web:v1", Value::Null, status(&id))];
        let refused = "Pod shop/a x1 ghcr.io/acme/web:v1: deny digest_missing";
        let judged = "Pod shop/a x1 ghcr.io/acme/web:v1@sha256:a by status: \"production\" Some(\"a\")";
        assert_eq!(shown(&running(&objects, &settings())), [refused], "{id}");
        let resolving = AdmissionSettings { tags: Tags::Resolve, ..settings() };
        let expected = [if known { judged } else { refused }];
        assert_eq!(shown(&running(&objects, &resolving)), expected, "{id}");
        let settings = settings();
        let asked = Circumstances { settings: &settings, by: By::Settings, running_digests: true };
        assert_eq!(shown(&gather(&objects, &asked).unwrap()), expected, "{id}");
    }
}

#[test]
fn what_is_not_understood_is_told() {
    let odd = json!({"apiVersion": "example.com/v1", "kind": "Odd", "metadata": {"namespace": "shop", "name": "a"},
        "spec": {"template": {"spec": {"containers": [{"name": "main", "image": "x"}]}}}});
    assert_eq!(shown(&running(&[odd], &settings())), ["Odd shop/a x1 : undecided object_unknown"]);
    let bare = pod("shop", "a", DIGEST, Value::Null, Value::Null);
    assert_eq!(shown(&running(&[bare], &settings())), ["Pod shop/a x1 sha256:a: deny reference_unreadable"]);
    let unreadable = pod("shop", "a", "A B", Value::Null, Value::Null);
    assert_eq!(shown(&running(&[unreadable], &settings())), ["Pod shop/a x1 A B: deny reference_unreadable"]);
}

/// A webhook of holdpoint at this path, for namespaces with this label and value.
fn webhook(path: &str, key: &str, value: &str, resources: &[&str]) -> Value {
    json!({"name": format!("{value}.holdpoint.dev"), "clientConfig": {"service": {"name": "x", "path": path}},
        "namespaceSelector": {"matchLabels": {key: value}},
        "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": resources}]})
}

fn namespace(name: &str, stage: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {"stage": stage}}})
}

#[test]
fn webhooks_say_which_profiles_judge_an_object() {
    let profile = |environment: &str| Profile { environment: Some(environment.to_owned()), ..Profile::default() };
    let profiles = ["qa", "live"].map(|name| (name.to_owned(), profile(name)));
    let settings = AdmissionSettings { profiles: profiles.into(), ..settings() };
    let image = format!("ghcr.io/acme/web@{DIGEST}");
    let webhooks = [
        webhook("/validate/qa", "stage", "qa", &["pods"]),
        webhook("/validate/live", "stage", "live", &["*"]),
        webhook("/validate/live", "kubernetes.io/metadata.name", "b", &["pods"]),
        webhook("/validate", "kubernetes.io/metadata.name", "shop", &["pods"]),
        webhook("/validate/gone", "stage", "old", &["pods"]),
        webhook("/", "stage", "old", &["pods"]),
        webhook("/validate/qa", "stage", "of-jobs", &["jobs"]),
    ];
    let mut objects =
        vec![json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
            "metadata": {"name": "holdpoint"}, "webhooks": webhooks})];
    for (name, stage) in
        [("a", "qa"), ("b", "live"), ("shop", "qa"), ("c", "old"), ("d", "none"), ("e", "of-jobs"), ("kube-a", "qa")]
    {
        objects.extend([namespace(name, stage), pod(name, "web", &image, Value::Null, Value::Null)]);
    }
    let doors = Doors::of(&objects).unwrap().expect("there are webhooks of holdpoint");
    let by = |by| gather(&objects, &Circumstances { settings: &settings, by, running_digests: false }).unwrap();
    let running = by(By::Webhooks(&doors));
    let shown: Vec<String> = running
        .uses
        .iter()
        .map(|one| {
            let what = match &one.asked {
                Asked::Gate(request) => request.environment.clone(),
                Asked::Refused(refusal) => refusal.code.to_owned(),
            };
            format!("{} {:?} {what}", one.namespace, one.profile.as_deref())
        })
        .collect();
    assert_eq!(
        shown,
        [
            "a Some(\"qa\") qa",
            "b Some(\"live\") live",
            "c Some(\"/\") environment_not_allowed",
            "c Some(\"gone\") environment_not_allowed",
            "shop None production",
            "shop Some(\"qa\") qa",
        ]
    );
    assert_eq!((running.objects, running.passed_over.not_sent, running.passed_over.exempt), (7, 2, 1));
    assert!(by(By::Profile("qa")).uses.iter().all(|one| one.profile.as_deref() == Some("qa")));
}

#[test]
fn a_namespace_whose_labels_are_not_known_is_not_guessed_at() {
    let image = format!("ghcr.io/acme/web@{DIGEST}");
    let of = |key: &str| {
        let webhooks = [webhook("/validate", key, "shop", &["pods"])];
        vec![
            json!({"kind": "ValidatingWebhookConfiguration", "metadata": {"name": "holdpoint"}, "webhooks": webhooks}),
            pod("shop", "web", &image, Value::Null, Value::Null),
        ]
    };
    let audit = |objects: &[Value]| {
        let doors = Doors::of(objects).unwrap().unwrap();
        let by = By::Webhooks(&doors);
        gather(objects, &Circumstances { settings: &settings(), by, running_digests: false })
    };
    assert_eq!(audit(&of("kubernetes.io/metadata.name")).unwrap().uses.len(), 1);
    let error = audit(&of("stage")).unwrap_err();
    assert!(error.starts_with("the webhook `shop.holdpoint.dev` selects namespaces by the label `stage`"), "{error}");
    assert!(error.contains("\nhint: "), "{error}");
    assert!(Doors::of(&of("stage")[1..]).unwrap().is_none());
}
