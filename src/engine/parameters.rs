//! What parameters a rule takes: a JSON Schema (draft 2020-12), in the METADATA of a policy or from a plugin.
//!
//! A rule's parameters are checked when the configuration is loaded, so that a typing error is an error and no looser
//! gate, and the schema's defaults are filled in. Besides the formats of JSON Schema there is `environment`: the name
//! of an environment of the configuration.

use std::collections::BTreeSet;
use std::sync::Arc;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, ValidationError, Validator};
use serde_json::{Map, Value};

use crate::domain::text::{self, nearest};

/// The most that is told about one rule.
const MOST_FAULTS: usize = 10;
/// Characters of a value that a message repeats.
const LONGEST_VALUE: usize = 60;

/// The parameters of one policy or plugin.
pub(super) struct ParameterSchema<'schema> {
    schema: &'schema Value,
    /// What takes them: `policy` or `plugin`.
    of: &'static str,
    validator: Validator,
}

impl<'schema> ParameterSchema<'schema> {
    /// Reads a schema, in which `format: environment` stands for one of these names.
    ///
    /// # Errors
    /// What is wrong with the schema itself.
    pub(super) fn new(
        schema: &'schema Value,
        of: &'static str,
        environments: &Arc<BTreeSet<String>>,
    ) -> Result<Self, String> {
        if !schema.is_object() {
            return Err("it is no object".to_owned());
        }
        let known = Arc::clone(environments);
        let options = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .with_format("environment", move |name: &str| known.contains(name))
            .should_validate_formats(true);
        let validator = options.build(schema).map_err(|error| error.to_string())?;
        Ok(Self { schema, of, validator })
    }

    /// What is wrong with the parameters of a rule, a line and a hint each.
    pub(super) fn faults(&self, parameters: &Value) -> Vec<(String, String)> {
        let errors = self.validator.iter_errors(parameters).take(MOST_FAULTS);
        errors.map(|error| (self.message(&error), self.hint(&error))).collect()
    }

    fn message(&self, error: &ValidationError<'_>) -> String {
        let path = error.instance_path().to_string();
        let value = cut(&error.instance().to_string());
        let name = path.trim_start_matches('/').replace('/', ".");
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                format!("`{}` is no parameter of this {}", unexpected.join("`, `"), self.of)
            }
            ValidationErrorKind::Required { property } => {
                format!("parameter `{}` is missing", property.as_str().unwrap_or_default())
            }
            ValidationErrorKind::Format { format } if format == "environment" => {
                format!("parameter `{name}` is {value}, and no environment has that name")
            }
            _ if name.is_empty() => format!("the parameters do not fit: {}", cut(&error.to_string())),
            _ => format!("parameter `{name}` is {value}, which does not fit"),
        }
    }

    /// How the parameter is described; for one that does not exist, the nearest.
    fn hint(&self, error: &ValidationError<'_>) -> String {
        let properties = self.schema.get("properties").and_then(Value::as_object);
        let names = || properties.into_iter().flat_map(|properties| properties.keys().map(String::as_str));
        let wanted = match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                let unknown = unexpected.first().map(String::as_str).unwrap_or_default();
                return match nearest(unknown, names()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("it takes `{}`", names().collect::<Vec<_>>().join("`, `")),
                };
            }
            ValidationErrorKind::Required { property } => property.as_str().unwrap_or_default().to_owned(),
            _ => error.instance_path().to_string().trim_start_matches('/').split('/').next().unwrap_or_default().into(),
        };
        let described = properties.and_then(|properties| properties.get(&wanted)?.get("description")?.as_str());
        described.map_or_else(
            || format!("it takes `{}`", names().collect::<Vec<_>>().join("`, `")),
            |text| format!("`{wanted}`: {}", text.trim()),
        )
    }
}

fn cut(value: &str) -> String {
    text::cut(value, LONGEST_VALUE)
}

/// The parameters with the defaults of the schema, for those that are not given.
pub(super) fn filled(parameters: &Value, schema: Option<&Value>) -> Value {
    let mut filled = parameters.clone();
    if let Some(given) = filled.as_object_mut() {
        given.append(&mut defaults(parameters, schema));
    }
    filled
}

/// The defaults of the parameters that are not given.
pub(super) fn defaults(parameters: &Value, schema: Option<&Value>) -> Map<String, Value> {
    let properties = schema.and_then(|schema| schema.get("properties")).and_then(Value::as_object);
    let missing = properties.into_iter().flatten().filter(|(name, _property)| parameters.get(name).is_none());
    missing.filter_map(|(name, property)| Some((name.clone(), property.get("default")?.clone()))).collect()
}

#[cfg(test)]
mod tests {
    use super::{ParameterSchema, filled};
    use serde_json::{Value, json};
    use std::sync::Arc;

    fn schema() -> Value {
        json!({
            "type": "object", "additionalProperties": false, "required": ["minimum"],
            "properties": {
                "minimum": {"type": "string", "pattern": "^[1-9][0-9]*[smhd]$", "description": "How long."},
                "strategy": {"enum": ["all", "any"], "default": "all"},
                "environments": {"type": "array", "items": {"type": "string", "format": "environment"}}
            }
        })
    }

    #[test]
    fn what_does_not_fit_is_told() {
        let schema = schema();
        let checked = ParameterSchema::new(&schema, "policy", &Arc::new(["staging".to_owned()].into())).unwrap();
        for (parameters, told) in [
            (json!({"minimum": "24h"}), vec![]),
            (json!({"minimum": "24h", "environments": ["staging"]}), vec![]),
            (json!({}), vec!["parameter `minimum` is missing | `minimum`: How long."]),
            (
                json!({"minimum": "24"}),
                vec!["parameter `minimum` is \"24\", which does not fit | `minimum`: How long."],
            ),
            (json!({"minimum": 24}), vec!["parameter `minimum` is 24, which does not fit | `minimum`: How long."]),
            (
                json!({"minimum": "24h", "stratgy": "any"}),
                vec!["`stratgy` is no parameter of this policy | did you mean `strategy`?"],
            ),
            (
                json!({"minimum": "24h", "environments": ["stagin"]}),
                vec![
                    "parameter `environments.0` is \"stagin\", and no environment has that name | it takes `environments`, `minimum`, `strategy`",
                ],
            ),
        ] {
            let found: Vec<String> =
                checked.faults(&parameters).into_iter().map(|(message, hint)| format!("{message} | {hint}")).collect();
            assert_eq!(found, told, "{parameters}");
        }
    }

    #[test]
    fn what_is_no_schema_is_refused() {
        let nothing = Arc::new(std::collections::BTreeSet::new());
        for schema in [json!("text"), json!({"type": "objekt"}), json!({"$ref": "https://example.com/x.json"})] {
            assert!(ParameterSchema::new(&schema, "policy", &nothing).is_err(), "{schema}");
        }
    }

    #[test]
    fn defaults_fill_what_is_not_given() {
        assert_eq!(filled(&json!({"minimum": "1h"}), Some(&schema())), json!({"minimum": "1h", "strategy": "all"}));
        assert_eq!(filled(&json!({"strategy": "any"}), Some(&schema())), json!({"strategy": "any"}));
        assert_eq!(filled(&json!({"a": 1}), None), json!({"a": 1}));
    }
}
