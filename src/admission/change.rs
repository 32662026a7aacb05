//! What of a review has to be judged.

use std::collections::BTreeMap;

use serde_json::Value;

use super::extract::{self, Found};
use super::image::{Role, UsedImage};
use super::review::{Operation, Review};
use super::settings::CustomResource;

/// What a review would bring about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// These artifacts would run; at least one.
    Judge(Vec<UsedImage>),
    /// Nothing runs that does not run already.
    Passes {
        /// Why, for audit annotations and logs.
        reason: &'static str,
    },
    /// It cannot be told: undecided.
    Unknown {
        /// What is not understood, where, and what to do.
        message: String,
    },
}

/// What the review would bring about, as against what is there.
///
/// The old object is believed in one thing only: that the images in it are there already. A deletion that has begun
/// excuses nothing, since a finalizer can keep the object for as long as its owner likes.
#[must_use]
pub fn change(review: &Review, resources: &[CustomResource]) -> Change {
    let old = review.old_object.as_ref().filter(|_| review.operation == Operation::Update);
    against(review, old, resources)
}

/// What the review would bring about if nothing were there: for an object that goes to another environment by being
/// changed ([`Review::as_it_was`]).
#[must_use]
pub fn afresh(review: &Review, resources: &[CustomResource]) -> Change {
    against(review, None, resources)
}

fn against(review: &Review, old: Option<&Value>, resources: &[CustomResource]) -> Change {
    if let Some(reason) = of_no_concern(review) {
        return Change::Passes { reason };
    }
    let Some(object) = &review.object else {
        let message = "the review has no object, and is about one that is made or changed";
        return Change::Unknown { message: format!("{message}\nhint: send what the API server sends") };
    };
    let images = match extract::images(&review.kind, object, resources) {
        Found::Nothing => return Change::Passes { reason: "it names no image" },
        Found::Unknown { .. } if old.is_some_and(|old| same_content(old, object)) => {
            return Change::Passes { reason: "nothing but its metadata or status changes" };
        }
        Found::Unknown { message } => return Change::Unknown { message },
        Found::Images(images) => images,
    };
    match old.map(|old| extract::images(&review.kind, old, resources)) {
        Some(Found::Images(before)) => compared(review, &before, images),
        // What was there cannot be told: all of it may be new.
        Some(Found::Nothing | Found::Unknown { .. }) | None => Change::Judge(images),
    }
}

fn of_no_concern(review: &Review) -> Option<&'static str> {
    match review.operation {
        Operation::Delete => Some("it is removed"),
        Operation::Connect => Some("it is connected to, and stays as it is"),
        Operation::Create | Operation::Update if is_scale(review) => {
            Some("its replicas change, and pods are judged when they are made")
        }
        Operation::Create | Operation::Update => None,
    }
}

fn is_scale(review: &Review) -> bool {
    review.sub_resource.as_deref() == Some("scale") && review.kind.kind == "Scale"
}

/// Whether two objects say the same, but for what they say of themselves.
fn same_content(old: &Value, new: &Value) -> bool {
    let (Some(old), Some(new)) = (old.as_object(), new.as_object()) else { return false };
    let content = |key: &&String| !matches!(key.as_str(), "metadata" | "status");
    let differs = |key: &String| old.get(key) != new.get(key);
    !old.keys().chain(new.keys()).filter(content).any(differs)
}

fn compared(review: &Review, before: &[UsedImage], images: Vec<UsedImage>) -> Change {
    let added = added(before, &images);
    if added.is_empty() && before.len() == images.len() {
        return Change::Passes { reason: "its images stay the same" };
    }
    // The API server lets nothing but ephemeral containers in here. The others run, and somebody looks for a fault in
    // them: that must not fail because they would no longer be allowed.
    let debugging = review.sub_resource.as_deref() == Some("ephemeralcontainers");
    if debugging && !added.is_empty() && added.iter().all(|image| image.role == Role::EphemeralContainer) {
        return Change::Judge(added);
    }
    Change::Judge(images)
}

/// The uses that are there more often than before. The same image in another role is another use: rules and scopes
/// tell roles apart, and what may debug may not serve.
fn added(before: &[UsedImage], images: &[UsedImage]) -> Vec<UsedImage> {
    let mut left: BTreeMap<(Role, &str), usize> = BTreeMap::new();
    for image in before {
        let count = left.entry(usage(image)).or_default();
        *count = count.saturating_add(1);
    }
    let mut new = Vec::new();
    for image in images {
        match left.get_mut(&usage(image)) {
            Some(count) if *count > 0 => *count = count.saturating_sub(1),
            _ => new.push(image.clone()),
        }
    }
    new
}

fn usage(image: &UsedImage) -> (Role, &str) {
    (image.role, image.reference.as_str())
}

#[cfg(test)]
mod tests;
