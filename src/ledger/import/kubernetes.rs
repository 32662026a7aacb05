//! What runs in a cluster, as `kubectl get pods -A -o json` tells it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::super::entry::{Artifact, PastRecord, Recording, Slot};
use super::super::error::LedgerError;
use crate::admission::object::Object;
use crate::admission::placement;
use crate::domain::artifact::ArtifactKind;
use crate::domain::digest::Digest;
use crate::domain::record::RecordStatus;
use crate::domain::reference::ArtifactReference;
use crate::domain::text::line;

/// How much of a name a message shows, in characters.
const SHOWN: usize = 80;

/// What a list of pods holds.
#[derive(Debug, Default)]
pub struct Running {
    /// One record for each container of each workload: the digest that most recently started there.
    pub records: Vec<PastRecord>,
    /// Running containers whose image has no digest that could be recorded.
    pub without_digest: usize,
}

/// What a deployment is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// `namespace/workload`.
    NamespaceAndWorkload,
    /// As admission names it with `deployment_name: {object: name}`.
    Workload,
}

/// One container of a pod.
struct Container {
    deployment: String,
    workload: String,
    name: String,
    digest: Digest,
    since: Timestamp,
}

/// Reads a list of pods. When pods have several containers, the container's name is added to that of the deployment.
///
/// # Errors
/// What is no list of pods; workloads of several namespaces that would have one name.
pub fn running(list: &Value, environment: &str, naming: Naming) -> Result<Running, LedgerError> {
    let pods = list.get("items").and_then(Value::as_array).ok_or_else(|| {
        LedgerError::invalid("this is no list of pods", "give it what `kubectl get pods -A -o json` writes")
    })?;
    let mut workloads: BTreeMap<String, String> = BTreeMap::new();
    let mut found = Running::default();
    let mut newest: BTreeMap<String, BTreeMap<Digest, (Timestamp, Timestamp, String)>> = BTreeMap::new();
    for pod in pods.iter().filter(|pod| text(pod, "/status/phase") == Some("Running")) {
        for container in containers(pod, naming) {
            let Some(Container { deployment, workload, name, digest, since }) = container else {
                found.without_digest = found.without_digest.saturating_add(1);
                continue;
            };
            let first = workloads.entry(deployment.clone()).or_insert_with(|| workload.clone());
            if *first != workload {
                return Err(same_name(&deployment, first, &workload));
            }
            let entry = newest.entry(deployment).or_default().entry(digest).or_insert((since, since, name));
            (entry.0, entry.1) = (entry.0.min(since), entry.1.max(since));
        }
    }
    for (deployment, digests) in newest {
        let latest = digests.into_iter().max_by_key(|(_digest, (_first, last, _name))| *last);
        found.records.extend(latest.map(|(digest, (first, _last, name))| {
            let slot = Slot { environment_name: environment.to_owned(), deployment_name: deployment };
            record(slot, name, digest, first)
        }));
    }
    Ok(found)
}

/// One slot holds one artifact: one of the two would hide the other.
fn same_name(deployment: &str, one: &str, other: &str) -> LedgerError {
    let [deployment, one, other] = [deployment, one, other].map(|name| line(name, SHOWN));
    let message = format!("`{deployment}` would be the deployment of `{one}` and of `{other}`");
    LedgerError::invalid(message, "use `--name-by namespace-workload`, or import one namespace after the other")
}

fn record(slot: Slot, name: String, digest: Digest, since: Timestamp) -> PastRecord {
    let artifact = Artifact { kind: ArtifactKind::ContainerImage, name, digest, version: String::new() };
    PastRecord {
        recording: Recording { slot, artifact, project: None },
        status: RecordStatus::Deployed,
        created_at: Some(since),
        last_seen_at: None,
        runs_now: true,
    }
}

