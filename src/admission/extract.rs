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
mod reading;
mod suspect;

pub(super) use reading::{METADATA_ONLY, reading};

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
    /// It is one.
    Pod,
    /// In `template`.
    PodTemplate,
    /// In `spec.template`.
    Workload,
    /// In `spec.jobTemplate.spec.template`.
    CronJob,
    /// It has a copy of a pod template that nothing is started from.
    Record,
}

/// The artifacts that an object of this kind uses. Kinds of Kubernetes are known at any version: a version of tomorrow
/// has the shape of today or is not understood.
#[must_use]
pub fn images(kind: &GroupVersionKind, object: &Value, resources: &[CustomResource]) -> Found {
    let found = match shape(&kind.group, &kind.kind) {
        Some(Shape::Pod) => pod::of_template(object, ""),
        Some(Shape::PodTemplate) => pod::of_template(object, "/template"),
        Some(Shape::Workload) => pod::of_template(object, "/spec/template"),
        Some(Shape::CronJob) => pod::of_template(object, "/spec/jobTemplate/spec/template"),
        Some(Shape::Record) => Ok(Vec::new()),
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

fn shape(group: &str, kind: &str) -> Option<Shape> {
    Some(match (group, kind) {
        ("", "Pod") => Shape::Pod,
        ("", "PodTemplate") => Shape::PodTemplate,
        ("", "ReplicationController")
        | ("apps", "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet")
        | ("extensions", "Deployment" | "ReplicaSet" | "DaemonSet")
        | ("batch", "Job") => Shape::Workload,
        ("batch", "CronJob") => Shape::CronJob,
        // The history of a set, which its controller writes. To go back to it is to change the set.
        ("apps", "ControllerRevision") => Shape::Record,
        _ => return None,
    })
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
