//! The configuration as it is written: stage one of two. The JSON Schema comes from these types.

pub(crate) mod admission;
pub(crate) mod plugins;
pub(crate) mod policies;
pub(crate) mod server;

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use schemars::{JsonSchema, Schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};

use super::duration;
use super::located::{Located, Place};
use super::{
    DEFAULT_EVALUATION_TIMEOUT, DEFAULT_LONGEST_OVERRIDE, DEFAULT_RULE_TIMEOUT, DEFAULT_TIMEOUT,
    DEFAULT_TOKEN_VARIABLE, DEFAULT_URL,
};

/// The configuration of holdpoint. Paths are relative to the folder of this file. Durations are written with their
/// units, such as `90m`, `24h`, `7d` or `1h30m`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map of settings")]
#[schemars(rename = "holdpoint.yaml")]
pub(crate) struct RawConfig {
    /// The version of this form; always 1.
    #[schemars(extend("const" = 1))]
    pub(crate) version: Located<u32>,
    /// Where deployment records come from, by a name of your choice.
    #[schemars(with = "BTreeMap<String, RawSource>", extend("minProperties" = 1))]
    pub(crate) sources: Located<HashMap<Located<String>, Located<RawSource>>>,
    /// The stages of promotion.
    #[schemars(extend("minItems" = 1))]
    pub(crate) environments: Located<Vec<Located<RawEnvironment>>>,
    /// Where Rego policies come from: files, directories, bundles (`.tar.gz`), artifacts in registries
    /// (`oci://registry/repository@sha256:…`), or a map that says how a bundle or an artifact is verified.
    #[schemars(extend("default" = json!([])))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) policies: Option<Vec<Located<policies::RawPolicies>>>,
    /// Custom rules as WebAssembly components, by a name of your choice that rules use.
    #[schemars(with = "Option<BTreeMap<String, plugins::RawPlugin>>", extend("default" = json!({})))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) plugins: Option<Located<HashMap<Located<String>, Located<plugins::RawPlugin>>>>,
    /// What has to be true before an artifact is deployed.
    #[schemars(extend("default" = json!([])))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) rules: Option<Located<Vec<Located<RawRule>>>>,
    /// Files and folders with overrides: exceptions that an operator makes, each for one artifact and a limited time.
    #[schemars(extend("default" = json!([])))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) overrides: Option<Located<Vec<Located<String>>>>,
    /// What an override may be.
    #[schemars(extend("default" = json!({})))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) override_limits: Option<RawOverrideLimits>,
    /// The verdict when no enforced rule applies to a request.
    #[schemars(extend("default" = "undecided"))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) when_no_rule_applies: Option<RawWhenNoRuleApplies>,
    /// How long an evaluation may take.
    #[schemars(extend("default" = json!({})))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) limits: Option<RawLimits>,
    /// What of a Kubernetes cluster is judged, and where it goes.
    #[serde(default, deserialize_with = "present")]
    pub(crate) admission: Option<Located<admission::RawAdmission>>,
    /// How `holdpoint serve` listens, how long things may take, and what it keeps.
    #[schemars(extend("default" = json!({})))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) server: Option<server::RawServer>,
}

/// A record source. Which keys it takes depends on its `type`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map with a `type`")]
#[schemars(rename = "source", transform = restrict_keys_to_type)]
pub(crate) struct RawSource {
    /// `chainloop`: the deployments API of Chainloop, or of a server that speaks it. `ledger`: holdpoint's own store, as
    /// a file or by its server. `snapshot`: a JSON file.
    #[serde(rename = "type")]
    #[schemars(extend("enum" = json!(SOURCE_TYPES)))]
    pub(crate) kind: Located<String>,
    /// `snapshot`: the JSON file, either a saved answer of the API or a list of records. `ledger`: the file of the ledger,
    /// which is only read.
    #[serde(default, deserialize_with = "present")]
    pub(crate) path: Option<Located<String>>,
    /// The address of the API; for `chainloop` Chainloop's own when it is not given.
    #[schemars(extend("default" = DEFAULT_URL, "format" = "uri"))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) url: Option<Located<String>>,
    /// Where the token of the API is read from; for `ledger` from `HOLDPOINT_LEDGER_TOKEN` when it is not given.
    #[schemars(extend("default" = json!({"env": DEFAULT_TOKEN_VARIABLE})))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) token: Option<Located<RawToken>>,
    /// `chainloop`: the organization that is asked.
    #[serde(default, deserialize_with = "present")]
    pub(crate) organization: Option<Located<String>>,
    /// Only records of this project; not for `snapshot`.
    #[serde(default, deserialize_with = "present")]
    pub(crate) project: Option<Located<String>>,
    /// Only records of this version of the project; needs `project`.
    #[serde(default, deserialize_with = "present")]
    pub(crate) project_version: Option<Located<String>>,
    /// With an API: a file of PEM certificates to trust, beside those of the system.
    #[serde(default, deserialize_with = "present")]
    pub(crate) ca_file: Option<Located<String>>,
    /// With an API: allow plain http to another machine. The token then travels in the clear.
    #[schemars(extend("default" = false))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) allow_insecure: Option<Located<bool>>,
    /// With an API: how long reading the records may take, with all pages and retries.
    #[schemars(extend("default" = DEFAULT_TIMEOUT, "pattern" = duration::PATTERN))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) timeout: Option<Located<String>>,
}

