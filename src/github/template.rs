//! Texts with fields of a deployment in braces, such as `ghcr.io/{repository}@{payload/digest}`.

use std::str::FromStr;

use serde_json::Value;
use thiserror::Error;

use super::event::Deployment;

/// The longest text that is made, in bytes.
const LONGEST: usize = 4_096;
/// What a template may name, for messages.
pub const FIELDS: &str = "{repository}, {owner}, {name}, {environment}, {sha}, {ref}, {task}, {payload}, \
                          {payload/KEY/…} or {payload/KEY/*/KEY}";
/// What stands for each element of a list.
const EACH: &str = "*";

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
    /// Something in each element of a list of the payload: pointers to the list, and from its element on.
    Each {
        list: String,
        inside: String,
    },
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
    /// Elements of which list belong together is not known.
    #[error("has `*` for elements of two lists")]
    Lists,
}

/// What a template is filled from.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The repository, `owner/name`.
    pub repository: &'a str,
    /// The environment, as GitHub calls it.
    pub environment: &'a str,
    /// The deployment.
    pub deployment: &'a Deployment,
    /// The payload, read.
    pub payload: &'a Value,
    /// The element of a list in the payload that `*` stands for.
    pub element: usize,
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
        let template = Self(pieces);
        if template.lists().any(|list| Some(list) != template.list()) {
            return Err(TemplateError::Lists);
        }
        if template.0.is_empty() { Err(TemplateError::Empty) } else { Ok(template) }
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
                Some(pointer) if !pointer.contains('{') => {
                    in_list(pointer).ok_or_else(|| TemplateError::Unknown(other.to_owned()))?
                }
                _ => return Err(TemplateError::Unknown(other.to_owned())),
            },
        })
    }

    /// Its value; why there is none otherwise.
    fn value(&self, facts: &Facts<'_>) -> Result<String, String> {
        let (owner, name) = facts.repository.split_once('/').unwrap_or_default();
        Ok(match self {
            // Registries know no capitals.
            Self::Repository => facts.repository.to_lowercase(),
            Self::Owner => owner.to_lowercase(),
            Self::Name => name.to_lowercase(),
            Self::Environment => facts.environment.to_owned(),
            Self::Sha => facts.deployment.sha.clone(),
            Self::Reference => facts.deployment.reference.clone(),
            Self::Task => facts.deployment.task.clone(),
            Self::Payload(pointer) => return in_payload(facts.payload, pointer),
            Self::Each { list, inside } => {
                return in_payload(facts.payload, &format!("{list}/{}{inside}", facts.element));
            }
        })
    }
}

/// The field of a pointer, which may have one `*`.
fn in_list(pointer: &str) -> Option<Field> {
    let steps: Vec<&str> = pointer.split('/').collect();
    let join = |steps: &[&str]| if steps.is_empty() { String::new() } else { format!("/{}", steps.join("/")) };
    let Some(place) = steps.iter().position(|step| *step == EACH) else {
        return Some(Field::Payload(join(&steps)));
    };
    let (list, inside) = (steps.get(..place)?, steps.get(place.saturating_add(1)..)?);
    (!inside.contains(&EACH)).then(|| Field::Each { list: join(list), inside: join(inside) })
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
        self.0.iter().any(|piece| matches!(piece, Piece::Field(Field::Payload(_) | Field::Each { .. })))
    }

    /// Whether it names the commit.
    #[must_use]
    pub fn has_commit(&self) -> bool {
        self.0.contains(&Piece::Field(Field::Sha))
    }

    /// The text that it begins with, whatever is deployed; empty when it begins with a field.
    #[must_use]
    pub fn beginning(&self) -> &str {
        match self.0.first() {
            Some(Piece::Text(text)) => text,
            _ => "",
        }
    }

    /// The list of the payload of which it is about each element: a JSON pointer.
    #[must_use]
    pub fn list(&self) -> Option<&str> {
        self.lists().next()
    }

    fn lists(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Field(Field::Each { list, .. }) => Some(list.as_str()),
            _ => None,
        })
    }

    /// How many texts it makes of this payload.
    ///
    /// # Errors
    /// Why there is no such list, in words that follow "because".
    pub fn count(&self, payload: &Value) -> Result<usize, String> {
        let Some(list) = self.list() else { return Ok(1) };
        let what = if list.is_empty() { "the payload".to_owned() } else { format!("`{list}` of the payload") };
        match payload.pointer(list) {
            Some(Value::Array(elements)) if elements.is_empty() => Err(format!("{what} is an empty list")),
            Some(Value::Array(elements)) => Ok(elements.len()),
            _ => Err(format!("{what} is no list")),
        }
    }
}

#[cfg(test)]
mod tests;
