//! What has to be read of an object to find the images in it. Of a pod that is little; of what is not known it is all.

use super::{Shape, shape};
use crate::domain::unique::Reading;

/// Only what an object says of itself.
pub(in crate::admission) const METADATA_ONLY: Reading =
    Reading::Only(&[("apiVersion", Reading::Whole), ("kind", Reading::Whole), ("metadata", METADATA)]);

/// Who set which field is often half of an object, nested deep, and nothing to judge by.
const METADATA: Reading = Reading::But(&[("managedFields", Reading::LeftOut)]);
const CONTAINERS: Reading = Reading::Only(&[("name", Reading::Whole), ("image", Reading::Whole)]);
const POD_SPEC: Reading = Reading::But(&[
    ("containers", CONTAINERS),
    ("initContainers", CONTAINERS),
    ("ephemeralContainers", CONTAINERS),
    ("volumes", CONTAINERS),
]);
const TEMPLATE: Reading = Reading::But(&[("spec", POD_SPEC)]);
const WITH_TEMPLATE: Reading = Reading::But(&[("template", TEMPLATE)]);

const POD: Reading = Reading::But(&[("metadata", METADATA), ("spec", POD_SPEC), ("status", Reading::LeftOut)]);
const POD_TEMPLATE: Reading = Reading::But(&[("metadata", METADATA), ("template", TEMPLATE)]);
const WORKLOAD: Reading =
    Reading::But(&[("metadata", METADATA), ("spec", WITH_TEMPLATE), ("status", Reading::LeftOut)]);
const CRON_JOB: Reading = Reading::But(&[
    ("metadata", METADATA),
    ("spec", Reading::But(&[("jobTemplate", Reading::But(&[("spec", WITH_TEMPLATE)]))])),
    ("status", Reading::LeftOut),
]);
const OTHER: Reading = Reading::But(&[("metadata", METADATA)]);

/// What has to be read of an object of this kind.
pub(in crate::admission) fn reading(group: &str, kind: &str) -> Reading {
    match shape(group, kind) {
        Some(Shape::Pod) => POD,
        Some(Shape::PodTemplate) => POD_TEMPLATE,
        Some(Shape::Workload) => WORKLOAD,
        Some(Shape::CronJob) => CRON_JOB,
        Some(Shape::Record) => METADATA_ONLY,
        None => OTHER,
    }
}
