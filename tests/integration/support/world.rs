//! What engines are asked, without a configuration or a source.

use holdpoint::domain::artifact::ArtifactKind;
use holdpoint::domain::environment::Environment;
use holdpoint::domain::request::{Intent, Request, RequestedArtifact};

/// An environment that is its own target.
pub(crate) fn environment(name: &str, after: &[&str]) -> Environment {
    Environment {
        name: name.to_owned(),
        after: after.iter().map(|name| (*name).to_owned()).collect(),
        targets: vec![name.to_owned()],
        source: "records".to_owned(),
        logical_environment: None,
        max_record_age: None,
    }
}

/// Whether this digest may be deployed to production.
pub(crate) fn request(digest: &str) -> Request {
    Request {
        artifact: RequestedArtifact {
            kind: ArtifactKind::ContainerImage,
            name: "ghcr.io/acme/storefront".to_owned(),
            digest: digest.parse().unwrap(),
            version: String::new(),
            reference: format!("ghcr.io/acme/storefront@{digest}"),
        },
        environment: "production".to_owned(),
        deployment_name: None,
        intent: Intent::Deploy,
        actor: None,
        reason: None,
        channel: "check",
        context: serde_json::json!({}),
    }
}
