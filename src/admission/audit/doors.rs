//! By which webhooks a cluster's objects come to holdpoint, and so by which profiles.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::admission::listed::{Listed, listed};
use crate::admission::object::Object;
use crate::admission::webhook::{Configuration, NAME_LABEL, Webhook, configurations};
use crate::domain::text::line;

/// What a message repeats of a text from outside, in characters.
const SHOWN: usize = 100;

/// The webhooks of a cluster that call holdpoint, and what is known of its namespaces.
#[derive(Debug)]
pub struct Doors<'a> {
    configurations: Vec<Configuration>,
    namespaces: BTreeMap<&'a str, Object<'a>>,
}

impl<'a> Doors<'a> {
    /// Those among these objects; `None` when no webhook calls holdpoint.
    ///
    /// # Errors
    /// A webhook configuration that does not have the form that the API gives it.
    pub fn of(objects: &'a [Value]) -> Result<Option<Self>, String> {
        let configurations = configurations(objects)?;
        if configurations.iter().all(|one| one.of_holdpoint().next().is_none()) {
            return Ok(None);
        }
        let is_namespace = |one: &Listed<'_>| one.kind.group.is_empty() && one.kind.kind == "Namespace";
        let namespaces = listed(objects).into_iter().filter(is_namespace);
        let namespaces = namespaces.map(|one| (one.object.name(), one.object)).collect();
        Ok(Some(Self { configurations, namespaces }))
    }

    /// The profiles that the webhooks have an object judged by when it is created, each once; none stands for the
    /// settings themselves. Conditions in CEL count as met.
    pub(super) fn profiles(&self, one: &Listed<'_>) -> Result<BTreeSet<Option<String>>, String> {
        let mut profiles = BTreeSet::new();
        for webhook in self.configurations.iter().flat_map(Configuration::of_holdpoint) {
            if is_sent(webhook, one) && self.is_selected(webhook, one.object)? {
                profiles.insert(profile(webhook.client_config.path()));
            }
        }
        Ok(profiles)
    }

    fn is_selected(&self, webhook: &Webhook, object: Object<'_>) -> Result<bool, String> {
        let (name, selector) = (object.namespace(), &webhook.namespace_selector);
        let namespace = self.namespaces.get(name);
        let other = selector.requirements().into_iter().find(|requirement| requirement.key != NAME_LABEL);
        if let (None, Some(requirement)) = (namespace, other) {
            return Err(format!(
                "the webhook `{}` selects namespaces by the label `{}`, and the namespace `{}` is not among the \
                 objects\nhint: give the namespaces too (`kubectl get namespaces -o json`), or judge all by one \
                 profile with `--profile`",
                line(&webhook.name, SHOWN),
                line(&requirement.key, SHOWN),
                line(name, SHOWN)
            ));
        }
        let label = |key: &str| if key == NAME_LABEL { Some(name) } else { namespace?.label(key) };
        Ok(selector.selects(label) && webhook.object_selector.selects(|key| object.label(key)))
    }
}

/// Whether the webhook's rules name the creation of the object. Of custom resources only the API group can be told: an
/// object does not say what its kind is called in an address.
fn is_sent(webhook: &Webhook, one: &Listed<'_>) -> bool {
    let (group, version, kind) = (&one.kind.group, &one.kind.version, &one.kind.kind);
    if matches!(group.as_str(), "" | "apps" | "batch") {
        return webhook.is_called_for(group, version, &format!("{}s", kind.to_ascii_lowercase()), "CREATE");
    }
    webhook.rules.iter().any(|rule| rule.is_for_group(group, "CREATE"))
}

/// The profile that a path names. Another path than holdpoint's is one that the configuration does not have, either.
fn profile(path: &str) -> Option<String> {
    (path != "/validate").then(|| path.strip_prefix("/validate/").unwrap_or(path).to_owned())
}
