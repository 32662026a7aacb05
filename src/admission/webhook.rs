//! Webhook configurations as the API server has them, with its defaults. What is not looked at is passed over.

mod called;

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::listed::{Listed, listed};

/// The label that the API server itself gives every namespace; nobody can change it.
pub(super) const NAME_LABEL: &str = "kubernetes.io/metadata.name";
/// The word by which webhooks are found to be holdpoint's.
const NAME: &str = "holdpoint";

/// The `ValidatingWebhookConfiguration`s among these objects.
///
/// # Errors
/// One that does not have the form that the API gives it.
pub(super) fn configurations(objects: &[Value]) -> Result<Vec<Configuration>, String> {
    let wanted = |one: &Listed<'_>| one.kind.kind == "ValidatingWebhookConfiguration";
    listed(objects).into_iter().filter(wanted).map(|one| Configuration::read(one.object.value())).collect()
}

/// A `ValidatingWebhookConfiguration`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Configuration {
    #[serde(deserialize_with = "filled")]
    pub(super) metadata: Metadata,
    #[serde(deserialize_with = "filled")]
    pub(super) webhooks: Vec<Webhook>,
}

impl Configuration {
    /// Reads it from an object.
    ///
    /// # Errors
    /// A member of another type than the API gives it.
    fn read(object: &Value) -> Result<Self, String> {
        let name = object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or("without a name");
        Self::deserialize(object)
            .map_err(|error| format!("the ValidatingWebhookConfiguration `{name}` cannot be read: {error}"))
    }

    /// Its webhooks that call holdpoint.
    pub(super) fn of_holdpoint(&self) -> impl Iterator<Item = &Webhook> {
        let all = self.is_of_holdpoint();
        self.webhooks.iter().filter(move |webhook| all || webhook.is_of_holdpoint())
    }

    /// Whether it says that it is holdpoint's.
    fn is_of_holdpoint(&self) -> bool {
        let labelled = ["app.kubernetes.io/part-of", "app.kubernetes.io/name"]
            .iter()
            .any(|label| self.metadata.labels.get(*label).is_some_and(|value| value == NAME));
        labelled || self.metadata.name.contains(NAME)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Metadata {
    #[serde(deserialize_with = "filled")]
    pub(super) name: String,
    #[serde(deserialize_with = "filled")]
    pub(super) labels: BTreeMap<String, String>,
    #[serde(deserialize_with = "filled")]
    pub(super) annotations: BTreeMap<String, String>,
}

/// One webhook. Defaults are those of `admissionregistration.k8s.io/v1`.
#[derive(Debug, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Webhook {
    #[serde(deserialize_with = "filled")]
    pub(super) name: String,
    #[serde(deserialize_with = "filled")]
    pub(super) client_config: ClientConfig,
    #[serde(deserialize_with = "filled")]
    pub(super) rules: Vec<Rule>,
    pub(super) failure_policy: String,
    pub(super) match_policy: String,
    pub(super) timeout_seconds: i64,
    #[serde(deserialize_with = "filled")]
    pub(super) namespace_selector: Selector,
    #[serde(deserialize_with = "filled")]
    pub(super) object_selector: Selector,
    #[serde(deserialize_with = "filled")]
    pub(super) match_conditions: Vec<MatchCondition>,
    #[serde(deserialize_with = "filled")]
    pub(super) admission_review_versions: Vec<String>,
}

impl Default for Webhook {
    fn default() -> Self {
        Self {
            name: String::new(),
            client_config: ClientConfig::default(),
            rules: Vec::new(),
            failure_policy: "Fail".to_owned(),
            match_policy: "Equivalent".to_owned(),
            timeout_seconds: 10,
            namespace_selector: Selector::default(),
            object_selector: Selector::default(),
            match_conditions: Vec::new(),
            admission_review_versions: Vec::new(),
        }
    }
}

impl Webhook {
    /// Whether its name, or that of what it calls, says that it is holdpoint's.
    fn is_of_holdpoint(&self) -> bool {
        let service = self.client_config.service.as_ref().map_or("", |service| service.name.as_str());
        self.name.contains(NAME) || service.contains(NAME) || self.client_config.host().contains(NAME)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ClientConfig {
    pub(super) url: Option<String>,
    pub(super) service: Option<Service>,
    #[serde(deserialize_with = "filled")]
    pub(super) ca_bundle: String,
}

impl ClientConfig {
    /// The path that is called, without a query.
    pub(super) fn path(&self) -> &str {
        let path = match (&self.service, &self.url) {
            (Some(service), _) => service.path.as_deref().unwrap_or_default(),
            (None, Some(url)) => {
                after_scheme(url).find('/').and_then(|start| after_scheme(url).get(start..)).unwrap_or_default()
            }
            (None, None) => "",
        };
        let path = path.split('?').next().unwrap_or_default();
        if path.is_empty() { "/" } else { path }
    }

    /// The host of the address, when it is called by one.
    fn host(&self) -> &str {
        self.url.as_deref().map(after_scheme).and_then(|rest| rest.split(['/', '?']).next()).unwrap_or_default()
    }
}

fn after_scheme(url: &str) -> &str {
    url.split_once("://").map_or(url, |(_, rest)| rest)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Service {
    #[serde(deserialize_with = "filled")]
    pub(super) name: String,
    #[serde(deserialize_with = "filled")]
    pub(super) namespace: String,
    pub(super) path: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Rule {
    #[serde(deserialize_with = "filled")]
    pub(super) api_groups: Vec<String>,
    #[serde(deserialize_with = "filled")]
    pub(super) api_versions: Vec<String>,
    #[serde(deserialize_with = "filled")]
    pub(super) operations: Vec<String>,
    #[serde(deserialize_with = "filled")]
    pub(super) resources: Vec<String>,
    pub(super) scope: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Selector {
    #[serde(deserialize_with = "filled")]
    pub(super) match_labels: BTreeMap<String, String>,
    #[serde(deserialize_with = "filled")]
    pub(super) match_expressions: Vec<Requirement>,
}

impl Selector {
    /// Everything that has to be true, in one form.
    pub(super) fn requirements(&self) -> Vec<Requirement> {
        let label = |(key, value): (&String, &String)| Requirement {
            key: key.clone(),
            operator: "In".to_owned(),
            values: vec![value.clone()],
        };
        self.match_labels.iter().map(label).chain(self.match_expressions.iter().cloned()).collect()
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Requirement {
    #[serde(deserialize_with = "filled")]
    pub(super) key: String,
    #[serde(deserialize_with = "filled")]
    pub(super) operator: String,
    #[serde(deserialize_with = "filled")]
    pub(super) values: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct MatchCondition {
    #[serde(deserialize_with = "filled")]
    pub(super) name: String,
    #[serde(deserialize_with = "filled")]
    pub(super) expression: String,
}

/// Null is as good as absent, as it is to the API server.
fn filled<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}