/// The values of `type`.
pub(crate) const SOURCE_TYPES: [&str; 3] = ["chainloop", "ledger", "snapshot"];

impl RawSource {
    /// The keys beside `type`, with the places of those that are there.
    pub(crate) fn keys(&self) -> [(&'static str, Option<Place>); 9] {
        fn place<T>(value: Option<&Located<T>>) -> Option<Place> {
            value.map(|value| value.place)
        }
        [
            ("path", place(self.path.as_ref())),
            ("url", place(self.url.as_ref())),
            ("token", place(self.token.as_ref())),
            ("organization", place(self.organization.as_ref())),
            ("project", place(self.project.as_ref())),
            ("project_version", place(self.project_version.as_ref())),
            ("ca_file", place(self.ca_file.as_ref())),
            ("allow_insecure", place(self.allow_insecure.as_ref())),
            ("timeout", place(self.timeout.as_ref())),
        ]
    }
}

/// The keys of `chainloop`.
pub(crate) const CHAINLOOP_KEYS: &[&str] =
    &["url", "token", "organization", "project", "project_version", "ca_file", "allow_insecure", "timeout"];
/// The keys of `ledger` with a file.
pub(crate) const LEDGER_FILE_KEYS: &[&str] = &["path", "project", "project_version"];
/// The keys of `ledger` with a server.
pub(crate) const LEDGER_URL_KEYS: &[&str] =
    &["url", "token", "project", "project_version", "ca_file", "allow_insecure", "timeout"];

/// A value that may be left out, but not left empty: `max_record_age:` without a value is a slip, not "any age".
pub(crate) fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// The schema of a value that may be left out does not allow `null`.
pub(crate) fn refuse_null(schema: &mut Schema) {
    let is_null = |kind: &Value| kind == "null" || kind.get("type").is_some_and(|kind| kind == "null");
    for key in ["type", "anyOf"] {
        let Some(Value::Array(kinds)) = schema.get_mut(key) else { continue };
        kinds.retain(|kind| !is_null(kind));
        let [only] = kinds.as_slice() else { continue };
        let only = only.clone();
        schema.remove(key);
        match only {
            Value::Object(members) => members.into_iter().for_each(|(member, value)| {
                // The description of the key says more than the one of its type.
                let _: &mut Value = schema.ensure_object().entry(member).or_insert(value);
            }),
            kind => drop(schema.insert(key.to_owned(), kind)),
        }
    }
}

/// Says in the schema which keys go with which `type`.
fn restrict_keys_to_type(schema: &mut Schema) {
    let only = |keys: &[&str]| -> Map<String, Value> {
        let all = ["path"].iter().chain(CHAINLOOP_KEYS);
        all.filter(|key| !keys.contains(key)).map(|key| ((*key).to_owned(), json!(false))).collect()
    };
    let version_needs_project = json!({"project_version": ["project"]});
    let of_type = |kind: &str, then: Value| json!({"if": {"properties": {"type": {"const": kind}}}, "then": then});
    let rules = [
        of_type("snapshot", json!({"required": ["path"], "properties": only(&["path"])})),
        of_type("chainloop", json!({"properties": only(CHAINLOOP_KEYS), "dependentRequired": version_needs_project})),
        of_type(
            "ledger",
            json!({
                "oneOf": [
                    {"required": ["path"], "properties": only(LEDGER_FILE_KEYS)},
                    {"required": ["url"], "properties": only(LEDGER_URL_KEYS)},
                ],
                "dependentRequired": version_needs_project,
            }),
        ),
    ];
    schema.insert("allOf".to_owned(), json!(rules));
}

/// Where a token is read from. Never the token itself.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map with `env` or `file`")]
#[schemars(rename = "token", extend("minProperties" = 1, "maxProperties" = 1))]
pub(crate) struct RawTokenPlace {
    /// The name of an environment variable that holds the token.
    #[serde(default, deserialize_with = "present")]
    pub(crate) env: Option<Located<String>>,
    /// A file that holds the token and nothing else.
    #[serde(default, deserialize_with = "present")]
    pub(crate) file: Option<Located<String>>,
}

/// What stands at `token`.
#[derive(Debug)]
pub(crate) enum RawToken {
    /// The name of a place, as it should be.
    Place(RawTokenPlace),
    /// Text or a number, which is probably the secret. It is not kept.
    Literal,
}

impl JsonSchema for RawToken {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        RawTokenPlace::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> Schema {
        RawTokenPlace::json_schema(generator)
    }
}

impl<'de> Deserialize<'de> for RawToken {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TokenVisitor)
    }
}

