//! Which namespaces and objects a webhook is not called for.

use super::super::settings::AdmissionSettings;
use super::super::webhook::{NAME_LABEL, Requirement, Webhook};
use super::{Call, Notes};
use crate::domain::doctor::Harm;

/// Namespaces of the cluster's own parts.
const SYSTEM: [&str; 3] = ["kube-system", "kube-public", "kube-node-lease"];

/// Whether it is called for every namespace but some that it names.
pub(super) fn is_wide(webhook: &Webhook) -> bool {
    webhook.namespace_selector.requirements().iter().all(|requirement| names_left_out(requirement).is_some())
}

/// The names of the namespaces that are left out, when the requirement does nothing else.
fn names_left_out(requirement: &Requirement) -> Option<&[String]> {
    (requirement.key == NAME_LABEL && requirement.operator == "NotIn").then_some(requirement.values.as_slice())
}

pub(super) fn check(notes: &mut Notes<'_>, settings: Option<&AdmissionSettings>, calls: &[Call<'_>]) {
    let requirements = notes.webhook().namespace_selector.requirements();
    // What one webhook leaves to another is no hole.
    if !calls.iter().any(|call| is_wide(call.webhook)) {
        for requirement in requirements.iter().filter(|requirement| names_left_out(requirement).is_none()) {
            narrow(notes, requirement);
        }
    }
    let left_out: Vec<&str> = requirements.iter().filter_map(names_left_out).flatten().map(String::as_str).collect();
    check_exemptions(notes, settings, &left_out);
    // Others may leave out what they like by labels that only an administrator gives; those cannot be told from here.
    if is_wide(notes.webhook()) {
        check_dependencies(notes, &left_out);
    }
    check_objects(notes);
}

fn narrow(notes: &mut Notes<'_>, requirement: &Requirement) {
    let Requirement { key, operator, values } = requirement;
    let said = if values.is_empty() {
        format!("`{key}` {operator}")
    } else {
        format!("`{key}` {operator} {}", values.join(", "))
    };
    let who = match (key.as_str(), operator.as_str()) {
        (NAME_LABEL, _) => "a namespace that is made tomorrow is not among them",
        (_, "NotIn" | "DoesNotExist") => "whoever may label a namespace may exempt it",
        _ => "a namespace without the label is not judged, and whoever may take it away may exempt one",
    };
    notes.add(
        Harm::Hole,
        "namespace_selector",
        format!("only namespaces with {said} are judged: {who}"),
        format!("leave out namespaces by `{NAME_LABEL}` with `NotIn`, and let the server's configuration say the rest"),
    );
}

/// Namespaces that are left out have to be in the server's own list too: then whoever reads it knows of them all.
fn check_exemptions(notes: &mut Notes<'_>, settings: Option<&AdmissionSettings>, left_out: &[&str]) {
    let own = notes.webhook().client_config.service.as_ref().map(|service| service.namespace.as_str());
    let known = |name: &&&str| match settings {
        Some(settings) => settings.exempt_namespaces.iter().any(|pattern| pattern.matches(name)),
        None => SYSTEM.contains(*name),
    };
    let unknown: Vec<&str> = left_out.iter().filter(|name| Some(**name) != own && !known(name)).copied().collect();
    if unknown.is_empty() {
        return;
    }
    let names = unknown.join("`, `");
    let (harm, why) = match settings {
        Some(_) => (Harm::Hole, "which the configuration does not name in `admission.exempt_namespaces`"),
        None => (Harm::Weakness, "which is all right when the configuration exempts it too; `--config` compares them"),
    };
    notes.add(
        harm,
        "namespace_left_out",
        format!("nothing is judged in `{names}`, {why}"),
        "take it out of the selector, or add it to `admission.exempt_namespaces`",
    );
}

/// Namespaces that holdpoint needs in order to answer: judging them locks it out.
fn check_dependencies(notes: &mut Notes<'_>, left_out: &[&str]) {
    let service = notes.webhook().client_config.service.as_ref();
    if let Some(own) = service.map(|service| service.namespace.as_str()).filter(|own| !left_out.contains(own)) {
        notes.add(
            Harm::Outage,
            "own_namespace",
            format!("holdpoint's own namespace `{own}` is judged: once no replica answers, none can start"),
            format!("add `{own}` to the values of `{NAME_LABEL}` `NotIn`"),
        );
    }
    if !left_out.contains(&"kube-system") {
        notes.add(
            Harm::Outage,
            "system_namespace",
            "`kube-system` is judged: while holdpoint does not answer, the cluster's network and names cannot be repaired",
            format!("add `kube-system` to the values of `{NAME_LABEL}` `NotIn`"),
        );
    }
}

fn check_objects(notes: &mut Notes<'_>) {
    let webhook = notes.webhook();
    if !webhook.object_selector.requirements().is_empty() {
        notes.add(
            Harm::Hole,
            "object_selector",
            "an `objectSelector` is set: whoever writes a pod writes its labels, and decides whether it is judged",
            "remove it; `admission.ignored_images` exempts images",
        );
    }
    for condition in &webhook.match_conditions {
        notes.add(
            Harm::Hole,
            "match_condition",
            format!("requests that do not meet `{}` are not judged: {}", condition.name, condition.expression),
            "remove it, or make sure that no user can choose what it looks at",
        );
    }
}
