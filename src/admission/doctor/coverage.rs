//! Which requests a webhook is called for: kinds, subresources, operations.

use crate::domain::doctor::Harm;

use super::super::settings::AdmissionSettings;
use super::Notes;
use super::webhook::{Rule, Webhook};

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
    for needed in NEEDED {
        let missing: Vec<&str> =
            needed.operations.iter().copied().filter(|operation| !sends(webhook, needed, operation)).collect();
        if !missing.is_empty() {
            let operations = missing.join(" and ");
            notes.add(
                needed.harm,
                "resource_missing",
                format!("{operations} of `{}` is not sent: {}", shown(needed), needed.why),
                format!(
                    "add `{}` with {operations} to the rules for API group `{}`, version `v1`",
                    needed.resource, needed.group
                ),
            );
        }
    }
    check_custom_resources(notes, settings);
}

fn shown(needed: &Needed) -> String {
    if needed.group.is_empty() { needed.resource.to_owned() } else { format!("{}/{}", needed.group, needed.resource) }
}

fn sends(webhook: &Webhook, needed: &Needed, operation: &str) -> bool {
    webhook.rules.iter().any(|rule| {
        has(&rule.api_groups, needed.group)
            && has(&rule.api_versions, "v1")
            && has(&rule.operations, operation)
            && rule.resources.iter().any(|pattern| matches(pattern, needed.resource))
            && is_for_namespaces(rule)
    })
}

/// Whether a list has the text or a star, which stands for all.
fn has(list: &[String], text: &str) -> bool {
    list.iter().any(|item| item == "*" || item == text)
}

/// `*` is every resource and no subresource, `*/*` everything, `pods/*` the subresources of pods, `*/scale` all of one
/// name.
fn matches(pattern: &str, resource: &str) -> bool {
    match (pattern.split_once('/'), resource.split_once('/')) {
        (None, None) => pattern == "*" || pattern == resource,
        (None, Some(_)) => false,
        (Some(("*", "*")), None) => true,
        (Some(_), None) => false,
        (Some((parent, part)), Some((of, name))) => (parent == "*" || parent == of) && (part == "*" || part == name),
    }
}

fn is_for_namespaces(rule: &Rule) -> bool {
    rule.scope.as_deref().is_none_or(|scope| scope == "*" || scope == "Namespaced")
}

/// Rules name resources and the configuration names kinds; the API group is what both have.
fn check_custom_resources(notes: &mut Notes<'_>, settings: Option<&AdmissionSettings>) {
    for resource in settings.map(|settings| settings.resources.as_slice()).unwrap_or_default() {
        let sent = |rule: &Rule| {
            has(&rule.api_groups, &resource.group) && BOTH.iter().all(|operation| has(&rule.operations, operation))
        };
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
