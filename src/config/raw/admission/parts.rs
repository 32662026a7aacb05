//! The entries of admission's lists, as they are written.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::super::super::located::Located;
use super::super::present;
use super::RawMode;
use super::text::RawText;

/// Which environment the workloads of some namespaces go to, and under which deployment name.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map with `namespaces` and `environment`")]
#[schemars(rename = "workloads")]
pub(crate) struct RawWorkloads {
    /// The namespaces: names, or their beginnings as `shop-*`, or `*` for all.
    #[schemars(extend("minItems" = 1))]
    pub(crate) namespaces: Located<Vec<Located<String>>>,
    /// The environment, by its name, or where its name is taken from.
    pub(crate) environment: Located<RawText>,
    /// The environments that it may be. A must with `label` and `annotation`: whoever writes them chooses among these.
    /// With `namespace`, left out: all.
    #[schemars(extend("minItems" = 1))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) allowed: Option<Located<Vec<Located<String>>>>,
    /// The environment of workloads without the label or the annotation. Left out: they are refused.
    #[serde(default, deserialize_with = "present")]
    pub(crate) default: Option<Located<String>>,
    /// The deployment name, or where it is taken from. Left out: rules see none.
    #[serde(default, deserialize_with = "present")]
    pub(crate) deployment_name: Option<Located<RawText>>,
}

/// Images that are not judged.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map with `images` and `reason`")]
#[schemars(rename = "ignored_images")]
pub(crate) struct RawImageScope {
    /// Names without tag and digest, or all below a path as `registry.k8s.io/*`.
    #[schemars(extend("minItems" = 1))]
    pub(crate) images: Located<Vec<Located<String>>>,
    /// Only in these namespaces. Left out: in all.
    #[schemars(extend("minItems" = 1))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) namespaces: Option<Located<Vec<Located<String>>>>,
    /// Only where they are used as this. Left out: wherever.
    #[schemars(extend("minItems" = 1))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) roles: Option<Located<Vec<RawRole>>>,
    /// Why. The audit log shows it.
    #[schemars(extend("minLength" = 1))]
    pub(crate) reason: Located<String>,
}

/// What an image is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "role", inline)]
pub(crate) enum RawRole {
    /// A container.
    Container,
    /// An init container, sidecars among them.
    InitContainer,
    /// An ephemeral container, such as those of `kubectl debug`.
    EphemeralContainer,
    /// A volume that is an image.
    ImageVolume,
    /// An image of a custom resource.
    Custom,
    /// A Helm chart of a custom resource.
    Chart,
}

/// Where a custom resource has its images and charts. Places are JSON pointers, in which `*` stands for every item of a
/// list and every member of a map.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map with `group` and `kind`")]
#[schemars(
    rename = "custom_resource",
    extend("anyOf" = json!([{"required": ["pod_templates"]}, {"required": ["images"]}, {"required": ["charts"]}]))
)]
pub(crate) struct RawCustomResource {
    /// Its API group, such as `argoproj.io`.
    #[schemars(extend("minLength" = 1))]
    pub(crate) group: Located<String>,
    /// Its kind, such as `Rollout`.
    #[schemars(extend("minLength" = 1))]
    pub(crate) kind: Located<String>,
    /// Pod templates: maps whose `spec` is a pod's. `""` is the resource itself.
    #[schemars(extend("minItems" = 1))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) pod_templates: Option<Located<Vec<Located<String>>>>,
    /// Texts that are images.
    #[schemars(extend("minItems" = 1))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) images: Option<Located<Vec<Located<String>>>>,
    /// Helm charts.
    #[schemars(extend("minItems" = 1))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) charts: Option<Located<Vec<Located<RawChart>>>>,
}

/// Where the parts of a chart's address are. Together they make `oci://REPOSITORY/NAME@DIGEST`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map with `repository` and `digest`")]
#[schemars(rename = "chart")]
pub(crate) struct RawChart {
    /// The repository that the chart is in; with the chart's name when `name` is left out.
    pub(crate) repository: Located<String>,
    /// The chart's name in it.
    #[serde(default, deserialize_with = "present")]
    pub(crate) name: Option<Located<String>>,
    /// The digest, or a version that is one.
    pub(crate) digest: Located<String>,
}

/// What is otherwise for reviews that come by the path `/validate/NAME`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map with `environment` or `mode`")]
#[schemars(rename = "profile", extend("minProperties" = 1))]
pub(crate) struct RawProfile {
    /// The environment of all workloads. `workloads` is not looked at.
    #[serde(default, deserialize_with = "present")]
    pub(crate) environment: Option<Located<String>>,
    /// The deployment name, or where it is taken from.
    #[serde(default, deserialize_with = "present")]
    pub(crate) deployment_name: Option<Located<RawText>>,
    /// The mode.
    #[serde(default, deserialize_with = "present")]
    pub(crate) mode: Option<RawMode>,
}
