use serde_json::{Value, json};

use super::{Found, images};
use crate::admission::image::Role;
use crate::admission::review::GroupVersionKind;
use crate::admission::settings::{ChartPointers, CustomResource};

fn kind(group: &str, kind: &str) -> GroupVersionKind {
    GroupVersionKind { group: group.to_owned(), version: "v1".to_owned(), kind: kind.to_owned() }
}

fn custom(kind: &str, templates: &[&str], images: &[&str], charts: &[(&str, Option<&str>, &str)]) -> CustomResource {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    let chart = |(repository, name, digest): &(&str, Option<&str>, &str)| ChartPointers {
        repository: (*repository).to_owned(),
        name: name.map(str::to_owned),
        digest: (*digest).to_owned(),
    };
    CustomResource {
        group: "example.com".to_owned(),
        kind: kind.to_owned(),
        pod_templates: texts(templates),
        images: texts(images),
        charts: charts.iter().map(chart).collect(),
    }
}

/// `role place name reference` of each image.
fn found(found: Found) -> Vec<String> {
    match found {
        Found::Nothing => vec!["nothing".to_owned()],
        Found::Unknown { message } => vec![format!("unknown: {}", message.lines().next().unwrap())],
        Found::Images(images) => images
            .into_iter()
            .map(|image| format!("{} {} {} {}", image.role.as_str(), image.place, image.name, image.reference))
            .collect(),
    }
}

fn pod() -> Value {
    json!({
        "containers": [{"name": "app", "image": "a"}, {"name": "sidecar", "image": "b"}],
        "initContainers": [{"name": "proxy", "image": "c", "restartPolicy": "Always"}],
        "ephemeralContainers": [{"name": "debug", "image": "d", "targetContainerName": "app"}],
        "volumes": [
            {"name": "model", "image": {"reference": "e", "pullPolicy": "Always"}},
            {"name": "disk", "rbd": {"image": "no-container-image", "monitors": []}},
            {"name": "empty", "emptyDir": {}},
        ],
        "imagePullSecrets": [{"name": "image"}],
    })
}

#[test]
fn every_kind_of_kubernetes_is_read_where_its_pod_is() {
    let template = json!({"metadata": {}, "spec": pod()});
    let set = json!({"spec": {"replicas": 1, "template": template}});
    let cases = [
        (kind("", "Pod"), template.clone(), ""),
        (kind("", "PodTemplate"), json!({"template": template}), "/template"),
        (kind("", "ReplicationController"), set.clone(), "/spec/template"),
        (kind("apps", "Deployment"), set.clone(), "/spec/template"),
        (kind("apps", "ReplicaSet"), set.clone(), "/spec/template"),
        (kind("apps", "StatefulSet"), set.clone(), "/spec/template"),
        (kind("apps", "DaemonSet"), set.clone(), "/spec/template"),
        (kind("extensions", "Deployment"), set.clone(), "/spec/template"),
        (kind("batch", "Job"), set.clone(), "/spec/template"),
        (
            kind("batch", "CronJob"),
            json!({"spec": {"jobTemplate": {"spec": {"template": template}}}}),
            "/spec/jobTemplate/spec/template",
        ),
    ];
    for (kind, object, pointer) in cases {
        let expected = [
            format!("container {pointer}/spec/containers/0/image app a"),
            format!("container {pointer}/spec/containers/1/image sidecar b"),
            format!("init_container {pointer}/spec/initContainers/0/image proxy c"),
            format!("ephemeral_container {pointer}/spec/ephemeralContainers/0/image debug d"),
            format!("image_volume {pointer}/spec/volumes/0/image/reference model e"),
        ];
        assert_eq!(found(images(&kind, &object, &[])), expected, "{kind:?}");
        for missing in [json!({}), json!({"spec": {}}), json!({"spec": null}), json!([]), json!(null)] {
            let found = images(&kind, &missing, &[]);
            assert!(matches!(found, Found::Unknown { .. }), "{kind:?} {missing}: {found:?}");
        }
    }
    let history = json!({"data": {"spec": {"template": {"spec": pod()}}}});
    assert_eq!(images(&kind("apps", "ControllerRevision"), &history, &[]), Found::Nothing);
}

