//! A text, or where it is taken from.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::json;

use super::super::super::located::Located;
use super::super::present;

/// A text, or where it is taken from.
#[derive(Debug)]
pub(crate) enum RawText {
    Fixed(String),
    From(RawTextSource),
}

/// Where a text is taken from.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map with `label`, `annotation`, `namespace` or `object`")]
#[schemars(rename = "text_source", extend("minProperties" = 1, "maxProperties" = 1))]
pub(crate) struct RawTextSource {
    /// The value of this label.
    #[serde(default, deserialize_with = "present")]
    pub(crate) label: Option<Located<String>>,
    /// The value of this annotation.
    #[serde(default, deserialize_with = "present")]
    pub(crate) annotation: Option<Located<String>>,
    /// What `*` stands for in the namespace's name: `shop-*`, `*-production`, or `*` for the whole name.
    #[serde(default, deserialize_with = "present")]
    pub(crate) namespace: Option<Located<String>>,
    /// `name`: the name of the object, or of its controller, without what Kubernetes adds to it.
    #[schemars(extend("const" = "name"))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) object: Option<Located<String>>,
}

impl JsonSchema for RawText {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "text".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let source = generator.subschema_for::<RawTextSource>();
        schemars::json_schema!({"anyOf": [json!({"type": "string", "minLength": 1}), source]})
    }
}

impl<'de> Deserialize<'de> for RawText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = RawText;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("text, or a map with `label`, `annotation`, `namespace` or `object`")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawText, A::Error> {
        RawTextSource::deserialize(MapAccessDeserializer::new(map)).map(RawText::From)
    }

    fn visit_str<E>(self, text: &str) -> Result<RawText, E> {
        Ok(RawText::Fixed(text.to_owned()))
    }
}
