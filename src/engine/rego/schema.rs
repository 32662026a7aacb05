//! The JSON Schemas of what policies see: `input`, and `data.holdpoint`.
//!
//! They describe what `input` and `data` build, with every key that can be there and no other, so that a reference to
//! anything else is a mistake. `lint` looks references up in them.

use std::sync::LazyLock;

use super::analysis::program::Part;
use serde_json::{Map, Value, json};

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The JSON Schema of `input`.
pub(super) fn input() -> Value {
    let fields = [
        ("schema", json!({"const": super::input::SCHEMA, "description": "The name of this form."})),
        ("request", request()),
        ("environment", environment("The environment asked about.", [])),
        (
            "parameters",
            json!({"type": "object", "description": "The parameters of the rule, with the defaults of the policy."}),
        ),
        ("as_of", time("The instant of the decision, the only clock.")),
        ("as_of_ns", json!({"type": "integer", "description": "The same in nanoseconds since 1970."})),
    ];
    let mut schema = object("What a policy sees of a question, as `input`.", fields, []);
    head(&mut schema, "input");
    schema
}

/// Whether every request has something at this path below `input`.
pub(super) fn always_in_input(path: &[Part]) -> bool {
    static SCHEMA: LazyLock<Value> = LazyLock::new(input);
    let mut place = Some(&*SCHEMA);
    for part in path {
        let Part::Name(name) = part else { return false };
        place =
            place.filter(|place| place["required"].as_array().is_some_and(|names| names.iter().any(|one| one == name)));
        place = place.and_then(|place| place["properties"].get(name));
    }
    place.is_some()
}

/// The JSON Schema of `data.holdpoint`.
pub(super) fn data() -> Value {
    let digest = json!({"pattern": "^sha256:[0-9a-f]{64}$"});
    let mut by_digest =
        map("By digest, then by environment: its records, newest first.", &map("By environment.", &records()));
    insert(&mut by_digest, "propertyNames", digest);
    let by_slot = map(
        "By environment, then by target, then by deployment name: the records of a slot, newest first.",
        &map("By target.", &map("By deployment name.", &records())),
    );
    let indexes = [
        ("by_environment", map("By environment: its records, newest first.", &records())),
        ("by_digest", by_digest),
        ("by_slot", by_slot),
    ];
    let fields = [
        ("environments", map("By name, the environments whose records were read.", &observed_environment())),
        ("records", object("The deployment records, by what they are looked up by.", indexes, [])),
    ];
    let mut schema = object("What policies see of the records, as `data.holdpoint`.", fields, []);
    head(&mut schema, "data.holdpoint");
    insert(&mut schema, "$defs", json!({"record": record()}));
    schema
}

fn request() -> Value {
    let artifact = [
        ("kind", text("`CONTAINER_IMAGE`, `HELM_CHART`, or another kind as it came.")),
        ("name", text("The name without tag and digest; empty when a bare digest was given.")),
        ("digest", json!({"type": "string", "pattern": "^sha256:[0-9a-f]{64}$", "description": "The digest."})),
        ("version", text("The tag or version; empty when none was given.")),
        ("reference", text("As it was given.")),
    ];
    let intents = json!({"enum": ["deploy", "rollback", "hotfix"], "description": "Why it would be deployed."});
    let fields = [
        ("artifact", object("What would be deployed.", artifact, [])),
        ("environment", text("The name of the environment asked about.")),
        ("deployment_name", optional_text("The deployment it would take over.")),
        ("intent", intents),
        ("actor", optional_text("Who asks: claimed, not proven.")),
        ("reason", optional_text("Why, in the words of who asks.")),
        ("channel", text("The door the request came through, such as `check`.")),
        ("context", json!({"type": "object", "description": "More that the caller says: claimed, not proven."})),
    ];
    object("What is asked.", fields, [])
}

fn environment<const N: usize>(description: &str, more: [(&str, Value); N]) -> Value {
    let fields = [
        ("name", text("Its name in the configuration.")),
        ("after", texts("The environments that come directly before it.")),
        ("targets", texts("The `environment_name`s of records that belong to it.")),
    ];
    object(description, fields.into_iter().chain(more), [])
}

fn observed_environment() -> Value {
    let more = [
        ("source", text("The record source that knows it.")),
        ("observed_at", optional_time("When the source was asked, or the snapshot made.")),
        ("complete", json!({"type": "boolean", "description": "Whether these are all of its records."})),
    ];
    environment("An environment.", more)
}

fn record() -> Value {
    let artifact = [
        ("kind", text("`CONTAINER_IMAGE`, `HELM_CHART`, or another kind as it came.")),
        ("name", text("Its name.")),
        ("digest", text("Its digest as it came; `sha256:` and 64 lower-case digits when it is usable.")),
        ("version", text("Its version; empty when the source has none.")),
    ];
    let fields = [
        ("id", text("The record.")),
        ("environment_id", text("The target, as the source numbers it.")),
        ("environment_name", text("The target.")),
        ("deployment_name", text("The deployment within the target.")),
        ("artifact_id", text("The artifact, as the source numbers it.")),
        ("artifact", object("What is or was deployed.", artifact, [])),
        ("status", text("`DEPLOYED`, `SUPERSEDED`, `DECOMMISSIONED`; any other text means not deployed.")),
        ("created_at", optional_time("When the stay in the slot began.")),
        ("updated_at", optional_time("When the record last changed.")),
        ("last_seen_at", optional_time("When the deployment was last reported.")),
    ];
    let from_some_sources = [
        ("logical_environment_name", text("The logical environment of the target.")),
        ("tags", map("Tags of the deployment.", &json!({"type": "string"}))),
        ("runtime_risks", texts("Risks that the source found.")),
    ];
    object("A deployment record. Times are RFC 3339 in UTC.", fields, from_some_sources)
}

fn records() -> Value {
    json!({"type": "array", "items": {"$ref": "#/$defs/record"}})
}

/// An object with these keys and no other.
fn object<'a, const M: usize>(
    description: &str,
    required: impl IntoIterator<Item = (&'a str, Value)>,
    optional: [(&str, Value); M],
) -> Value {
    let mut properties = Map::new();
    let mut names = Vec::new();
    for (name, schema) in required {
        names.push(Value::from(name));
        properties.insert(name.to_owned(), schema);
    }
    properties.extend(optional.into_iter().map(|(name, schema)| (name.to_owned(), schema)));
    json!({
        "type": "object",
        "description": description,
        "properties": properties,
        "required": names,
        "additionalProperties": false,
    })
}

/// An object whose keys are names that holdpoint does not choose.
fn map(description: &str, values: &Value) -> Value {
    json!({"type": "object", "description": description, "additionalProperties": values})
}

fn text(description: &str) -> Value {
    json!({"type": "string", "description": description})
}

fn optional_text(description: &str) -> Value {
    json!({"type": ["string", "null"], "description": description})
}

fn texts(description: &str) -> Value {
    json!({"type": "array", "items": {"type": "string"}, "description": description})
}

fn time(description: &str) -> Value {
    json!({"type": "string", "format": "date-time", "description": description})
}

fn optional_time(description: &str) -> Value {
    json!({"type": ["string", "null"], "format": "date-time", "description": description})
}

fn head(schema: &mut Value, title: &str) {
    insert(schema, "$schema", json!(DIALECT));
    insert(schema, "title", json!(title));
}

fn insert(schema: &mut Value, key: &str, value: Value) {
    if let Value::Object(fields) = schema {
        fields.insert(key.to_owned(), value);
    }
}

#[cfg(test)]
mod tests;
