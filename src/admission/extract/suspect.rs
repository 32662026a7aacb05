//! Whether an object that nobody knows looks as if it held a pod.

use serde_json::Value;

use super::pointer::push_key;

const CONTAINERS: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];

/// The place of the first containers in an object, as a JSON pointer: a member with such a name, at any depth, that
/// has items with an `image`.
///
/// What the object says of itself does not count: `metadata` is for everything to read and for nothing to run, and
/// `status` is what a controller writes. Names count in upper and lower case, unlike those of Kubernetes itself: the
/// controller of a custom resource may read them so.
pub(super) fn pod(object: &Value) -> Option<String> {
    let members = object.as_object()?;
    within(members.iter().filter(|(key, _)| !matches!(key.as_str(), "metadata" | "status")))
}

/// Whether it is an object with an `image`.
pub(super) fn has_image(value: &Value) -> bool {
    let is_image = |(key, value): (&String, &Value)| key.eq_ignore_ascii_case("image") && !value.is_null();
    value.as_object().is_some_and(|members| members.iter().any(is_image))
}

/// Whether it is a list or an object of which an item has an `image`.
pub(super) fn have_images(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(has_image),
        Value::Object(members) => members.values().any(has_image),
        _ => false,
    }
}

/// The place of the first containers below a value.
pub(super) fn below(value: &Value) -> Option<String> {
    match value {
        Value::Object(members) => within(members.iter()),
        Value::Array(items) => items.iter().enumerate().find_map(|(index, item)| {
            let rest = below(item)?;
            Some(format!("/{index}{rest}"))
        }),
        _ => None,
    }
}

fn within<'a>(mut members: impl Iterator<Item = (&'a String, &'a Value)>) -> Option<String> {
    members.find_map(|(key, value)| {
        let is_containers = CONTAINERS.iter().any(|name| key.eq_ignore_ascii_case(name)) && have_images(value);
        let rest = if is_containers { String::new() } else { below(value)? };
        let mut place = String::new();
        push_key(&mut place, key);
        place.push_str(&rest);
        Some(place)
    })
}
