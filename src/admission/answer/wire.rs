//! The answer as JSON.
//!
//! The API server takes an answer only when version, kind and uid are what it expects; everything else counts as a
//! failed call.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::{Answer, Cause, Refusal};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Review<'a> {
    api_version: &'static str,
    kind: &'static str,
    response: Response<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Response<'a> {
    uid: &'a str,
    allowed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status<'a>>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    warnings: &'a [String],
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    audit_annotations: &'a BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
struct Status<'a> {
    #[serde(rename = "status")]
    outcome: &'static str,
    code: u16,
    reason: &'static str,
    message: &'a str,
    details: Details<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Details<'a> {
    causes: &'a [Cause],
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_seconds: Option<u64>,
}

/// The review with its answer.
pub(super) fn review(answer: &Answer) -> Vec<u8> {
    let review = Review {
        api_version: "admission.k8s.io/v1",
        kind: "AdmissionReview",
        response: Response {
            uid: &answer.uid,
            allowed: answer.allowed,
            status: answer.refusal.as_ref().map(status),
            warnings: &answer.warnings,
            audit_annotations: &answer.annotations,
        },
    };
    // Texts, numbers and flags under text keys: writing them to memory cannot fail.
    serde_json::to_vec(&review).unwrap_or_default()
}

fn status(refusal: &Refusal) -> Status<'_> {
    let Refusal { code, reason, message, causes, retry_after, .. } = refusal;
    let details = Details { causes, retry_after_seconds: retry_after.map(seconds) };
    Status { outcome: "Failure", code: *code, reason, message, details }
}

/// Whole seconds, at least one: zero would mean none.
fn seconds(duration: Duration) -> u64 {
    duration.as_secs().saturating_add(u64::from(duration.subsec_nanos() > 0)).max(1)
}
