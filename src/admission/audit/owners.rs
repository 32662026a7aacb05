//! Which workload an object belongs to, and whether it still runs.

use std::collections::HashMap;

use serde_json::Value;

use super::super::listed::Listed;
use super::super::object::Object;

/// Controllers above one another: a pod, a replica set, a deployment, and what makes deployments.
const MOST_ABOVE: usize = 8;

/// What a person deployed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Workload {
    pub(super) namespace: String,
    pub(super) kind: String,
    pub(super) name: String,
}

/// Objects by what others call their owner.
pub(super) struct Owners<'a> {
    known: HashMap<(&'a str, &'a str, &'a str), Object<'a>>,
}

impl<'a> Owners<'a> {
    pub(super) fn of(all: &'a [Listed<'a>]) -> Self {
        let entry =
            |one: &'a Listed<'a>| ((one.object.namespace(), one.kind.kind.as_str(), one.object.name()), one.object);
        Self { known: all.iter().map(entry).collect() }
    }

    /// The outermost controller that is known by name, whether or not it is among the objects.
    pub(super) fn workload(&self, one: &Listed<'_>) -> Workload {
        let namespace = one.object.namespace();
        let mut found = (one.kind.kind.clone(), one.object.name().to_owned());
        let mut current = Some(one.object);
        for _above in 0..MOST_ABOVE {
            let Some(owner) = current.and_then(Object::controller) else { break };
            found = (owner.kind.to_owned(), owner.name.to_owned());
            current = self.known.get(&(namespace, owner.kind, owner.name)).copied();
        }
        Workload { namespace: namespace.to_owned(), kind: found.0, name: found.1 }
    }
}

/// Whether nothing runs of it, or will by itself: a pod or job that ended, a replica set of an earlier revision.
pub(super) fn is_over(one: &Listed<'_>) -> bool {
    let at = |pointer| one.object.value().pointer(pointer);
    match one.kind.kind.as_str() {
        "Pod" => matches!(at("/status/phase").and_then(Value::as_str), Some("Succeeded" | "Failed")),
        "Job" => at("/status/conditions").and_then(Value::as_array).is_some_and(|all| all.iter().any(is_end)),
        "ReplicaSet" => one.object.controller().is_some() && at("/spec/replicas") == Some(&Value::from(0)),
        _ => false,
    }
}

fn is_end(condition: &Value) -> bool {
    let is = |key, words: &[&str]| condition.get(key).and_then(Value::as_str).is_some_and(|word| words.contains(&word));
    is("type", &["Complete", "Failed"]) && is("status", &["True"])
}
