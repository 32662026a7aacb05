//! `admission:` in the configuration.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use holdpoint::admission::extract::{self, Found};
use holdpoint::admission::image::Role;
use holdpoint::admission::placement::{Placed, place};
use holdpoint::admission::review::{GroupVersionKind, Review};
use holdpoint::admission::settings::{
    AdmissionSettings, ChartPointers, CustomResource, ImageScope, Mode, NamePattern, OnMissingRecord,
    OnSourceUnavailable, PlacementRule, Profile, Tags, TextSource, Unmapped,
};
use serde_json::{Value, json};

use super::{error, errors, read};

const HEAD: &str = "version: 1
sources: {saved: {type: snapshot, path: records.json}}
environments: [{name: dev}, {name: staging, after: [dev]}, {name: production, after: [staging]}]
rules: [{policy: a}]
";

/// One line of YAML below `admission`.
fn admission(keys: &str) -> String {
    format!("{HEAD}admission: {{{keys}}}\n")
}

/// The same, with a place for every workload.
fn placed(keys: &str) -> String {
    admission(&format!("workloads: [{{namespaces: ['*'], environment: dev}}], {keys}"))
}

fn workloads(entries: &str) -> String {
    admission(&format!("workloads: [{entries}]"))
}

fn settings(text: &str) -> AdmissionSettings {
    read(text).admission.unwrap()
}

fn patterns(names: &[&str]) -> Vec<NamePattern> {
    names.iter().map(|name| NamePattern((*name).to_owned())).collect()
}

