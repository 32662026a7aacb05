//! The name that people gave a workload, without what Kubernetes adds to it for the objects that it makes.

use super::super::object::Object;

/// The labels with which a pod says what was added to the name of its replica set.
const TEMPLATE_HASHES: [&str; 2] = ["pod-template-hash", "rollouts-pod-template-hash"];

/// A `CronJob` adds the minutes since 1970 to the names of its jobs. Smaller numbers of as many digits are dates
/// that people write: 20241231.
const FIRST_MINUTE: u32 = 26_000_000;

/// The name of the controller, or else of the object.
///
/// It is what the object says: whoever writes the object could say something else.
#[must_use]
pub fn of_workload(object: Object<'_>) -> String {
    let name = match object.controller() {
        // The pod of a file on a node: it belongs to nobody, and is called after the file and the node.
        Some(owner) if owner.kind == "Node" => without_suffix(object.name(), owner.name),
        Some(owner) if owner.kind == "ReplicaSet" => {
            let mut hashes = TEMPLATE_HASHES.iter().filter_map(|key| object.label(key));
            hashes.find_map(|hash| added(owner.name, hash)).unwrap_or(owner.name)
        }
        Some(owner) if owner.kind == "Job" => without_minute(owner.name),
        Some(owner) => owner.name,
        None => given(object),
    };
    name.to_owned()
}

/// The name, or the beginning that the API server made it of.
fn given(object: Object<'_>) -> &str {
    let (name, beginning) = (object.name(), object.generate_name());
    if !beginning.is_empty() && (name.is_empty() || name.starts_with(beginning)) {
        return beginning.trim_end_matches('-');
    }
    name
}

fn without_suffix<'a>(name: &'a str, suffix: &str) -> &'a str {
    added(name, suffix).unwrap_or(name)
}

/// What is before `-` and this suffix.
fn added<'a>(name: &'a str, suffix: &str) -> Option<&'a str> {
    name.strip_suffix(suffix)?.strip_suffix('-').filter(|rest| !rest.is_empty() && !suffix.is_empty())
}

fn without_minute(name: &str) -> &str {
    let is_minute = |text: &str| text.len() == 8 && text.parse().is_ok_and(|number: u32| number >= FIRST_MINUTE);
    name.rsplit_once('-').filter(|(_, end)| is_minute(end)).map_or(name, |(beginning, _)| beginning)
}