/// The running containers of a pod, without those that only prepare it; `None` for one without a digest.
fn containers(pod: &Value, naming: Naming) -> Vec<Option<Container>> {
    let statuses = pod.pointer("/status/containerStatuses").and_then(Value::as_array);
    let running: Vec<&Value> =
        statuses.into_iter().flatten().filter(|one| one.pointer("/state/running").is_some()).collect();
    let several = pod.pointer("/spec/containers").and_then(Value::as_array).is_some_and(|all| all.len() > 1);
    let own_name = placement::workload_name(Object::new(pod));
    let workload = format!("{}/{own_name}", text(pod, "/metadata/namespace").unwrap_or("default"));
    let name = match naming {
        Naming::NamespaceAndWorkload => workload.clone(),
        Naming::Workload => own_name,
    };
    let of = |status: &&Value| {
        let own = text(status, "/name").unwrap_or_default();
        // What ran is the image ID; `docker-pullable://` stands before it on old nodes.
        let image = text(status, "/imageID")?;
        let image = image.rsplit_once("://").map_or(image, |(_, image)| image);
        let reference: ArtifactReference = image.parse().ok()?;
        Some(Container {
            deployment: if several { format!("{name}/{own}") } else { name.clone() },
            workload: workload.clone(),
            name: reference.name?,
            digest: reference.digest,
            since: text(status, "/state/running/startedAt")?.parse().ok()?,
        })
    };
    running.iter().map(of).collect()
}

fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::{Naming, running};
    use serde_json::{Value, json};

    fn pod(name: &str, hash: &str, digest: &str, started: &str) -> Value {
        json!({
            "metadata": {
                "namespace": "shop", "name": format!("{name}-{hash}-x"), "labels": {"pod-template-hash": hash},
                "ownerReferences": [{"controller": true, "kind": "ReplicaSet", "name": format!("{name}-{hash}")}],
            },
            "spec": {"containers": [{"name": "main"}]},
            "status": {"phase": "Running", "containerStatuses": [{
                "name": "main", "imageID": format!("docker-pullable://ghcr.io/acme/{name}@sha256:{}", digest.repeat(32)),
                "state": {"running": {"startedAt": started}},
            }]},
        })
    }

    #[test]
    fn the_digest_that_started_last_is_the_one_that_runs() {
        let mut ended = pod("api", "c3", "cc", "2026-01-09T00:00:00Z");
        ended["status"]["phase"] = "Succeeded".into();
        let mut local = pod("web", "d4", "dd", "2026-01-01T00:00:00Z");
        local["status"]["containerStatuses"][0]["imageID"] = "".into();
        let list = json!({"items": [
            pod("api", "a1", "aa", "2026-01-01T00:00:00Z"),
            pod("api", "b2", "bb", "2026-01-03T00:00:00Z"),
            pod("api", "b2", "bb", "2026-01-02T00:00:00Z"),
            ended,
            local,
        ]});
        let found = running(&list, "production", Naming::NamespaceAndWorkload).unwrap();
        assert_eq!(found.without_digest, 1);
        let [record] = found.records.as_slice() else { panic!("{found:?}") };
        assert_eq!(record.recording.slot.deployment_name, "shop/api");
        assert_eq!(record.recording.artifact.digest.to_string(), format!("sha256:{}", "bb".repeat(32)));
        assert_eq!(record.created_at, "2026-01-02T00:00:00Z".parse().ok());
        assert!(running(&json!({"kind": "Pod"}), "production", Naming::Workload).is_err());
    }

    #[test]
    fn workloads_are_named_as_admission_names_them() {
        let mut job = pod("sync", "", "aa", "2026-01-01T00:00:00Z");
        job["metadata"]["ownerReferences"][0] = json!({"controller": true, "kind": "Job", "name": "sync-29000000"});
        let mut other = pod("api", "a1", "aa", "2026-01-01T00:00:00Z");
        let list = json!({"items": [pod("api", "b2", "bb", "2026-01-03T00:00:00Z"), job]});
        let found = running(&list, "production", Naming::Workload).unwrap();
        let names: Vec<_> = found.records.iter().map(|record| record.recording.slot.deployment_name.as_str()).collect();
        assert_eq!(names, ["api", "sync"]);
        other["metadata"]["namespace"] = "pay".into();
        let list = json!({"items": [pod("api", "b2", "bb", "2026-01-03T00:00:00Z"), other]});
        let refused = running(&list, "production", Naming::Workload).unwrap_err();
        assert_eq!(refused.message, "`api` would be the deployment of `shop/api` and of `pay/api`");
        assert_eq!(running(&list, "production", Naming::NamespaceAndWorkload).unwrap().records.len(), 2);
    }
}
