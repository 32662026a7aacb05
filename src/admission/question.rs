//! What the gate is asked about an artifact of a review.

use serde_json::{Value, json};

use super::placement::Place;
use super::review::Review;
use crate::domain::request::{Intent, Request, RequestedArtifact};
use crate::domain::text::cut;

/// The annotation with the intent: `deploy`, `rollback` or `hotfix`. It is a claim of whoever makes the object.
const INTENT: &str = "holdpoint.dev/intent";
/// The annotation with the reason.
const REASON: &str = "holdpoint.dev/reason";
/// The longest reason that rules see, in characters.
const LONGEST_REASON: usize = 1_000;
/// The most groups of a user that rules see.
const MOST_GROUPS: usize = 32;

/// What is the same for every artifact of a review.
#[derive(Clone, Debug)]
pub struct Asking {
    place: Place,
    intent: Intent,
    actor: Option<String>,
    reason: Option<String>,
    context: Value,
}

impl Asking {
    /// For a review whose artifacts would go to that place.
    #[must_use]
    pub fn new(review: &Review, place: Place) -> Self {
        let object = review.subject();
        Self {
            place,
            intent: object.annotation(INTENT).map(intent).unwrap_or_default(),
            actor: Some(review.user.name.clone()).filter(|name| !name.is_empty()),
            reason: object.annotation(REASON).map(|reason| cut(reason, LONGEST_REASON)),
            context: context(review),
        }
    }

    /// Where the artifacts would go.
    #[must_use]
    pub const fn place(&self) -> &Place {
        &self.place
    }

    /// What the gate is asked about this artifact.
    #[must_use]
    pub fn request(&self, artifact: RequestedArtifact) -> Request {
        Request {
            artifact,
            environment: self.place.environment.clone(),
            deployment_name: self.place.deployment_name.clone(),
            intent: self.intent,
            actor: self.actor.clone(),
            reason: self.reason.clone(),
            channel: "admission",
            context: self.context.clone(),
        }
    }
}

/// A word that is none of the three asks for nothing special.
fn intent(word: &str) -> Intent {
    let all = [Intent::Deploy, Intent::Rollback, Intent::Hotfix];
    all.into_iter().find(|intent| intent.as_str() == word).unwrap_or_default()
}

fn context(review: &Review) -> Value {
    let groups: Vec<&String> = review.user.groups.iter().take(MOST_GROUPS).collect();
    json!({"kubernetes": {
        "namespace": review.namespace,
        "kind": review.kind.kind,
        "name": review.name,
        "operation": review.operation.as_str(),
        "user": review.user.name,
        "groups": groups,
        "dry_run": review.dry_run,
    }})
}
