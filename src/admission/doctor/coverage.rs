//! Which requests a webhook is called for: kinds, subresources, operations.

use super::super::settings::AdmissionSettings;
use super::super::webhook::{Rule, Webhook};
use super::Notes;
use crate::domain::doctor::Harm;

/// What has to be sent.
struct Needed {
    group: &'static str,
    resource: &'static str,
    operations: &'static [&'static str],
    harm: Harm,
    why: &'static str,
}

const BOTH: &[&str] = &["CREATE", "UPDATE"];
const UPDATE: &[&str] = &["UPDATE"];

const CONTROLLER: &str = "one that is refused is stored all the same, and only events of its pods tell why none starts";
const SCALE: &str = "more replicas are asked for without a word of what becomes of their pods";

/// Every built-in resource that has a pod template, and the subresources that change what runs.
const NEEDED: &[Needed] = &[
    needed("", "pods", BOTH, Harm::Hole, "nothing else is what runs"),
    needed(
        "",
        "pods/ephemeralcontainers",
        UPDATE,
        Harm::Hole,
        "`kubectl debug` runs any image in a pod that was admitted",
    ),
    needed("", "podtemplates", BOTH, Harm::Weakness, CONTROLLER),
    needed("", "replicationcontrollers", BOTH, Harm::Weakness, CONTROLLER),
    needed("apps", "daemonsets", BOTH, Harm::Weakness, CONTROLLER),
    needed("apps", "deployments", BOTH, Harm::Weakness, CONTROLLER),
    needed("apps", "replicasets", BOTH, Harm::Weakness, CONTROLLER),
    needed("apps", "statefulsets", BOTH, Harm::Weakness, CONTROLLER),
    needed("batch", "cronjobs", BOTH, Harm::Weakness, CONTROLLER),
    needed("batch", "jobs", BOTH, Harm::Weakness, CONTROLLER),
    needed("", "replicationcontrollers/scale", UPDATE, Harm::Weakness, SCALE),
    needed("apps", "deployments/scale", UPDATE, Harm::Weakness, SCALE),
    needed("apps", "replicasets/scale", UPDATE, Harm::Weakness, SCALE),
    needed("apps", "statefulsets/scale", UPDATE, Harm::Weakness, SCALE),
];

const fn needed(
    group: &'static str,
    resource: &'static str,
    operations: &'static [&'static str],
    harm: Harm,
    why: &'static str,
) -> Needed {
    Needed { group, resource, operations, harm, why }
}

pub(super) fn check(notes: &mut Notes<'_>, settings: Option<&AdmissionSettings>) {
    let webhook = notes.webhook();
    if webhook.match_policy == "Exact" {
        notes.add(
            Harm::Hole,
            "match_policy",
            "`matchPolicy: Exact` leaves out requests in any other API version or group than the rules name",
            "set `matchPolicy: Equivalent`",
        );
    }
    for missing in missing(webhook) {
        let operations = missing.operations.join(" and ");
        let resources = format!("`{}`", missing.resources.join("`, `"));
        let group = if missing.group.is_empty() {
            "the core API group (`\"\"`)"
        } else {
            &format!("API group `{}`", missing.group)
        };
        notes.add(
            missing.harm,
            "resource_missing",
            format!("{operations} of {resources} is not sent: {}", missing.why),
            format!("add {resources} with {operations} to the rules for {group}, version `v1`"),
        );
    }
    check_custom_resources(notes, settings);
}

/// Resources of one API group that are not sent, and for the same reason should be.
struct Missing {
    group: &'static str,
    harm: Harm,
    why: &'static str,
    operations: Vec<&'static str>,
    resources: Vec<&'static str>,
}

fn missing(webhook: &Webhook) -> Vec<Missing> {
    let mut all: Vec<Missing> = Vec::new();
    for &Needed { group, resource, operations, harm, why } in NEEDED {
        let not_sent = |operation: &&str| !webhook.is_called_for(group, "v1", resource, operation);
        let operations: Vec<&str> = operations.iter().copied().filter(not_sent).collect();
        let alike = |one: &&mut Missing| (one.group, one.why, &one.operations) == (group, why, &operations);
        match all.iter_mut().find(alike) {
            _ if operations.is_empty() => {}
            Some(one) => one.resources.push(resource),
            None => all.push(Missing { group, harm, why, operations, resources: vec![resource] }),
        }
    }
    all
}

/// Rules name resources and the configuration names kinds; the API group is what both have.
fn check_custom_resources(notes: &mut Notes<'_>, settings: Option<&AdmissionSettings>) {
    for resource in settings.map(|settings| settings.resources.as_slice()).unwrap_or_default() {
        let sent = |rule: &Rule| BOTH.iter().all(|operation| rule.is_for_group(&resource.group, operation));
        if !notes.webhook().rules.iter().any(sent) {
            notes.add(
                Harm::Hole,
                "custom_resource_missing",
                format!(
                    "nothing of API group `{}` is sent, and the configuration judges its `{}`",
                    resource.group, resource.kind
                ),
                "add the group with its resource to the rules (in the chart: `webhook.customResources`)",
            );
        }
    }
}
