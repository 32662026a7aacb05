//! A request that fits the made-up records.

use holdpoint::domain::reference::ArtifactReference;
use holdpoint::domain::request::{Intent, Request, RequestedArtifact};

use super::snapshot::digest;

/// The instant that decisions are as of.
pub(crate) const AS_OF: &str = "2026-11-20T12:00:00Z";

/// An artifact that was deployed everywhere.
pub(crate) fn reference() -> ArtifactReference {
    format!("ghcr.io/acme/service-7@{}", digest(7, 0)).parse().unwrap()
}

/// Whether that artifact may be deployed to production.
pub(crate) fn request(context: serde_json::Value) -> Request {
    Request {
        artifact: RequestedArtifact::from(reference()),
        environment: "production".to_owned(),
        deployment_name: Some("service-7".to_owned()),
        intent: Intent::Deploy,
        actor: None,
        reason: None,
        channel: "check",
        context,
    }
}