#[test]
fn every_place_leads_to_its_reference() {
    let object = json!({"spec": pod()});
    let Found::Images(images) = images(&kind("", "Pod"), &object, &[]) else { panic!("no images") };
    for image in images {
        assert_eq!(object.pointer(&image.place), Some(&Value::String(image.reference)));
    }
}

#[test]
fn a_pod_that_is_not_as_it_should_be_is_not_understood() {
    let cases = [
        (json!({"containers": []}), "unknown: `/spec/containers` is missing or no list of containers"),
        (json!({"containers": null}), "unknown: `/spec/containers` is missing or no list of containers"),
        (
            json!({"containers": {"a": {"image": "x"}}}),
            "unknown: `/spec/containers` is missing or no list of containers",
        ),
        (json!({"containers": ["x"]}), "unknown: `/spec/containers/0` is no object"),
        (json!({"containers": [{"image": 1}]}), "unknown: `/spec/containers/0/image` is no text"),
        (json!({"containers": [{"image": ["a"]}]}), "unknown: `/spec/containers/0/image` is no text"),
        (
            json!({"containers": [{"image": "a"}], "initContainers": {"image": "x"}}),
            "unknown: `/spec/initContainers` is no list",
        ),
        (
            json!({"containers": [{"image": "a"}], "volumes": [{"image": "x"}]}),
            "unknown: `/spec/volumes/0/image` is no object",
        ),
        (
            json!({"containers": [{"image": "a"}], "volumes": [{"image": {"reference": {}}}]}),
            "unknown: `/spec/volumes/0/image/reference` is no text",
        ),
        (
            json!({"containers": [{"image": "a"}], "guestContainers": [{"image": "x"}]}),
            "unknown: `/spec/guestContainers` has an image, and is no part of a pod that is known",
        ),
        (
            json!({"containers": [{"image": "a"}], "sandbox": {"image": "x"}}),
            "unknown: `/spec/sandbox` has an image, and is no part of a pod that is known",
        ),
        (
            json!({"containers": [{"image": "a"}], "Containers": [{"Image": "x"}]}),
            "unknown: `/spec/Containers` has an image, and is no part of a pod that is known",
        ),
    ];
    for (spec, expected) in cases {
        assert_eq!(found(images(&kind("", "Pod"), &json!({"spec": spec}), &[])), [expected], "{spec}");
    }
}

#[test]
fn a_container_without_an_image_is_not_skipped() {
    let spec = json!({
        "containers": [{"name": "a"}, {"name": "b", "image": ""}, {"name": "c", "image": null}, {}],
        "volumes": [{"name": "d", "image": {}}, {"name": "e", "image": null}],
        "initContainers": null,
    });
    let expected = [
        "container /spec/containers/0/image a ",
        "container /spec/containers/1/image b ",
        "container /spec/containers/2/image c ",
        "container /spec/containers/3/image  ",
        "image_volume /spec/volumes/0/image/reference d ",
    ];
    assert_eq!(found(images(&kind("", "Pod"), &json!({"spec": spec}), &[])), expected);
}

#[test]
fn more_images_than_are_judged_are_not_understood() {
    let pod = |count| json!({"spec": {"containers": vec![json!({"image": "a"}); count]}});
    assert!(matches!(images(&kind("", "Pod"), &pod(1_000), &[]), Found::Images(images) if images.len() == 1_000));
    let found = found(images(&kind("", "Pod"), &pod(1_001), &[]));
    assert_eq!(found, ["unknown: it uses more than 1000 images, which are the most that are judged"]);
}

