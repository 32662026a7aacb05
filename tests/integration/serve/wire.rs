//! Reviews as an API server sends them, and answers as it reads them.

use serde_json::{Value, json};

/// The body of a review: a pod with this image is made.
pub(crate) fn review(uid: &str, namespace: &str, image: &str) -> String {
    let kind = json!({"group": "", "version": "v1", "kind": "Pod"});
    let resource = json!({"group": "", "version": "v1", "resource": "pods"});
    let object = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "web", "namespace": namespace},
        "spec": {"containers": [{"name": "web", "image": image}]},
    });
    let request = json!({
        "uid": uid, "kind": kind, "resource": resource, "requestKind": kind, "requestResource": resource,
        "name": "web", "namespace": namespace, "operation": "CREATE", "userInfo": {"username": "ada"},
        "object": object, "oldObject": null, "dryRun": false,
    });
    json!({"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": request}).to_string()
}

/// What an answer says of the review with this uid.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) allowed: bool,
    /// The status code of a refusal, 0 without one.
    pub(crate) code: u64,
    pub(crate) message: String,
    pub(crate) warnings: usize,
}

/// Reads an answer, which has to be one to this review.
pub(crate) fn told(body: &str, uid: &str) -> Told {
    let answer: Value = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"));
    assert_eq!((&answer["kind"], &answer["apiVersion"]), (&json!("AdmissionReview"), &json!("admission.k8s.io/v1")));
    let response = &answer["response"];
    assert_eq!(response["uid"], uid, "{body}");
    let status = &response["status"];
    let told = Told {
        allowed: response["allowed"].as_bool().unwrap(),
        code: status["code"].as_u64().unwrap_or_default(),
        message: status["message"].as_str().unwrap_or_default().to_owned(),
        warnings: response["warnings"].as_array().map_or(0, Vec::len),
    };
    let retries = status["details"]["retryAfterSeconds"].as_u64().is_some_and(|seconds| seconds > 0);
    assert_eq!(retries, told.code == 503, "only what could not be decided is tried again: {body}");
    told
}