struct TokenVisitor;

impl<'de> Visitor<'de> for TokenVisitor {
    type Value = RawToken;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a map with `env` or `file`")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawToken, A::Error> {
        RawTokenPlace::deserialize(MapAccessDeserializer::new(map)).map(RawToken::Place)
    }

    fn visit_str<E>(self, _secret: &str) -> Result<RawToken, E> {
        Ok(RawToken::Literal)
    }

    fn visit_bool<E>(self, _secret: bool) -> Result<RawToken, E> {
        Ok(RawToken::Literal)
    }

    fn visit_u64<E>(self, _secret: u64) -> Result<RawToken, E> {
        Ok(RawToken::Literal)
    }

    fn visit_i64<E>(self, _secret: i64) -> Result<RawToken, E> {
        Ok(RawToken::Literal)
    }

    fn visit_f64<E>(self, _secret: f64) -> Result<RawToken, E> {
        Ok(RawToken::Literal)
    }
}

/// A stage of promotion: one or more targets, and what comes before it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map with a `name`")]
#[schemars(rename = "environment")]
pub(crate) struct RawEnvironment {
    /// Its name, as `--to` takes it.
    #[schemars(extend("minLength" = 1))]
    pub(crate) name: Located<String>,
    /// The source that knows it. May be left out when there is only one.
    #[serde(default, deserialize_with = "present")]
    pub(crate) source: Option<Located<String>>,
    /// The environments that an artifact passes directly before this one.
    #[schemars(extend("default" = json!([])))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) after: Option<Vec<Located<String>>>,
    /// The `environment_name`s of records that belong to it. Left out: its own name, or none when
    /// `logical_environment` is given.
    #[serde(default, deserialize_with = "present")]
    pub(crate) targets: Option<Located<Vec<Located<String>>>>,
    /// A logical environment of the source: every environment in it is a target too.
    #[serde(default, deserialize_with = "present")]
    pub(crate) logical_environment: Option<Located<String>>,
    /// How old what the source saw may be. When it is older, the verdict is `undecided`. Left out: any age.
    #[schemars(extend("pattern" = duration::PATTERN))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) max_record_age: Option<Located<String>>,
}

/// A policy or a plugin with its parameters, and where it applies.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map with a `policy` or a `plugin`")]
#[schemars(rename = "rule", extend("oneOf" = json!([{"required": ["policy"]}, {"required": ["plugin"]}])))]
pub(crate) struct RawRule {
    /// The Rego package, without `data.`.
    #[schemars(extend("minLength" = 1))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) policy: Option<Located<String>>,
    /// One of `plugins`, by its name.
    #[schemars(extend("minLength" = 1))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) plugin: Option<Located<String>>,
    /// The environments it applies to. Left out: all.
    #[schemars(extend("minItems" = 1))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) environments: Option<Located<Vec<Located<String>>>>,
    /// What the policy sees as `input.parameters`, and the plugin as JSON text.
    #[schemars(extend("default" = json!({})))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) parameters: Option<Map<String, Value>>,
    /// Whether its findings change the verdict.
    #[schemars(extend("default" = "enforce"))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) enforcement: Option<RawEnforcement>,
}

/// What the findings of a rule do.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "enforcement", inline)]
pub(crate) enum RawEnforcement {
    /// They count.
    Enforce,
    /// They are reported as warnings and do not count.
    Warn,
    /// They are reported for information and do not count.
    DryRun,
}

/// The verdict when no enforced rule applies.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "when_no_rule_applies", inline)]
pub(crate) enum RawWhenNoRuleApplies {
    /// It could not be decided: nothing passes by an oversight.
    Undecided,
    /// It passes.
    Allow,
}

/// Limits on the evaluation of rules.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map of limits")]
#[schemars(rename = "limits")]
pub(crate) struct RawLimits {
    /// For one rule. A rule that takes longer has failed.
    #[schemars(extend("default" = DEFAULT_RULE_TIMEOUT, "pattern" = duration::PATTERN))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) rule_timeout: Option<Located<String>>,
    /// For all rules of one decision.
    #[schemars(extend("default" = DEFAULT_EVALUATION_TIMEOUT, "pattern" = duration::PATTERN))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) evaluation_timeout: Option<Located<String>>,
}

/// Limits on overrides. One that exceeds them does not apply.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map of limits")]
#[schemars(rename = "override_limits")]
pub(crate) struct RawOverrideLimits {
    /// The longest that one may last.
    #[schemars(extend("default" = DEFAULT_LONGEST_OVERRIDE, "pattern" = duration::PATTERN))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) longest: Option<Located<String>>,
    /// Whether each has to name a ticket.
    #[schemars(extend("default" = false))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) require_ticket: Option<bool>,
}
