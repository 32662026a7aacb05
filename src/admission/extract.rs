//! Which artifacts an object uses.
//!
//! Three ways lead to them: kinds of Kubernetes itself are known by their shape; custom resources are read where the
//! configuration says; everything else must not look as if it held containers. What is not understood is never skipped.

use serde_json::Value;

use super::image::UsedImage;
use super::review::GroupVersionKind;
use super::settings::CustomResource;

mod custom;
mod pod;
mod pointer;
mod suspect;

/// More than any workload that runs has. Each of them may take an evaluation.
const MOST_USES: usize = 1_000;

/// What was found in an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// It uses none.
    Nothing,
    /// These, in the order in which they stand; 1,000 at most.
    Images(Vec<UsedImage>),
    /// It looks as if it used some, and nobody knows which: undecided, never skipped.
    Unknown {
        /// What is not understood, where, and what to do.
        message: String,
    },
}

/// Where a kind of Kubernetes itself has its pod.
enum Shape {
    /// This JSON pointer leads to an object whose `spec` is a pod's.
    Template(&'static str),
    /// It has a copy of a pod template that nothing is started from.
    Record,
}

/// The artifacts that an object of this kind uses. Kinds of Kubernetes are known at any version: a version of tomorrow
/// has the shape of today or is not understood.
#[must_use]
pub fn images(kind: &GroupVersionKind, object: &Value, resources: &[CustomResource]) -> Found {
    let found = match shape(kind) {
        Some(Shape::Record) => Ok(Vec::new()),
        Some(Shape::Template(pointer)) => pod::of_template(object, pointer),
        None => of_other(kind, object, resources),
    };
    match found {
        Ok(uses) if uses.is_empty() => Found::Nothing,
        Ok(uses) => Found::Images(uses),
        Err(message) => Found::Unknown { message },
    }
}

/// Appends one artifact, if there is room.
fn push(uses: &mut Vec<UsedImage>, one: UsedImage) -> Result<(), String> {
    if uses.len() >= MOST_USES {
        return Err(format!(
            "it uses more than {MOST_USES} images, which are the most that are judged\nhint: split it"
        ));
    }
    uses.push(one);
    Ok(())
}

fn shape(kind: &GroupVersionKind) -> Option<Shape> {
    let template = match (kind.group.as_str(), kind.kind.as_str()) {
        ("", "Pod") => "",
        ("", "PodTemplate") => "/template",
        ("", "ReplicationController")
        | ("apps", "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet")
        | ("extensions", "Deployment" | "ReplicaSet" | "DaemonSet")
        | ("batch", "Job") => "/spec/template",
        ("batch", "CronJob") => "/spec/jobTemplate/spec/template",
        // The history of a set, which its controller writes. To go back to it is to change the set.
        ("apps", "ControllerRevision") => return Some(Shape::Record),
        _ => return None,
    };
    Some(Shape::Template(template))
}

fn of_other(kind: &GroupVersionKind, object: &Value, resources: &[CustomResource]) -> Result<Vec<UsedImage>, String> {
    let mut configured = resources.iter().filter(|one| one.group == kind.group && one.kind == kind.kind).peekable();
    let hint = format!("hint: say in `admission.resources` where a {} has its images", kind.kind);
    if configured.peek().is_none() {
        return match suspect::pod(object) {
            Some(place) => Err(format!("`{place}` looks like the containers of a pod\n{hint}")),
            None => Ok(Vec::new()),
        };
    }
    let mut uses = Vec::new();
    for resource in configured {
        custom::artifacts(object, resource, &mut uses)?;
    }
    match suspect::pod(object).filter(|_| uses.is_empty()) {
        Some(place) => Err(format!(
            "`{place}` looks like the containers of a pod, and no configured pointer leads to anything\n{hint}"
        )),
        None => Ok(uses),
    }
}

#[cfg(test)]
mod tests;
