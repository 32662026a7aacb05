//! Overrides as they are written.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::super::located::Located;
use super::super::raw::present;

/// One override. Every key may be missing here, so that what one lacks does not hide the others of its file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an override, or a list of them")]
pub(super) struct RawOverride {
    #[serde(default, deserialize_with = "present")]
    pub(super) version: Option<Located<u32>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) id: Option<Located<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) digest: Option<Located<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) environment: Option<Located<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) rules: Option<Located<Vec<Located<String>>>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) reason: Option<Located<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) actor: Option<Located<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) ticket: Option<Located<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) created_at: Option<Located<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) expires_at: Option<Located<String>>,
}

/// All overrides of a file.
#[derive(Debug)]
pub(super) struct RawOverrides(pub(super) Vec<RawOverride>);

impl<'de> Deserialize<'de> for RawOverrides {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FileVisitor).map(Self)
    }
}

struct FileVisitor;

impl<'de> Visitor<'de> for FileVisitor {
    type Value = Vec<RawOverride>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an override, or a list of them")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        RawOverride::deserialize(MapAccessDeserializer::new(map)).map(|only| vec![only])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::new();
        while let Some(entry) = entries.next_element()? {
            all.push(entry);
        }
        Ok(all)
    }
}
