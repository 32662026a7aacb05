//! The images of random objects, found twice: by holdpoint, and by an oracle that knows nothing of kinds and pointers
//! and walks through all of the JSON.

use std::collections::BTreeMap;

use holdpoint::admission::change::{Change, change};
use holdpoint::admission::image::UsedImage;
use holdpoint::admission::review::Review;
use holdpoint::admission::settings::CustomResource;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// A kind, and where it has its pod template: keys from the top.
type Kind = (&'static str, &'static str, &'static [&'static str]);

const KINDS: [Kind; 10] = [
    ("", "Pod", &[]),
    ("", "PodTemplate", &["template"]),
    ("", "ReplicationController", &["spec", "template"]),
    ("apps", "Deployment", &["spec", "template"]),
    ("apps", "ReplicaSet", &["spec", "template"]),
    ("apps", "StatefulSet", &["spec", "template"]),
    ("apps", "DaemonSet", &["spec", "template"]),
    ("batch", "Job", &["spec", "template"]),
    ("batch", "CronJob", &["spec", "jobTemplate", "spec", "template"]),
    ("example.com", "Rollout", &["spec", "versions", "a/b", "podTemplate"]),
];

fn resources() -> Vec<CustomResource> {
    let pointer = "/spec/versions/*/podTemplate".to_owned();
    let (group, kind) = ("example.com".to_owned(), "Rollout".to_owned());
    vec![CustomResource { group, kind, pod_templates: vec![pointer], images: Vec::new(), charts: Vec::new() }]
}

/// How often each (role, reference) is used.
type Uses = BTreeMap<(&'static str, String), usize>;

fn counted(uses: impl IntoIterator<Item = (&'static str, String)>) -> Uses {
    uses.into_iter().fold(Uses::new(), |mut all, one| {
        *all.entry(one).or_default() += 1;
        all
    })
}

/// Every image of a container or volume, wherever the list is that it stands in.
fn oracle(object: &Value) -> Uses {
    let mut uses = Vec::new();
    let mut rest: Vec<(&str, &Value)> = Vec::new();
    let own = ["metadata", "status"];
    let top = object.as_object().into_iter().flatten().filter(|(key, _)| !own.contains(&key.as_str()));
    rest.extend(top.map(|(key, value)| (key.as_str(), value)));
    while let Some((key, value)) = rest.pop() {
        match value {
            Value::Array(items) => {
                for item in items {
                    uses.extend(item_uses(key, item));
                    rest.push(("", item));
                }
            }
            Value::Object(members) => rest.extend(members.iter().map(|(key, value)| (key.as_str(), value))),
            _ => {}
        }
    }
    counted(uses)
}

/// What an item of the list with this key uses.
fn item_uses(list: &str, item: &Value) -> Option<(&'static str, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let image = item.as_object()?.get("image").unwrap_or(&Value::Null);
    match list {
        "containers" => Some(("container", text(image))),
        "initContainers" => Some(("init_container", text(image))),
        "ephemeralContainers" => Some(("ephemeral_container", text(image))),
        "volumes" if image.is_object() => Some(("image_volume", text(&image["reference"]))),
        _ => None,
    }
}

fn found(images: &[UsedImage]) -> Uses {
    counted(images.iter().map(|image| (image.role.as_str(), image.reference.clone())))
}

/// What a review of this object would have judged.
fn judged(kind: Kind, operation: &str, old: &Value, new: &Value, resources: &[CustomResource]) -> Change {
    let (group, name, _) = kind;
    // In the order in which an API server writes them.
    let text = format!(
        r#"{{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{{"uid":"u",
        "kind":{{"group":"{group}","version":"v1","kind":"{name}"}},
        "resource":{{"group":"{group}","version":"v1","resource":"things"}},
        "operation":"{operation}","object":{new},"oldObject":{old}}}}}"#
    );
    change(&Review::parse(text.as_bytes()).unwrap(), resources)
}

fn reference() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        4 => "[a-c]".prop_map(|name| Some(format!("ghcr.io/acme/{name}@sha256:{}", name.repeat(64)))),
        2 => "[a-z]{1,4}(:[a-z0-9]{1,3})?".prop_map(Some),
        1 => "\\PC{0,6}".prop_map(Some),
        1 => Just(None),
    ]
}

