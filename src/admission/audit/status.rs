//! Which digest a node runs under a tag.

use serde_json::Value;

use super::super::image::{Role, UsedImage};
use super::super::object::Object;
use crate::domain::digest::Digest;

/// The digest in the pod's status for this container.
///
/// Container runtimes write `registry/name@sha256:…`, some with a scheme before it. A digest alone is that of the image's
/// configuration, which no registry and no record knows.
pub(super) fn digest(pod: Object<'_>, image: &UsedImage) -> Option<Digest> {
    let list = match image.role {
        Role::Container => "containerStatuses",
        Role::InitContainer => "initContainerStatuses",
        Role::EphemeralContainer => "ephemeralContainerStatuses",
        Role::ImageVolume | Role::Custom | Role::Chart => return None,
    };
    let statuses = pod.value().get("status")?.get(list)?.as_array()?;
    let of_container = |status: &&Value| status.get("name").and_then(Value::as_str) == Some(&image.name);
    let id = statuses.iter().find(of_container)?.get("imageID")?.as_str()?;
    let (_name, digest) = id.rsplit_once('@')?;
    digest.parse().ok()
}
