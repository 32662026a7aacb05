//! Values as JSON, short enough to be read. What is cut is counted.

use std::collections::BTreeSet;

use regorus::Value;
use regorus::value::Object;
use serde_json::{Map, Value as Json, json};

/// Members shown of one list or object.
const MEMBERS_LIMIT: usize = 12;
/// Values within values.
const DEPTH_LIMIT: usize = 5;
/// Parts of one value, and of all values of a policy.
const PARTS_LIMIT: usize = 200;
const ALL_PARTS_LIMIT: usize = 4000;
/// Bytes of one text.
const TEXT_LIMIT: usize = 300;
/// Record ids that are kept, and values that are looked through for them.
const RECORDS_LIMIT: usize = 1000;

/// Shortens the values of one policy, and notes the records in them.
#[derive(Default)]
pub(super) struct Shortener {
    parts: usize,
    all_parts: usize,
    records: Vec<String>,
    known: BTreeSet<String>,
}

impl Shortener {
    /// The value as JSON; `None` when it is undefined. A record is `{"record": ID}`: records are shown apart.
    pub(super) fn shorten(&mut self, value: &Value) -> Option<Json> {
        self.parts = 0;
        (*value != Value::Undefined).then(|| self.short(value, 0))
    }

    /// The ids of the records in all values so far, each once, in the order they came.
    pub(super) fn into_records(self) -> Vec<String> {
        self.records
    }

    fn short(&mut self, value: &Value, depth: usize) -> Json {
        self.parts += 1;
        self.all_parts += 1;
        match value {
            Value::Array(items) => self.list(items.iter(), items.len(), depth),
            Value::Set(items) => self.list(items.iter(), items.len(), depth),
            Value::Object(fields) => match record_id(fields) {
                Some(id) => self.record(id),
                None => self.object(fields, depth),
            },
            Value::String(text) => text_of(text).into(),
            Value::Undefined => Json::Null,
            // Numbers, truth values and null: small, and of one form in both.
            scalar => serde_json::to_value(scalar).unwrap_or_default(),
        }
    }

    fn full(&self, depth: usize) -> bool {
        depth >= DEPTH_LIMIT || self.parts >= PARTS_LIMIT || self.all_parts >= ALL_PARTS_LIMIT
    }

    fn list<'v>(&mut self, items: impl Iterator<Item = &'v Value>, count: usize, depth: usize) -> Json {
        let mut shown: Vec<Json> = Vec::new();
        for item in items.take(MEMBERS_LIMIT) {
            if self.full(depth) {
                break;
            }
            shown.push(self.short(item, depth + 1));
        }
        if let more @ 1.. = count.saturating_sub(shown.len()) {
            shown.push(format!("… {more} more").into());
        }
        shown.into()
    }

    fn object(&mut self, fields: &Object, depth: usize) -> Json {
        let mut shown = Map::new();
        for (key, value) in fields.iter().take(MEMBERS_LIMIT) {
            if self.full(depth) {
                break;
            }
            let key = match key {
                Value::String(text) => text_of(text),
                // Rego has keys of every kind; JSON has texts.
                other => self.short(other, depth + 1).to_string(),
            };
            let value = self.short(value, depth + 1);
            shown.insert(key, value);
        }
        if let more @ 1.. = fields.len().saturating_sub(shown.len()) {
            shown.insert("…".to_owned(), format!("{more} more").into());
        }
        shown.into()
    }

    fn record(&mut self, id: &str) -> Json {
        if self.records.len() < RECORDS_LIMIT && self.known.insert(id.to_owned()) {
            self.records.push(id.to_owned());
        }
        json!({"record": text_of(id)})
    }
}

/// The id, when the object is a deployment record.
fn record_id(fields: &Object) -> Option<&str> {
    let text = |key: &str| match fields.get(&Value::from(key)) {
        Some(Value::String(text)) => Some(&**text),
        _ => None,
    };
    text("environment_name").and(text("status"))?;
    fields.get(&Value::from("artifact"))?;
    text("id")
}

fn text_of(text: &str) -> String {
    match text.char_indices().find(|(start, _letter)| *start >= TEXT_LIMIT) {
        Some((cut, _letter)) => format!("{} … (cut)", text.get(..cut).unwrap_or_default()),
        None => text.to_owned(),
    }
}
