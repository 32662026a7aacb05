//! Plugins, as they are written.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::json;

use super::super::located::Located;
use super::super::{DEFAULT_PLUGIN_MEMORY, duration, size};
use super::{RawToken, present};

/// A custom rule as a WebAssembly component.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map with `path` or `oci`")]
#[schemars(rename = "plugin", extend("oneOf" = json!([{"required": ["path"]}, {"required": ["oci", "sha256"]}])))]
pub(crate) struct RawPlugin {
    /// The component in a file.
    #[serde(default, deserialize_with = "present")]
    pub(crate) path: Option<Located<String>>,
    /// The component in a registry: `registry/repository:tag`, with `@sha256:…` or without. Needs `sha256`.
    #[serde(default, deserialize_with = "present")]
    pub(crate) oci: Option<Located<String>>,
    /// The digest of the component: 64 hex digits, with `sha256:` before them or without. Another component is refused.
    #[schemars(extend("pattern" = "^(sha256:)?[0-9a-f]{64}$"))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) sha256: Option<Located<String>>,
    /// `oci`: reach the registry without TLS. Credentials then travel in the clear.
    #[schemars(extend("default" = false))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) allow_insecure: Option<Located<bool>>,
    /// What the plugin may reach. Left out: nothing.
    #[schemars(extend("default" = json!({})))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) grants: Option<RawGrants>,
    /// What one evaluation may take.
    #[schemars(extend("default" = json!({})))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) limits: Option<RawPluginLimits>,
}

/// What a plugin may reach.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map with `http` or `secrets`")]
#[schemars(rename = "grants")]
pub(crate) struct RawGrants {
    /// Hosts that it may send requests to, by https, or by http when the host is this machine. A decision that rests on
    /// their answers cannot be replayed.
    #[schemars(extend("default" = json!([])))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) http: Option<Vec<Located<RawHost>>>,
    /// Secrets that it may read, by the name it knows them by, and where each is kept.
    #[schemars(with = "Option<BTreeMap<String, RawToken>>", extend("default" = json!({})))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) secrets: Option<HashMap<Located<String>, Located<RawToken>>>,
}

/// A host, as a text or as a map that says more.
#[derive(Debug)]
pub(crate) enum RawHost {
    Name(String),
    Map(RawHostMap),
}

/// A host in a network that is not public.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map with `host` and `networks`")]
#[schemars(rename = "host")]
pub(crate) struct RawHostMap {
    /// `tickets.example.com` or `tickets.example.com:8443`.
    pub(crate) host: Located<String>,
    /// Networks that it may resolve to though they are private or this machine, such as `10.0.0.0/8`. Public addresses
    /// need not be named.
    pub(crate) networks: Vec<Located<String>>,
}

/// What one evaluation of a plugin may take.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map with `timeout` or `memory`")]
#[schemars(rename = "plugin_limits")]
pub(crate) struct RawPluginLimits {
    /// How long. Left out: `rule_timeout`.
    #[schemars(extend("pattern" = duration::PATTERN))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) timeout: Option<Located<String>>,
    /// How much memory.
    #[schemars(extend("default" = DEFAULT_PLUGIN_MEMORY, "pattern" = size::PATTERN))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) memory: Option<Located<String>>,
}

impl JsonSchema for RawHost {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "granted_host".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({"anyOf": [{"type": "string"}, generator.subschema_for::<RawHostMap>()]})
    }
}

impl<'de> Deserialize<'de> for RawHost {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(HostVisitor)
    }
}

struct HostVisitor;

impl<'de> Visitor<'de> for HostVisitor {
    type Value = RawHost;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a host, or a map with `host` and `networks`")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawHost, A::Error> {
        RawHostMap::deserialize(MapAccessDeserializer::new(map)).map(RawHost::Map)
    }

    fn visit_str<E>(self, host: &str) -> Result<RawHost, E> {
        Ok(RawHost::Name(host.to_owned()))
    }
}
