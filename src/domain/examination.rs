//! What can be known of a plugin before anybody trusts it.

use serde::Serialize;
use serde_json::Value;

use super::digest::Digest;
use super::grant::Need;
use super::plugin::PluginMetadata;

/// The most parameters that are described.
const MOST_PARAMETERS: usize = 100;
/// How deep the kind of a list is told.
const DEEPEST: usize = 4;

/// A component that was read, compiled, linked and asked what it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Examination {
    /// The digest of the component.
    pub digest: Digest,
    /// Its size.
    pub bytes: usize,
    /// The version of the contract it is built for, such as `0.1.0`.
    pub contract: String,
    /// The interfaces it imports, in order.
    pub imports: Vec<String>,
    /// What has to be granted for it to run.
    pub needs: Vec<Need>,
    /// What it says of itself.
    pub metadata: PluginMetadata,
}

/// One parameter, as the JSON Schema has it. All texts are the plugin's.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DescribedParameter {
    /// Its name.
    pub name: String,
    /// What it takes, in words: `string`, `list of string`, `"all" or "any"`.
    pub kind: String,
    /// Whether it has to be given.
    pub required: bool,
    /// Its value when it is not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// What it is for; empty when the schema does not say.
    pub description: String,
    /// A value that would fit, as far as the schema tells.
    #[serde(skip)]
    pub example: Value,
}

impl Examination {
    /// The parameters of the schema: those that have to be given first, then by name.
    #[must_use]
    pub fn parameters(&self) -> Vec<DescribedParameter> {
        let Some(schema) = &self.metadata.parameters else { return Vec::new() };
        let is_required = |name: &str| {
            let required = schema.get("required").and_then(Value::as_array);
            required.is_some_and(|names| names.iter().any(|required| required == name))
        };
        let properties = schema.get("properties").and_then(Value::as_object);
        let described = properties.into_iter().flatten().take(MOST_PARAMETERS).map(|(name, property)| {
            let description = property.get("description").and_then(Value::as_str).unwrap_or_default();
            DescribedParameter {
                name: name.clone(),
                kind: kind(property, 0),
                required: is_required(name),
                default: property.get("default").cloned(),
                description: description.trim().to_owned(),
                example: example(property),
            }
        });
        let mut described: Vec<_> = described.collect();
        described.sort_by(|one, other| (!one.required, &one.name).cmp(&(!other.required, &other.name)));
        described
    }
}

/// What a value of this schema is.
fn kind(schema: &Value, depth: usize) -> String {
    if let Some(choices) = schema.get("enum").and_then(Value::as_array) {
        return joined(choices.iter().map(Value::to_string));
    }
    if let Some(only) = schema.get("const") {
        return only.to_string();
    }
    match schema.get("type") {
        Some(Value::String(name)) if name == "array" => match schema.get("items") {
            Some(items) if depth < DEEPEST => format!("list of {}", kind(items, depth + 1)),
            _ => "list".to_owned(),
        },
        Some(Value::String(name)) => match schema.get("format").and_then(Value::as_str) {
            Some(format) => format!("{name} ({format})"),
            None => name.clone(),
        },
        Some(Value::Array(names)) => joined(names.iter().filter_map(Value::as_str).map(str::to_owned)),
        _ => "any value".to_owned(),
    }
}

fn joined(names: impl Iterator<Item = String>) -> String {
    names.collect::<Vec<_>>().join(" or ")
}

/// The default, an example of the schema, or the simplest of its type.
fn example(schema: &Value) -> Value {
    let listed = |key: &str| schema.get(key).and_then(Value::as_array).and_then(|values| values.first()).cloned();
    let given = schema.get("default").or_else(|| schema.get("const")).cloned();
    given.or_else(|| listed("examples")).or_else(|| listed("enum")).unwrap_or_else(|| {
        match schema.get("type").and_then(Value::as_str) {
            Some("boolean") => Value::Bool(false),
            Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or_else(|| Value::from(0)),
            Some("array") => Value::Array(Vec::new()),
            Some("object") => Value::Object(serde_json::Map::new()),
            Some("null") => Value::Null,
            _ => Value::from("…"),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::{example, kind};
    use serde_json::json;

    #[test]
    fn kinds_and_examples_are_told() {
        let cases = [
            (json!({"type": "string"}), "string", json!("…")),
            (json!({"type": "string", "format": "environment"}), "string (environment)", json!("…")),
            (json!({"type": "string", "examples": ["24h"]}), "string", json!("24h")),
            (json!({"enum": ["all", "any"], "default": "any"}), "\"all\" or \"any\"", json!("any")),
            (json!({"enum": ["all", "any"]}), "\"all\" or \"any\"", json!("all")),
            (json!({"const": 7}), "7", json!(7)),
            (json!({"type": "integer", "minimum": 2}), "integer", json!(2)),
            (json!({"type": ["string", "null"]}), "string or null", json!("…")),
            (json!({"type": "array", "items": {"type": "string"}}), "list of string", json!([])),
            (json!({"type": "array"}), "list", json!([])),
            (json!({"$ref": "#/$defs/a"}), "any value", json!("…")),
            (json!(true), "any value", json!("…")),
        ];
        for (schema, told, fits) in cases {
            assert_eq!((kind(&schema, 0).as_str(), example(&schema)), (told, fits), "{schema}");
        }
        let endless = (0..20).fold(json!({"type": "string"}), |inner, _| json!({"type": "array", "items": inner}));
        assert_eq!(kind(&endless, 0), "list of list of list of list of list");
    }
}