#[test]
fn what_nobody_knows_must_not_look_like_a_pod() {
    let image = json!([{"name": "x", "image": "a"}]);
    let suspects = [
        (json!({"spec": {"template": {"spec": {"containers": image}}}}), "/spec/template/spec/containers"),
        (json!({"spec": {"a": [1, {"initContainers": image}]}}), "/spec/a/1/initContainers"),
        (json!({"ephemeralContainers": image}), "/ephemeralContainers"),
        (json!({"spec": {"CONTAINERS": [{"Image": "a"}]}}), "/spec/CONTAINERS"),
        (json!({"spec": {"containers": {"app": {"image": "a"}}}}), "/spec/containers"),
        (json!({"spec": {"containers": [{"image": {"repository": "a"}}]}}), "/spec/containers"),
        (json!({"spec": {"a/b~": {"containers": image}}}), "/spec/a~1b~0/containers"),
        (json!({"spec": {"status": {"containers": image}}}), "/spec/status/containers"),
        // The outermost is named.
        (json!({"containers": [{"image": "a", "containers": image}]}), "/containers"),
    ];
    for (object, place) in suspects {
        let expected = format!("unknown: `{place}` looks like the containers of a pod");
        assert_eq!(found(images(&kind("example.com", "Thing"), &object, &[])), [expected], "{object}");
    }
    let harmless = [
        json!({"data": {"containers": "[{\"image\": \"a\"}]"}}),
        json!({"spec": {"image": "a"}}),
        json!({"spec": {"containers": []}}),
        json!({"spec": {"containers": [{"name": "a", "usage": {"cpu": "1"}}]}}),
        json!({"spec": {"containers": [{"image": null}]}}),
        json!({"spec": {"containers": "image"}}),
        json!({"spec": {"container": {"image": "a"}}}),
        json!({"status": {"containers": image}}),
        json!({"metadata": {"annotations": {"containers": {"a": {"image": "x"}}}}}),
        // The schema of a custom resource with pods.
        json!({"spec": {"versions": [{"schema": {"openAPIV3Schema": {"properties": {
            "containers": {"type": "array", "items": {"properties": {"image": {"type": "string"}}}}
        }}}}]}}),
        json!([]),
        json!("containers"),
    ];
    for object in harmless {
        assert_eq!(images(&kind("example.com", "Thing"), &object, &[]), Found::Nothing, "{object}");
    }
}

#[test]
fn custom_resources_are_read_where_the_configuration_says() {
    let rollout = custom("Rollout", &["/spec/template"], &[], &[]);
    let sets = custom("Cluster", &["/spec/sets/*/podTemplate", "/spec/job"], &["/spec/images/*", "/spec/image"], &[]);
    let pod = json!({"spec": {"containers": [{"name": "app", "image": "a"}]}});
    let cases: Vec<(&CustomResource, Value, Vec<&str>)> = vec![
        (
            &rollout,
            json!({"spec": {"template": pod, "values": {"containers": [{"image": "x"}]}}}),
            vec!["container /spec/template/spec/containers/0/image app a"],
        ),
        // Another workload has the template, and is judged.
        (&rollout, json!({"spec": {"workloadRef": {"kind": "Deployment"}}}), vec!["nothing"]),
        (&rollout, json!({"spec": {"template": {"metadata": {}}}}), vec!["nothing"]),
        (&rollout, json!({"spec": {"template": {"spec": {"nodeName": "a"}}}}), vec!["nothing"]),
        (
            &rollout,
            json!({"spec": {"podTemplate": pod}}),
            vec![
                "unknown: `/spec/podTemplate/spec/containers` looks like the containers of a pod, and no configured pointer leads to anything",
            ],
        ),
        (
            &rollout,
            json!({"spec": {"template": {"containers": [{"image": "a"}]}}}),
            vec!["unknown: `/spec/template/spec` is missing, and there is `/spec/template/containers`"],
        ),
        (
            &rollout,
            json!({"spec": {"template": "a"}}),
            vec!["unknown: `/spec/template` is no object, and should be a pod template"],
        ),
        (&rollout, json!({"spec": {"template": {"spec": []}}}), vec!["unknown: `/spec/template/spec` is no object"]),
        (
            &sets,
            json!({"spec": {"sets": [{"podTemplate": pod}, {}, {"podTemplate": null}], "images": {"b/c": "b", "d": ""}, "image": "e"}}),
            vec![
                "container /spec/sets/0/podTemplate/spec/containers/0/image app a",
                "custom /spec/images/b~1c  b",
                "custom /spec/image  e",
            ],
        ),
        (&sets, json!({"spec": {"image": ["a"]}}), vec!["unknown: `/spec/image` is no text"]),
    ];
    for (resource, object, expected) in cases {
        let kind = kind(&resource.group, &resource.kind);
        assert_eq!(found(images(&kind, &object, std::slice::from_ref(resource))), expected, "{object}");
    }
    let all = [rollout, sets, custom("Cluster", &[], &["/spec/other"], &[])];
    let object = json!({"spec": {"image": "a", "other": "b"}});
    let both = ["custom /spec/image  a", "custom /spec/other  b"];
    assert_eq!(found(images(&kind("example.com", "Cluster"), &object, &all)), both);
    assert_eq!(images(&kind("example.org", "Cluster"), &object, &all), Found::Nothing);
}

