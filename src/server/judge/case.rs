//! What all images of a review have in common.

use std::time::Instant;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::admission::placement::Place;
use crate::admission::review::Review;
use crate::domain::request::{Intent, Request, RequestedArtifact};
use crate::domain::text::cut;
use crate::server::readmission::Ticket;

/// The annotation with the intent: `deploy`, `rollback` or `hotfix`. It is a claim of whoever makes the object.
const INTENT: &str = "holdpoint.dev/intent";
/// The annotation with the reason.
const REASON: &str = "holdpoint.dev/reason";
/// The longest reason that rules see, in characters.
const LONGEST_REASON: usize = 1_000;
/// The most groups of a user that rules see.
const MOST_GROUPS: usize = 32;

/// One review, as far as it is the same for each of its images.
pub(super) struct Case {
    pub(super) place: Place,
    pub(super) namespace: String,
    pub(super) dry_run: bool,
    /// The instant it is.
    pub(super) now: Timestamp,
    /// The instant that is asked about: the second it is, so that equal requests can share a decision.
    pub(super) as_of: Timestamp,
    pub(super) asked: Instant,
    pub(super) deadline: Instant,
    pub(super) ticket: Ticket,
    intent: Intent,
    actor: Option<String>,
    reason: Option<String>,
    context: Value,
}

impl Case {
    pub(super) fn new(review: &Review, place: Place, now: Timestamp, ticket: Ticket, deadline: Instant) -> Self {
        let object = review.subject();
        Self {
            place,
            namespace: review.namespace.clone(),
            dry_run: review.dry_run,
            now,
            as_of: Timestamp::from_second(now.as_second()).unwrap_or(now),
            asked: Instant::now(),
            deadline,
            ticket,
            intent: object.annotation(INTENT).map(intent).unwrap_or_default(),
            actor: Some(review.user.name.clone()).filter(|name| !name.is_empty()),
            reason: object.annotation(REASON).map(|reason| cut(reason, LONGEST_REASON)),
            context: context(review),
        }
    }

    /// What the gate is asked about this artifact.
    pub(super) fn request(&self, artifact: RequestedArtifact) -> Request {
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