fn texts(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn what_is_left_out_has_its_default() {
    assert_eq!(read(HEAD).admission, None);
    let expected = AdmissionSettings {
        placement: vec![PlacementRule {
            namespaces: patterns(&["*"]),
            environment: TextSource::Fixed("dev".to_owned()),
            allowed: Vec::new(),
            default: None,
            deployment_name: None,
        }],
        readmit_max_age: Duration::from_hours(24),
        ..AdmissionSettings::default()
    };
    assert_eq!(settings(&placed("")), expected);
    let empty = "exempt_namespaces: [], ignored_images: [], resources: [], profiles: {}, readmit_max_age: 24h, \
                 mode: enforce, unmapped: deny, tags: deny, on_missing_record: judge, on_source_unavailable: readmit";
    assert_eq!(settings(&placed(empty)), expected);
    let by_profile = settings(&admission("profiles: {p: {environment: dev}}"));
    assert!(by_profile.placement.is_empty(), "a profile is place enough");
    let ages = [("0s", 0), ("0h0m", 0), ("30d", 30 * 24 * 3600)];
    for (text, seconds) in ages {
        let age = settings(&placed(&format!("readmit_max_age: {text}"))).readmit_max_age;
        assert_eq!(age, Duration::from_secs(seconds), "{text}");
    }
    assert_eq!(settings(&placed("on_source_unavailable: undecided")).readmit_max_age, Duration::ZERO);
}

#[test]
fn every_key_is_read() {
    let text = format!(
        "{HEAD}admission:
  mode: audit
  workloads:
    - {{namespaces: [shop, 'shop-*'], environment: {{namespace: 'shop-*-eu'}}, deployment_name: {{namespace: '*'}}}}
    - namespaces: ['team-*']
      environment: {{label: holdpoint.dev/environment}}
      allowed: [dev, staging]
      default: dev
      deployment_name: {{annotation: a}}
    - {{namespaces: ['*'], environment: {{annotation: e}}, allowed: [dev], deployment_name: {{object: name}}}}
  unmapped: warn
  exempt_namespaces: [kube-system, 'kube-*']
  ignored_images:
    - {{images: ['registry.k8s.io/*', nginx, 'docker.io/*', 'acme/*', 'localhost:5000/a'], reason: of the system}}
    - {{images: ['*'], namespaces: [shop], roles: [container], reason: a}}
    - {{images: ['*'], roles: [init_container, ephemeral_container, image_volume, custom, chart], reason: b}}
  tags: resolve
  resources:
    - {{group: acme.dev, kind: Thing, pod_templates: ['', /spec/*/template], images: [/a~1b/~0/image]}}
    - group: acme.dev
      kind: Release
      charts: [{{repository: /a/*/b/*/c, name: /a/*/n, digest: /d}}]
  on_missing_record: deny
  on_source_unavailable: readmit
  readmit_max_age: 12h
  profiles:
    prod-eu: {{environment: production, deployment_name: store, mode: warn}}
    trial: {{mode: warn}}
"
    );
    let label = |key: &str| TextSource::Label(key.to_owned());
    let annotation = |key: &str| TextSource::Annotation(key.to_owned());
    let part = |before: &str, after: &str| TextSource::Namespace { before: before.to_owned(), after: after.to_owned() };
    let all = texts(&["dev", "staging", "production"]);
    let rule = |namespaces: &[&str], environment, allowed, default: Option<&str>, name| PlacementRule {
        namespaces: patterns(namespaces),
        environment,
        allowed,
        default: default.map(str::to_owned),
        deployment_name: Some(name),
    };
    let team = texts(&["dev", "staging"]);
    let scope = |images: &[&str], namespaces: &[&str], roles: &[Role], reason: &str| ImageScope {
        images: patterns(images),
        namespaces: patterns(namespaces),
        roles: roles.to_vec(),
        reason: reason.to_owned(),
    };
    let system =
        ["registry.k8s.io/*", "docker.io/library/nginx", "docker.io/*", "docker.io/acme/*", "localhost:5000/a"];
    let roles = [Role::InitContainer, Role::EphemeralContainer, Role::ImageVolume, Role::Custom, Role::Chart];
    let resource = |kind: &str, pod_templates: &[&str], images: &[&str], charts| CustomResource {
        group: "acme.dev".to_owned(),
        kind: kind.to_owned(),
        pod_templates: texts(pod_templates),
        images: texts(images),
        charts,
    };
    let name = Some("/a/*/n".to_owned());
    let chart = ChartPointers { repository: "/a/*/b/*/c".to_owned(), name, digest: "/d".to_owned() };
    let store = TextSource::Fixed("store".to_owned());
    let production = Some("production".to_owned());
    let expected = AdmissionSettings {
        mode: Mode::Audit,
        placement: vec![
            rule(&["shop", "shop-*"], part("shop-", "-eu"), all, None, part("", "")),
            rule(&["team-*"], label("holdpoint.dev/environment"), team, Some("dev"), annotation("a")),
            rule(&["*"], annotation("e"), texts(&["dev"]), None, TextSource::ObjectName),
        ],
        unmapped: Unmapped::Warn,
        exempt_namespaces: patterns(&["kube-system", "kube-*"]),
        ignored_images: vec![
            scope(&system, &[], &[], "of the system"),
            scope(&["*"], &["shop"], &[Role::Container], "a"),
            scope(&["*"], &[], &roles, "b"),
        ],
        tags: Tags::Resolve,
        resources: vec![
            resource("Thing", &["", "/spec/*/template"], &["/a~1b/~0/image"], Vec::new()),
            resource("Release", &[], &[], vec![chart]),
        ],
        on_missing_record: OnMissingRecord::Deny,
        on_source_unavailable: OnSourceUnavailable::Readmit,
        readmit_max_age: Duration::from_hours(12),
        profiles: BTreeMap::from([
            (
                "prod-eu".to_owned(),
                Profile { environment: production, deployment_name: Some(store), mode: Some(Mode::Warn) },
            ),
            ("trial".to_owned(), Profile { mode: Some(Mode::Warn), ..Profile::default() }),
        ]),
    };
    assert_eq!(settings(&text), expected);
}

#[test]
fn settings_that_are_wrong() {
    let profile = |keys: &str| placed(&format!("profiles: {{{keys}}}"));
    let cases = [
        ("an unknown key", placed("modus: warn")),
        ("an unknown mode", placed("mode: dry_run")),
        ("nothing", admission("")),
        ("no workloads", admission("workloads: [], profiles: {p: {mode: warn}}")),
        ("all exempt", placed("exempt_namespaces: ['*']")),
        ("a star in the middle", placed("exempt_namespaces: ['kube-*-x', '*-system']")),
        ("no namespace", placed("exempt_namespaces: ['', Kube, -a, a-, kube_system]")),
        ("readmission for too long", placed("readmit_max_age: 31d")),
        ("readmission without a unit", placed("readmit_max_age: 0")),
        ("readmission that is off", placed("on_source_unavailable: undecided, readmit_max_age: 1h")),
        ("a profile for nowhere", profile("p: {environment: prodction}")),
        ("a profile without a change", profile("p: {}")),
        ("a profile that is no part of a path", profile("'../x': {mode: warn}")),
        ("a profile twice", profile("p: {mode: warn}, p: {mode: audit}")),
        ("a namespace of a profile", profile("p: {namespaces: [a]}")),
    ];
    insta::assert_snapshot!(errors(&cases));
}

#[test]
fn workloads_that_are_wrong() {
    let one = |keys: &str| workloads(&format!("{{namespaces: [a], {keys}}}"));
    let cases = [
        ("no namespace", workloads("{namespaces: [], environment: dev}")),
        ("no namespaces", workloads("{environment: dev}")),
        ("a namespace that is none", workloads("{namespaces: ['a.b'], environment: dev}")),
        ("no environment", one("deployment_name: a")),
        ("an environment that is none", one("environment: prodction")),
        ("an environment that is a number", one("environment: 1")),
        ("an environment from two places", one("environment: {label: a, annotation: b}, allowed: [dev]")),
        ("an environment from nowhere", one("environment: {}")),
        ("an environment from elsewhere", one("environment: {labels: a}, allowed: [dev]")),
        ("an environment from a name", one("environment: {object: name}, allowed: [dev]")),
        ("a label that may say anything", one("environment: {label: a}")),
        ("an annotation that may say anything", one("environment: {annotation: a}")),
        ("a label that may say nothing", one("environment: {label: a}, allowed: []")),
        ("a label that may say what is none", one("environment: {label: a}, allowed: [dev, stagin]")),
        ("a label that is none", one("environment: {label: 'a b'}, allowed: [dev]")),
        ("a label of no domain", one("environment: {label: 'A_B/c'}, allowed: [dev]")),
        ("a default that is not allowed", one("environment: {label: a}, allowed: [dev], default: staging")),
        ("a default of nothing", one("environment: dev, default: dev")),
        ("a default of a namespace", one("environment: {namespace: '*'}, default: dev")),
        ("a choice without a choice", one("environment: dev, allowed: [dev]")),
        ("a name without a star", one("environment: {namespace: shop}")),
        ("a name with two stars", one("environment: {namespace: '*-*'}")),
        ("a name that no namespace has", one("environment: {namespace: 'Shop-*'}")),
        ("an empty deployment name", one("environment: dev, deployment_name: ''")),
        ("another part of an object", one("environment: dev, deployment_name: {object: kind}")),
    ];
    insta::assert_snapshot!(errors(&cases));
}

#[test]
fn images_and_resources_that_are_wrong() {
    let images = |keys: &str| placed(&format!("ignored_images: [{{{keys}}}]"));
    let image = |name: &str| images(&format!("images: ['{name}'], reason: a"));
    let resource = |keys: &str| placed(&format!("resources: [{{group: acme.dev, kind: Thing, {keys}}}]"));
    let kind =
        |group: &str, kind: &str| placed(&format!("resources: [{{group: '{group}', kind: '{kind}', images: [/a]}}]"));
    let cases = [
        ("no image", images("images: [], reason: a")),
        ("no reason", images("images: [a]")),
        ("an empty reason", images("images: [a], reason: ''")),
        ("everything", image("*")),
        ("everything everywhere", images("images: [a, '*'], namespaces: [a, '*'], reason: a")),
        ("every container", images("images: ['*'], roles: [chart, container], reason: a")),
        ("no namespaces", images("images: [a], namespaces: [], reason: a")),
        ("no roles", images("images: [a], roles: [], reason: a")),
        ("an unknown role", images("images: [a], roles: [sidecar], reason: a")),
        ("a star within a part", image("ghcr.io/acme*")),
        ("a star in the middle", image("ghcr.io/*/app")),
        ("a tag", image("ghcr.io/acme/app:v1")),
        ("a tag before a star", image("ghcr.io/acme:v1/*")),
        ("a scheme", image("https://ghcr.io/acme/app")),
        ("upper case", image("ghcr.io/Acme/app")),
        ("a digest", image(&format!("ghcr.io/acme/app@sha256:{}", "ab".repeat(32)))),
        ("nothing to find", resource("pod_templates: []")),
        ("no place", placed("resources: [{group: acme.dev, kind: Thing}]")),
        ("no pointer", resource("images: [spec/image]")),
        ("a pointer to all", resource("images: ['']")),
        ("a pointer with a star in a key", resource("images: ['/spec/im*']")),
        ("a pointer with an empty key", resource("images: [/spec//image]")),
        ("a pointer with a wrong escape", resource("images: [/spec/~2]")),
        ("a pointer that is JSONPath", resource("images: ['$.spec.image']")),
        ("a chart without a digest", resource("charts: [{repository: /a}]")),
        ("no chart", resource("charts: []")),
        ("stars of another list", resource("charts: [{repository: /a/*/r, name: /b/*/n, digest: /a/*/d/*/x}]")),
        ("a kind of Kubernetes", kind("apps", "Deployment")),
        ("a kind of the core", kind("", "Pod")),
        ("a group with a version", kind("acme.dev/v1", "Thing")),
        ("a kind that is none", kind("acme.dev", "thing.s")),
        (
            "a resource twice",
            placed("resources: [{group: a.b, kind: C, images: [/a]}, {group: a.b, kind: C, images: [/b]}]"),
        ),
    ];
    insta::assert_snapshot!(errors(&cases));
}

#[test]
fn an_entry_that_is_never_reached_is_told() {
    let entry = |namespaces: &str| format!("{{namespaces: [{namespaces}], environment: dev}}");
    let unreachable = [
        ["'*'", "shop"],
        ["'shop-*'", "shop-eu"],
        ["'shop-*'", "'shop-eu-*'"],
        ["shop", "shop"],
        ["shop, 'pay*'", "payments, shop"],
    ];
    for [first, second] in unreachable {
        let told = error(&workloads(&[entry(first), entry(second)].join(", ")));
        assert!(told.contains("this entry of `workloads` is never reached"), "{first} {second}: {told}");
    }
    let exempt = admission("exempt_namespaces: ['kube-*'], workloads: [{namespaces: [kube-system], environment: dev}]");
    assert!(error(&exempt).contains("is never reached"));
    let reachable = [["shop", "'*'"], ["'shop-*'", "shop"], ["'shop-*'", "'shop*'"], ["shop", "shop, pay"]];
    for [first, second] in reachable {
        settings(&workloads(&[entry(first), entry(second)].join(", ")));
    }
    // Names of namespaces that give no environment are left to the next entry.
    let by_name = "{namespaces: ['*'], environment: {namespace: 'shop-*'}}";
    settings(&workloads(&[by_name.to_owned(), entry("shop-x")].join(", ")));
}

#[test]
fn many_entries_take_no_long_time() {
    let many = |count: usize| {
        let entry = |number| format!("{{namespaces: ['n{number}-*', 'm{number}'], environment: dev}}");
        workloads(&(0..count).map(entry).collect::<Vec<_>>().join(", "))
    };
    assert_eq!(settings(&many(1000)).placement.len(), 1000);
    assert!(error(&many(1001)).contains("`workloads` has 1001 entries, at most 1000"));
}

/// The parts of the page that are about admission, each as a whole configuration.
fn documented() -> Vec<String> {
    let page = include_str!("../../../docs/admission.md");
    let blocks = page.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.filter(|block| block.starts_with("admission:")).map(|block| format!("{HEAD}{block}")).collect()
}

fn review(namespace: &str, metadata: &Value) -> Review {
    let kind = json!({"group": "", "version": "v1", "kind": "Pod"});
    let resource = json!({"group": "", "version": "v1", "resource": "pods"});
    let review = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "u", "kind": kind, "resource": resource, "operation": "CREATE", "namespace": namespace,
        "object": {"metadata": metadata},
    }});
    Review::parse(review.to_string().as_bytes()).unwrap()
}

