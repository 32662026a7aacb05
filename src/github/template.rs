//! Texts with fields of a deployment in braces, such as `ghcr.io/{repository}@{payload/digest}`.

use std::str::FromStr;

use serde_json::Value;
use thiserror::Error;

use super::event::{Deployment, Waiting};

/// The longest text that is made, in bytes.
const LONGEST: usize = 4_096;
/// What a template may name, for messages.
pub const FIELDS: &str = "{repository}, {owner}, {name}, {environment}, {sha}, {ref}, {task}, {payload} or \
                          {payload/KEY/…}";

/// A text with fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Field(Field),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Field {
    Repository,
    Owner,
    Name,
    Environment,
    Sha,
    Reference,
    Task,
    /// A JSON pointer into the payload; empty for the payload itself.
    Payload(String),
}

/// Why a text is no template.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TemplateError {
    /// Nothing is in it.
    #[error("is empty")]
    Empty,
    /// A brace without its other.
    #[error("has a brace that is not closed, or not opened")]
    Brace,
    /// A field that there is not.
    #[error("names `{{{0}}}`, which there is not")]
    Unknown(String),
}

/// What a template is filled from.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The run.
    pub waiting: &'a Waiting,
    /// Its deployment.
    pub deployment: &'a Deployment,
    /// The payload, read.
    pub payload: &'a Value,
}

impl FromStr for Template {
    type Err = TemplateError;

    fn from_str(text: &str) -> Result<Self, TemplateError> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('{') {
            let (field, after) = behind.split_once('}').ok_or(TemplateError::Brace)?;
            pieces.extend(plain(before)?);
            pieces.push(Piece::Field(Field::from_name(field)?));
            rest = after;
        }
        pieces.extend(plain(rest)?);
        if pieces.is_empty() { Err(TemplateError::Empty) } else { Ok(Self(pieces)) }
    }
}

fn plain(text: &str) -> Result<Option<Piece>, TemplateError> {
    if text.contains('}') {
        return Err(TemplateError::Brace);
    }
    Ok((!text.is_empty()).then(|| Piece::Text(text.to_owned())))
}

impl Field {
    fn from_name(name: &str) -> Result<Self, TemplateError> {
        Ok(match name {
            "repository" => Self::Repository,
            "owner" => Self::Owner,
            "name" => Self::Name,
            "environment" => Self::Environment,
            "sha" => Self::Sha,
            "ref" => Self::Reference,
            "task" => Self::Task,
            "payload" => Self::Payload(String::new()),
            other => match other.strip_prefix("payload/") {
                Some(pointer) if !pointer.contains('{') => Self::Payload(format!("/{pointer}")),
                _ => return Err(TemplateError::Unknown(other.to_owned())),
            },
        })
    }

    /// Its value; why there is none otherwise.
    fn value(&self, facts: &Facts<'_>) -> Result<String, String> {
        let (owner, name) = facts.waiting.repository.split_once('/').unwrap_or_default();
        Ok(match self {
            // Registries know no capitals.
            Self::Repository => facts.waiting.repository.to_lowercase(),
            Self::Owner => owner.to_lowercase(),
            Self::Name => name.to_lowercase(),
            Self::Environment => facts.waiting.environment.clone(),
            Self::Sha => facts.deployment.sha.clone(),
            Self::Reference => facts.deployment.reference.clone(),
            Self::Task => facts.deployment.task.clone(),
            Self::Payload(pointer) => return in_payload(facts.payload, pointer),
        })
    }
}

fn in_payload(payload: &Value, pointer: &str) -> Result<String, String> {
    let what = if pointer.is_empty() { "the payload".to_owned() } else { format!("`{pointer}` of the payload") };
    match payload.pointer(pointer) {
        Some(Value::String(text)) if !text.is_empty() => Ok(text.clone()),
        Some(Value::String(_)) => Err(format!("{what} is empty")),
        Some(Value::Null) | None => Err(format!("there is no {}", what.trim_start_matches("the "))),
        Some(_) => Err(format!("{what} is no text")),
    }
}

