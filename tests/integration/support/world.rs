//! What engines are asked, without a configuration or a source.

use std::sync::Arc;

use holdpoint::domain::artifact::{ArtifactKind, RecordedArtifact};
use holdpoint::domain::environment::Environment;
use holdpoint::domain::record::{DeploymentRecord, RecordStatus};
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

/// A deployed record of this target, since this second.
pub(crate) fn record(id: usize, target: &str, name: &str, digest: &str, second: Option<i64>) -> DeploymentRecord {
    let time = second.map(|second| jiff::Timestamp::from_second(second).unwrap());
    DeploymentRecord {
        id: format!("record-{id}").into(),
        environment_id: "environment".into(),
        environment_name: target.into(),
        deployment_name: name.into(),
        artifact_id: "artifact".into(),
        artifact: Arc::new(RecordedArtifact {
            kind: ArtifactKind::ContainerImage,
            name: "ghcr.io/acme/storefront".into(),
            digest_text: digest.into(),
            digest: digest.parse().ok(),
            version: "1.0.0".into(),
        }),
        status: RecordStatus::Deployed,
        created_at: time,
        updated_at: time,
        last_seen_at: time,
        details: None,
    }
}