#[test]
fn the_documented_mappings_do_what_the_page_says() {
    let all: Vec<_> = documented().iter().map(|text| settings(text)).collect();
    let by_name = all.iter().find(|settings| settings.placement.len() == 3).unwrap();
    let by_label = all.iter().find(|settings| settings.placement.iter().any(|rule| rule.default.is_some())).unwrap();
    let by_profile = all.iter().find(|settings| !settings.profiles.is_empty()).unwrap();
    let by_object = all
        .iter()
        .find(|settings| settings.placement.iter().any(|rule| rule.deployment_name == Some(TextSource::ObjectName)));
    let labels = |environment: &str| json!({"labels": {"holdpoint.dev/environment": environment, "app.kubernetes.io/name": "web"}});
    let storefront = json!({
        "name": "storefront-7d9c5b6f4d-x2x4k",
        "labels": {"pod-template-hash": "7d9c5b6f4d"},
        "ownerReferences": [{"kind": "ReplicaSet", "name": "storefront-7d9c5b6f4d", "controller": true}],
    });
    let nothing = json!({});
    let cases = [
        (&all[0], None, "shop", &nothing, "production"),
        (&all[0], None, "holdpoint", &nothing, "exempt"),
        (&all[0], None, "lab", &nothing, "unmapped"),
        (by_name, None, "shop-staging", &nothing, "staging shop"),
        (by_name, None, "shop-tools", &nothing, "dev"),
        (by_name, None, "pay-production", &nothing, "production pay"),
        (by_label, None, "team-a", &labels("staging"), "staging web"),
        (by_label, None, "team-a", &labels("production"), "refused"),
        (by_label, None, "team-a", &nothing, "dev"),
        (by_profile, Some("production"), "any", &labels("dev"), "production web"),
        (by_profile, Some("staging"), "any", &labels("dev"), "staging"),
        (by_object.unwrap(), None, "shop", &storefront, "production storefront"),
    ];
    for (settings, profile, namespace, metadata, expected) in cases {
        let words = match place(settings, profile, &review(namespace, metadata)) {
            Placed::At(place) => {
                let name = place.deployment_name.map(|name| format!(" {name}")).unwrap_or_default();
                place.environment + &name
            }
            Placed::Exempt { .. } => "exempt".to_owned(),
            Placed::Unmapped { .. } => "unmapped".to_owned(),
            Placed::Refused { .. } => "refused".to_owned(),
        };
        assert_eq!(words, expected, "{namespace} {metadata}");
    }
}