impl Template {
    /// The text with its fields in it.
    ///
    /// # Errors
    /// Why a field has no value, in words that follow "because".
    pub fn fill(&self, facts: &Facts<'_>) -> Result<String, String> {
        let mut text = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(plain) => text.push_str(plain),
                Piece::Field(field) => text.push_str(&field.value(facts)?),
            }
        }
        if text.len() > LONGEST {
            return Err("it is longer than 4096 bytes".to_owned());
        }
        Ok(text)
    }

    /// Whether it needs the payload of a deployment.
    #[must_use]
    pub fn has_payload(&self) -> bool {
        self.0.iter().any(|piece| matches!(piece, Piece::Field(Field::Payload(_))))
    }
}

#[cfg(test)]
mod tests {
    use super::{Facts, Template, TemplateError};
    use crate::github::event::{Deployment, Waiting};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn deployment() -> Deployment {
        Deployment {
            id: 7,
            sha: "a".repeat(40),
            reference: "main".to_owned(),
            task: "deploy".to_owned(),
            payload: Value::Null,
        }
    }

    fn waiting() -> Waiting {
        Waiting {
            repository_id: 1,
            repository: "Acme/Shop".to_owned(),
            run_id: 42,
            environment: "prod".to_owned(),
            installation_id: 3,
            trigger: "push".to_owned(),
            actor: "ann".to_owned(),
            pull_request: None,
            deployments: vec![deployment()],
        }
    }

    fn fill(template: &str, payload: &Value) -> Result<String, String> {
        let (waiting, deployment) = (waiting(), deployment());
        let facts = Facts { waiting: &waiting, deployment: &deployment, payload };
        template.parse::<Template>().unwrap().fill(&facts)
    }

    #[test]
    fn fields_are_filled_or_missed() {
        let payload = json!({"digest": "sha256:1", "a": {"b/c": ["x"]}, "n": 1, "e": "", "z": null});
        let cases = [
            ("ghcr.io/{repository}@{payload/digest}", Ok("ghcr.io/acme/shop@sha256:1")),
            ("{owner}-{name}-{environment}-{ref}-{task}", Ok("acme-shop-prod-main-deploy")),
            ("{payload/a/b~1c/0}", Ok("x")),
            ("plain", Ok("plain")),
            ("{payload/none}", Err("there is no `/none` of the payload")),
            ("{payload/z}", Err("there is no `/z` of the payload")),
            ("{payload/n}", Err("`/n` of the payload is no text")),
            ("{payload/e}", Err("`/e` of the payload is empty")),
            ("{payload}", Err("the payload is no text")),
        ];
        for (template, expected) in cases {
            assert_eq!(fill(template, &payload), expected.map(str::to_owned).map_err(str::to_owned), "{template}");
        }
        assert_eq!(fill("{payload}", &json!("sha256:2")), Ok("sha256:2".to_owned()));
        assert_eq!(fill("{payload}", &Value::Null), Err("there is no payload".to_owned()));
        assert!(fill("{payload}", &json!("x".repeat(5000))).is_err());
    }

    #[test]
    fn what_is_no_template_is_refused() {
        let unknown = |name: &str| TemplateError::Unknown(name.to_owned());
        let cases = [
            ("", TemplateError::Empty),
            ("{", TemplateError::Brace),
            ("a}b", TemplateError::Brace),
            ("{sha", TemplateError::Brace),
            ("{sha}}", TemplateError::Brace),
            ("{{sha}}", unknown("{sha")),
            ("{}", unknown("")),
            ("{ sha }", unknown(" sha ")),
            ("{payload.digest}", unknown("payload.digest")),
            ("{payload/{sha}}", unknown("payload/{sha")),
        ];
        for (text, expected) in cases {
            assert_eq!(text.parse::<Template>(), Err(expected), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_template_or_not(text in "[a-z{}/~@:]{0,24}", payload in "[a-z]{1,8}") {
            if let Ok(template) = text.parse::<Template>() {
                let (waiting, deployment) = (waiting(), deployment());
                let payload = json!({"a": payload});
                let filled = template.fill(&Facts { waiting: &waiting, deployment: &deployment, payload: &payload });
                prop_assert!(template.has_payload() || filled.is_ok());
                if !text.contains('{') {
                    prop_assert_eq!(filled, Ok(text));
                }
            }
        }
    }
}
