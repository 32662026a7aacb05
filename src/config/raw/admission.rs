//! Admission, as it is written.

pub(crate) mod parts;
pub(crate) mod text;

use std::collections::{BTreeMap, HashMap};

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::super::located::Located;
use super::super::{DEFAULT_READMIT_MAX_AGE, duration};
use super::present;
use parts::{RawCustomResource, RawImageScope, RawProfile, RawWorkloads};

/// What of a cluster is judged, and where it goes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map of settings of admission")]
#[schemars(rename = "admission")]
pub(crate) struct RawAdmission {
    /// What an answer does with a verdict that is not `allow`.
    #[schemars(extend("default" = "enforce"))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) mode: Option<RawMode>,
    /// Which environment the workloads of which namespaces go to. The first one that fits counts.
    #[schemars(extend("default" = json!([])))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) workloads: Option<Located<Vec<Located<RawWorkloads>>>>,
    /// What becomes of workloads that none of `workloads` fits.
    #[schemars(extend("default" = "deny"))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) unmapped: Option<RawUnmapped>,
    /// Namespaces in which nothing is judged: names, or their beginnings as `kube-*`.
    #[schemars(extend("default" = json!([])))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) exempt_namespaces: Option<Located<Vec<Located<String>>>>,
    /// Images that are not judged, such as those of the system.
    #[schemars(extend("default" = json!([])))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) ignored_images: Option<Located<Vec<Located<RawImageScope>>>>,
    /// What becomes of an image that is named by a tag alone.
    #[schemars(extend("default" = "deny"))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) tags: Option<RawTags>,
    /// Where custom resources have their images and charts.
    #[schemars(extend("default" = json!([])))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) resources: Option<Located<Vec<Located<RawCustomResource>>>>,
    /// What becomes of a digest that no record has, neither of the environment nor of those before it.
    #[schemars(extend("default" = "judge"))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) on_missing_record: Option<RawOnMissingRecord>,
    /// What becomes of a digest while the records cannot be read, or are older than `stale_after`.
    #[schemars(extend("default" = "readmit"))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) on_source_unavailable: Option<RawOnSourceUnavailable>,
    /// How long an allow is remembered for `readmit`; `0s` turns it off. At most 30 days.
    #[schemars(extend("default" = DEFAULT_READMIT_MAX_AGE, "pattern" = duration::PATTERN))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) readmit_max_age: Option<Located<String>>,
    /// Other settings for reviews that come by the path `/validate/NAME`.
    #[schemars(with = "Option<BTreeMap<String, RawProfile>>", extend("default" = json!({})))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) profiles: Option<Located<HashMap<Located<String>, Located<RawProfile>>>>,
}

/// What an answer does with a verdict that is not `allow`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "mode", inline)]
pub(crate) enum RawMode {
    /// It refuses.
    Enforce,
    /// It allows, with a warning that the user sees.
    Warn,
    /// It allows; audit annotations, logs and metrics tell.
    Audit,
}

/// What becomes of workloads without a place.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "unmapped", inline)]
pub(crate) enum RawUnmapped {
    /// They are refused.
    Deny,
    /// They pass.
    Allow,
    /// They pass, with a warning that the user sees.
    Warn,
}

/// What becomes of tags.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "tags", inline)]
pub(crate) enum RawTags {
    /// The image is refused.
    Deny,
    /// The registry is asked for the digest that the tag has now, and that is judged.
    Resolve,
}

/// What becomes of a digest without records.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "on_missing_record", inline)]
pub(crate) enum RawOnMissingRecord {
    /// The rules say.
    Judge,
    /// It is refused.
    Deny,
    /// It could not be decided, and the client is asked to come again.
    Undecided,
}

/// What becomes of a digest without usable records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "on_source_unavailable", inline)]
pub(crate) enum RawOnSourceUnavailable {
    /// It passes with a warning when it was allowed there within `readmit_max_age`, by the same policies.
    Readmit,
    /// It could not be decided, and the client is asked to come again.
    Undecided,
}