#[test]
fn the_documented_resources_have_their_artifacts() {
    let resources: Vec<_> = documented().iter().flat_map(|text| settings(text).resources).collect();
    let digest = format!("sha256:{}", "ab".repeat(32));
    let template = json!({"spec": {"containers": [{"name": "c", "image": "ghcr.io/acme/a:1"}]}});
    let chart = format!("chart oci://ghcr.io/acme/charts/store@{digest}");
    let source = json!({"repoURL": "ghcr.io/acme/charts", "chart": "store", "targetRevision": digest});
    let whole = json!({"repoURL": "oci://ghcr.io/acme/charts/store", "path": ".", "targetRevision": digest});
    let git = json!({"repoURL": "https://git.acme.dev/store", "path": "deploy", "targetRevision": "HEAD"});
    let version = json!({"repoURL": "ghcr.io/acme/charts", "chart": "store", "targetRevision": "1.2.3"});
    let flux = |reference: Value| json!({"url": "oci://ghcr.io/acme/charts/store", "ref": reference});
    let (argo, knative, toolkit) = ("argoproj.io", "serving.knative.dev", "source.toolkit.fluxcd.io");
    let cases = [
        (argo, "Rollout", json!({"template": template}), "container ghcr.io/acme/a:1"),
        (argo, "Rollout", json!({"template": null, "containers": [{"image": "x"}]}), "unknown"),
        (knative, "Service", json!({"template": template}), "container ghcr.io/acme/a:1"),
        (knative, "Configuration", json!({"template": template}), "container ghcr.io/acme/a:1"),
        (knative, "Revision", template["spec"].clone(), "container ghcr.io/acme/a:1"),
        (toolkit, "OCIRepository", flux(json!({"digest": digest})), &chart),
        (toolkit, "OCIRepository", flux(json!({"tag": "1.2.3"})), "chart oci://ghcr.io/acme/charts/store"),
        (toolkit, "OCIRepository", json!({}), "unknown"),
        (argo, "Application", json!({"source": source}), &chart),
        (argo, "Application", json!({"source": whole}), &chart),
        (argo, "Application", json!({"source": git}), ""),
        (argo, "Application", json!({"source": version}), "chart oci://ghcr.io/acme/charts/store:1.2.3"),
        (argo, "Application", json!({"sources": [git, source]}), &chart),
        (argo, "Application", json!({"destination": {}}), "unknown"),
    ];
    for (group, kind, spec, expected) in cases {
        let object = json!({"kind": kind, "spec": spec});
        let kind = GroupVersionKind { group: group.to_owned(), version: "v1".to_owned(), kind: kind.to_owned() };
        let mut words = String::new();
        match extract::images(&kind, &object, &resources) {
            Found::Nothing => {}
            Found::Unknown { .. } => words.push_str("unknown"),
            Found::Images(images) => {
                for image in images {
                    write!(words, "{} {}", image.role.as_str(), image.reference).unwrap();
                }
            }
        }
        assert_eq!(words, expected, "{object}");
    }
}