/// Members that look like images and are none.
fn decoys() -> impl Strategy<Value = Map<String, Value>> {
    let decoys = vec![
        ("args", json!(["--image", "image=x", "containers"])),
        ("env", json!([{"name": "image", "value": "decoy"}, {"name": "CONTAINERS", "value": "[{\"image\":\"x\"}]"}])),
        ("envFrom", json!([{"configMapRef": {"name": "image"}}])),
        ("imagePullPolicy", json!("Always")),
        ("lifecycle", json!({"postStart": {"exec": {"command": ["image"]}}})),
        ("volumeMounts", json!([{"name": "image", "mountPath": "/image"}])),
        ("restartPolicy", json!("Always")),
        ("resources", json!({"limits": {"image": "1"}})),
    ];
    prop::collection::vec(prop::sample::select(decoys), 0..4)
        .prop_map(|chosen| chosen.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

fn container() -> impl Strategy<Value = Value> {
    (reference(), decoys(), any::<bool>()).prop_map(|(reference, mut members, named)| {
        if named {
            members.insert("name".to_owned(), json!("app"));
        }
        members.extend(reference.map(|reference| ("image".to_owned(), json!(reference))));
        Value::Object(members)
    })
}

fn volume() -> impl Strategy<Value = Value> {
    prop_oneof![
        reference()
            .prop_map(|reference| json!({"name": "v", "image": {"reference": reference, "pullPolicy": "Always"}})),
        Just(json!({"name": "v", "image": {}})),
        Just(json!({"name": "v", "rbd": {"image": "decoy", "monitors": ["a"]}})),
        Just(json!({"name": "v", "configMap": {"name": "image", "items": [{"key": "image", "path": "containers"}]}})),
        Just(json!({"name": "v", "projected": {"sources": [{"secret": {"name": "image"}}]}})),
    ]
}

fn pod_spec() -> impl Strategy<Value = Value> {
    let containers = |range| prop::collection::vec(container(), range);
    (containers(1..4), containers(0..3), containers(0..3), prop::collection::vec(volume(), 0..3), any::<bool>())
        .prop_map(|(containers, init, ephemeral, volumes, extra)| {
            let mut spec = json!({"containers": containers, "initContainers": init, "volumes": volumes});
            if extra {
                spec["ephemeralContainers"] = json!(ephemeral);
                spec["imagePullSecrets"] = json!([{"name": "image"}]);
                spec["affinity"] = json!({"nodeAffinity": {"containers": "image"}});
                spec["nodeSelector"] = json!({"image": "decoy"});
                spec["tolerations"] = json!([{"key": "image"}]);
            }
            spec
        })
}

/// A kind, and an object of that kind with a pod.
fn object() -> impl Strategy<Value = (Kind, Value)> {
    let decoy = json!({"containers": [{"image": "decoy"}], "volumes": [{"image": {"reference": "decoy"}}]});
    (prop::sample::select(KINDS.to_vec()), pod_spec()).prop_map(move |(kind, spec)| {
        let template = json!({"metadata": {"labels": {"image": "decoy"}}, "spec": spec});
        let wrap = |inner: Value, key: &&str| json!({*key: inner, "replicas": 3, "selector": {"image": "decoy"}});
        let mut object = kind.2.iter().rev().fold(template, wrap);
        object["metadata"] =
            json!({"name": "a", "annotations": {"image": decoy.to_string()}, "managedFields": [decoy]});
        object["status"] = json!({"containerStatuses": [{"image": "decoy"}], "template": decoy});
        (kind, object)
    })
}

/// A change to some place of an object that an API server would not let through, or that somebody tries.
#[derive(Clone, Debug)]
enum Mutation {
    Replace(Value),
    Remove,
    Rename(&'static str),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let values =
        [json!(null), json!(1), json!("x"), json!([]), json!({}), json!([null]), json!(true), json!({"image": 1})];
    let names = ["Containers", "containers ", "CONTAINERS", "initcontainers", "x", "spec", "image", "Image", "volumes"];
    prop_oneof![
        prop::sample::select(values.to_vec()).prop_map(Mutation::Replace),
        Just(Mutation::Remove),
        prop::sample::select(names.to_vec()).prop_map(Mutation::Rename),
    ]
}

/// The places of all members and items.
fn places(value: &Value, at: &str, all: &mut Vec<String>) {
    let mut below = |key: &str, value: &Value| {
        let place = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
        all.push(place.clone());
        places(value, &place, all);
    };
    match value {
        Value::Array(items) => items.iter().enumerate().for_each(|(index, item)| below(&index.to_string(), item)),
        Value::Object(members) => members.iter().for_each(|(key, member)| below(key, member)),
        _ => {}
    }
}

fn mutate(object: &mut Value, chosen: usize, mutation: &Mutation) {
    let mut all = Vec::new();
    places(object, "", &mut all);
    // What an object says of itself is for nothing to run.
    all.retain(|place| !place.starts_with("/metadata") && !place.starts_with("/status"));
    let Some(place) = all.get(chosen % all.len().max(1)) else { return };
    let (above, key) = place.rsplit_once('/').unwrap();
    let key = key.replace("~1", "/").replace("~0", "~");
    match (object.pointer_mut(above).unwrap(), mutation) {
        (Value::Object(members), Mutation::Rename(name)) => {
            let value = members.remove(&key).unwrap();
            members.insert((*name).to_owned(), value);
        }
        (Value::Object(members), Mutation::Remove) => drop(members.remove(&key)),
        (Value::Array(items), Mutation::Remove | Mutation::Rename(_)) => drop(items.remove(key.parse().unwrap())),
        (members, Mutation::Replace(value)) => {
            let slot = if let Value::Array(items) = members {
                &mut items[key.parse::<usize>().unwrap()]
            } else {
                &mut members[&key]
            };
            *slot = value.clone();
        }
        _ => panic!("a place is in a list or an object"),
    }
}

proptest! {
    #[test]
    fn the_oracle_finds_the_same_images((kind, object) in object()) {
        let expected = oracle(&object);
        match judged(kind, "CREATE", &json!(null), &object, &resources()) {
            Change::Judge(images) => {
                prop_assert_eq!(found(&images), expected);
                for image in &images {
                    let there = object.pointer(&image.place).and_then(Value::as_str).unwrap_or_default();
                    prop_assert_eq!(there, &image.reference, "{}", &image.place);
                }
            }
            other => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn a_kind_that_nobody_knows_is_undecided_when_it_has_containers((kind, mut object) in object(), wrapped in any::<bool>()) {
        if wrapped {
            let inner = object["spec"].take();
            object["spec"] = json!({"deep": [{"deeper": inner}]});
        }
        let named = ["containers", "initContainers", "ephemeralContainers"];
        let unknown = ("example.com", "Unknown", kind.2);
        // A template without any reference is nothing to an operator that has its own.
        let with_images = object.to_string().contains("\"image\":\"") && {
            let roles = oracle(&object).into_keys().filter(|(role, reference)| *role != "image_volume" && !reference.is_empty());
            roles.count() > 0
        };
        let change = judged(unknown, "CREATE", &json!(null), &object, &resources());
        if with_images {
            let words = matches!(&change, Change::Unknown { message } if named.iter().any(|name| message.contains(name)));
            prop_assert!(words, "{:?}", change);
        }
        // Nothing that it says of itself changes that, or is held against it.
        let mut relabelled = object.clone();
        relabelled["metadata"] = json!({"finalizers": []});
        let change = judged(unknown, "UPDATE", &object, &relabelled, &resources());
        prop_assert!(matches!(change, Change::Passes { .. }), "{:?}", change);
    }

    #[test]
    fn nothing_that_is_tried_hides_an_image(
        (kind, mut object) in object(),
        mutations in prop::collection::vec((any::<usize>(), mutation()), 1..5),
    ) {
        for (place, mutation) in &mutations {
            mutate(&mut object, *place, mutation);
        }
        let all = oracle(&object);
        match judged(kind, "CREATE", &json!(null), &object, &resources()) {
            Change::Judge(images) => {
                let found = found(&images);
                for (one, count) in &all {
                    prop_assert!(found.get(one) >= Some(count), "{:?} of {} in {}", one, count, object);
                }
            }
            Change::Passes { .. } => prop_assert!(all.keys().all(|(role, reference)| *role == "image_volume" || reference.is_empty()), "{}", object),
            Change::Unknown { message } => prop_assert!(message.contains("\nhint: "), "{}", message),
        }
    }

    #[test]
    fn a_change_is_judged_when_the_images_differ((kind, old) in object(), spec in pod_spec(), same in any::<bool>()) {
        let mut new = old.clone();
        if !same {
            let pointer = kind.2.iter().fold(String::new(), |above, key| above + "/" + &key.replace('/', "~1"));
            new.pointer_mut(&pointer).unwrap()["spec"] = spec;
        }
        new["metadata"]["labels"] = json!({"changed": "true"});
        new["metadata"]["deletionTimestamp"] = json!("2026-11-20T12:00:00Z");
        let (before, after) = (oracle(&old), oracle(&new));
        match judged(kind, "UPDATE", &old, &new, &resources()) {
            Change::Judge(images) => {
                prop_assert!(before != after);
                prop_assert_eq!(found(&images), after);
            }
            Change::Passes { .. } => prop_assert_eq!(before, after),
            Change::Unknown { message } => prop_assert!(false, "{}", message),
        }
    }
}
