//! Reviews for tests.

use serde_json::{Value, json};

/// The uid of every review here.
pub(super) const UID: &str = "705ab4f5-6393-11e8-b7cc-42010a800002";

/// A review of the creation of a Deployment with one image, as an API server writes it.
pub(super) fn deployment() -> Value {
    let kind = json!({"group": "apps", "version": "v1", "kind": "Deployment"});
    let resource = json!({"group": "apps", "version": "v1", "resource": "deployments"});
    json!({
        "kind": "AdmissionReview",
        "apiVersion": "admission.k8s.io/v1",
        "request": {
            "uid": UID,
            "kind": kind,
            "resource": resource,
            "requestKind": kind,
            "requestResource": resource,
            "name": "storefront",
            "namespace": "shop",
            "operation": "CREATE",
            "userInfo": {
                "username": "system:serviceaccount:shop:deployer",
                "uid": "1",
                "groups": ["system:serviceaccounts", "system:authenticated"],
                "extra": {"authentication.kubernetes.io/pod-name": ["deployer-0"]},
            },
            "object": {
                "kind": "Deployment",
                "apiVersion": "apps/v1",
                "metadata": {
                    "name": "storefront",
                    "namespace": "shop",
                    "labels": {"app": "storefront"},
                    "managedFields": [{"manager": "kubectl", "fieldsV1": {"f:spec": {"f:replicas": {}}}}],
                },
                "spec": {"replicas": 3, "template": {"metadata": {"labels": {"app": "storefront"}}, "spec": {
                    "containers": [{"name": "app", "image": "ghcr.io/acme/storefront:v1", "env": [{"name": "A"}]}],
                }}},
                "status": {},
            },
            "oldObject": null,
            "dryRun": false,
            "options": {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"},
        },
    })
}

/// That review with some members changed: a JSON pointer and its value, or none to remove it.
pub(super) fn changed(changes: &[(&str, Option<Value>)]) -> Vec<u8> {
    let mut review = deployment();
    for (pointer, value) in changes {
        let (above, key) = pointer.rsplit_once('/').unwrap();
        let members = review.pointer_mut(above).unwrap().as_object_mut().unwrap();
        match value {
            Some(value) => members.insert(key.to_owned(), value.clone()),
            None => members.remove(key),
        };
    }
    review.to_string().into_bytes()
}
