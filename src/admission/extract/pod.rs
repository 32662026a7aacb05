//! The images of a pod.

use serde_json::{Map, Value};

use super::super::image::{Role, UsedImage};
use super::{push, suspect};

const CONTAINERS: [(&str, Role); 3] = [
    ("containers", Role::Container),
    ("initContainers", Role::InitContainer),
    ("ephemeralContainers", Role::EphemeralContainer),
];
const VOLUMES: &str = "volumes";
/// Labels of nodes and amounts of resources: a key `image` is somebody's word there.
const FREE_KEYS: [&str; 2] = ["nodeSelector", "overhead"];

/// The images of the pod template at this pointer, in a kind that has one with containers at all times.
pub(super) fn of_template(object: &Value, pointer: &str) -> Result<Vec<UsedImage>, String> {
    let place = format!("{pointer}/spec");
    let spec = object.pointer(&place).and_then(Value::as_object);
    let spec = spec.ok_or_else(|| unknown(&format!("`{place}` is missing or no object")))?;
    if spec.get("containers").and_then(Value::as_array).is_none_or(Vec::is_empty) {
        return Err(unknown(&format!("`{place}/containers` is missing or no list of containers")));
    }
    let mut uses = Vec::new();
    of_spec(spec, &place, &mut uses)?;
    Ok(uses)
}

/// Appends the images of a pod's specification that stands at `place`.
pub(super) fn of_spec(spec: &Map<String, Value>, place: &str, uses: &mut Vec<UsedImage>) -> Result<(), String> {
    for (key, role) in CONTAINERS {
        for (place, container) in items(spec, key, place)? {
            let reference = text(container, "image", &place)?;
            let (name, place) = (name(container), format!("{place}/image"));
            push(uses, UsedImage { reference, place, name, role })?;
        }
    }
    for (place, volume) in items(spec, VOLUMES, place)? {
        let Some(image) = volume.get("image").filter(|image| !image.is_null()) else { continue };
        let place = format!("{place}/image");
        let image = image.as_object().ok_or_else(|| unknown(&format!("`{place}` is no object")))?;
        let (reference, name) = (text(image, "reference", &place)?, name(volume));
        push(uses, UsedImage { reference, place: format!("{place}/reference"), name, role: Role::ImageVolume })?;
    }
    nothing_else(spec, place)
}

/// A later Kubernetes may run images that are somewhere else: whatever has an `image` is one until it is known.
fn nothing_else(spec: &Map<String, Value>, place: &str) -> Result<(), String> {
    let known = |key: &str| {
        key == VOLUMES || FREE_KEYS.contains(&key) || CONTAINERS.iter().any(|(container, _)| *container == key)
    };
    let has_image = |value: &Value| suspect::has_image(value) || suspect::have_images(value);
    match spec.iter().find(|(key, value)| !known(key) && has_image(value)) {
        Some((key, _)) => Err(unknown(&format!("`{place}/{key}` has an image, and is no part of a pod that is known"))),
        None => Ok(()),
    }
}

type Item<'a> = (String, &'a Map<String, Value>);

/// The objects of a list, with their places. A list that is missing has none.
fn items<'a>(spec: &'a Map<String, Value>, key: &str, place: &str) -> Result<Vec<Item<'a>>, String> {
    let items = match spec.get(key) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(items)) => items,
        Some(_) => return Err(unknown(&format!("`{place}/{key}` is no list"))),
    };
    let item = |(index, item): (usize, &'a Value)| {
        let place = format!("{place}/{key}/{index}");
        let item = item.as_object().ok_or_else(|| unknown(&format!("`{place}` is no object")))?;
        Ok((place, item))
    };
    items.iter().enumerate().map(item).collect()
}

/// A reference. Kubernetes lets templates go without, for others to fill in; an empty one is judged, and no reference.
fn text(members: &Map<String, Value>, key: &str, place: &str) -> Result<String, String> {
    match members.get(key) {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(_) => Err(unknown(&format!("`{place}/{key}` is no text"))),
    }
}

fn name(members: &Map<String, Value>) -> String {
    members.get("name").and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn unknown(what: &str) -> String {
    format!("{what}\nhint: this version of holdpoint knows no other shape; a newer one may")
}