#[test]
fn charts_are_put_together_from_their_parts() {
    let digest = format!("sha256:{}", "a".repeat(64));
    let application = custom(
        "Application",
        &[],
        &[],
        &[
            ("/spec/source/repoURL", Some("/spec/source/chart"), "/spec/source/targetRevision"),
            ("/spec/sources/*/repoURL", Some("/spec/sources/*/chart"), "/spec/sources/*/targetRevision"),
        ],
    );
    let repository = custom("OCIRepository", &[], &[], &[("/spec/url", None, "/spec/ref/digest")]);
    let source = |repository: &str, chart: Value, revision: Value| json!({"repoURL": repository, "chart": chart, "targetRevision": revision});
    let one = |source: Value| json!({"spec": {"source": source}});
    let cases = [
        (
            &application,
            one(source("ghcr.io/acme", json!("shop"), json!(digest))),
            format!("shop oci://ghcr.io/acme/shop@{digest}"),
        ),
        (
            &application,
            one(source("oci://ghcr.io/acme/", json!("shop"), json!("1.2.3"))),
            "shop oci://ghcr.io/acme/shop:1.2.3".to_owned(),
        ),
        (
            &application,
            one(source("oci://ghcr.io/acme", json!("shop"), json!(null))),
            "shop oci://ghcr.io/acme/shop".to_owned(),
        ),
        (
            &application,
            one(source("https://charts.example.com", json!("shop"), json!("1"))),
            "shop https://charts.example.com/shop:1".to_owned(),
        ),
        // The address of an artifact in a registry has the name in it.
        (
            &application,
            one(json!({"repoURL": "oci://ghcr.io/acme/shop", "path": ".", "targetRevision": digest})),
            format!(" oci://ghcr.io/acme/shop@{digest}"),
        ),
        (
            &repository,
            json!({"spec": {"url": "oci://ghcr.io/acme/shop", "ref": {"digest": digest}}}),
            format!(" oci://ghcr.io/acme/shop@{digest}"),
        ),
        (
            &repository,
            json!({"spec": {"url": format!("oci://ghcr.io/acme/shop@{digest}")}}),
            format!(" oci://ghcr.io/acme/shop@{digest}"),
        ),
    ];
    for (resource, object, expected) in cases {
        let kind = kind(&resource.group, &resource.kind);
        let Found::Images(images) = images(&kind, &object, std::slice::from_ref(resource)) else { panic!("{object}") };
        let chart = &images[0];
        assert_eq!((images.len(), chart.role), (1, Role::Chart), "{object}");
        assert_eq!(format!("{} {}", chart.name, chart.reference), expected, "{object}");
    }
    let several = json!({"spec": {"sources": [
        source("ghcr.io/acme", json!("shop"), json!(digest)),
        {"repoURL": "https://git.example.com/values.git", "ref": "values"},
        source("ghcr.io/acme", json!("cart"), json!("2")),
    ]}});
    let expected = [
        format!("chart /spec/sources/0/repoURL shop oci://ghcr.io/acme/shop@{digest}"),
        "chart /spec/sources/2/repoURL cart oci://ghcr.io/acme/cart:2".to_owned(),
    ];
    let resources = [application, custom("Odd", &[], &[], &[("/spec/url", None, "/spec/*/digest")])];
    let of = |kind_name: &str, object: &Value| found(images(&kind("example.com", kind_name), object, &resources));
    assert_eq!(of("Application", &several), expected);
    // It takes no chart: its source is there, and is something else.
    assert_eq!(
        of("Application", &one(json!({"repoURL": "https://git.example.com/shop.git", "path": "."}))),
        ["nothing"]
    );
    let not_understood = [
        ("Application", json!({"spec": {}}), "unknown: nothing is where its chart should be"),
        ("Application", one(json!({"repoURL": ["a"], "chart": "b"})), "unknown: `/spec/source/repoURL` is no text"),
        ("Application", one(json!({"repoURL": "a", "chart": 1})), "unknown: `/spec/source/chart` is no text"),
        ("Odd", json!({"spec": {"url": "a"}}), "unknown: `/spec/*/digest` has more stars than `/spec/url`"),
    ];
    for (kind_name, object, expected) in not_understood {
        assert_eq!(of(kind_name, &object), [expected], "{object}");
    }
}
