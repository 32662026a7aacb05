//! Where policies come from, as it is written: a text, or a map that says more.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::json;

use super::super::located::Located;
use super::present;
use crate::domain::policy::SIGNATURE_ALGORITHMS;

/// A place that policies come from.
#[derive(Debug)]
pub(crate) enum RawPolicies {
    Place(String),
    Shared(Box<RawShared>),
}

/// A bundle or an artifact in a registry, with how it is verified.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map with `bundle` or `oci`")]
#[schemars(
    rename = "shared_policies",
    extend("oneOf" = json!([{"required": ["bundle"]}, {"required": ["oci"]}]))
)]
pub(crate) struct RawShared {
    /// A bundle in a file, as `holdpoint policy bundle` and `opa build` write it.
    #[serde(default, deserialize_with = "present")]
    pub(crate) bundle: Option<Located<String>>,
    /// An artifact in a registry: `registry/repository@sha256:…`.
    #[serde(default, deserialize_with = "present")]
    pub(crate) oci: Option<Located<String>>,
    /// `oci`: take whatever a tag points to. The decision records what it was.
    #[schemars(extend("default" = false))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) allow_tag: Option<Located<bool>>,
    /// `oci`: reach the registry without TLS. Credentials then travel in the clear.
    #[schemars(extend("default" = false))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) allow_insecure: Option<Located<bool>>,
    /// Who must have signed it. Left out: a signature is refused, since nobody would look at it.
    #[serde(default, deserialize_with = "present")]
    pub(crate) verify: Option<Located<RawVerify>>,
}

/// The key that signed a bundle.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map with `key_file` or `key`")]
#[schemars(
    rename = "verify",
    extend("oneOf" = json!([{"required": ["key_file"]}, {"required": ["key"]}]))
)]
pub(crate) struct RawVerify {
    /// A file with the public key in PEM, or with the secret of `HS256`, `HS384` and `HS512`.
    #[serde(default, deserialize_with = "present")]
    pub(crate) key_file: Option<Located<String>>,
    /// The public key in PEM.
    #[serde(default, deserialize_with = "present")]
    pub(crate) key: Option<Located<String>>,
    /// How the key signs. A signature that says otherwise is refused.
    #[schemars(extend("default" = "RS256", "enum" = json!(SIGNATURE_ALGORITHMS)))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) algorithm: Option<Located<String>>,
    /// The name of the key. A signature that names another is refused.
    #[serde(default, deserialize_with = "present")]
    pub(crate) key_id: Option<Located<String>>,
    /// What the key may sign for; the signature must say the same.
    #[serde(default, deserialize_with = "present")]
    pub(crate) scope: Option<Located<String>>,
}

impl JsonSchema for RawPolicies {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "policies".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({"anyOf": [{"type": "string"}, generator.subschema_for::<RawShared>()]})
    }
}

impl<'de> Deserialize<'de> for RawPolicies {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PoliciesVisitor)
    }
}

struct PoliciesVisitor;

impl<'de> Visitor<'de> for PoliciesVisitor {
    type Value = RawPolicies;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a path, or a map with `bundle` or `oci`")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawPolicies, A::Error> {
        RawShared::deserialize(MapAccessDeserializer::new(map)).map(Box::new).map(RawPolicies::Shared)
    }

    fn visit_str<E>(self, place: &str) -> Result<RawPolicies, E> {
        Ok(RawPolicies::Place(place.to_owned()))
    }
}
