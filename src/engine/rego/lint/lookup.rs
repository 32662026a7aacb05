//! Whether a JSON Schema has room for a path.
//!
//! Only what is certain counts: where a schema says more than types, properties and items, anything may be there.

use serde_json::{Map, Value};

use crate::engine::rego::analysis::program::Part;

/// Keywords beside which a place may be more than its `properties` tell.
const OPEN: [&str; 9] = [
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "patternProperties",
    "dependentSchemas",
    "unevaluatedProperties",
    "$dynamicRef",
];

/// References within a schema that lead from one to the next end here.
const LONGEST_CHAIN: usize = 16;

/// Where a path leaves the schema.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Miss {
    /// The part of the path that is not there, from 0.
    pub(super) position: usize,
    pub(super) reason: Reason,
}

/// Why a part is not there.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// The object has these keys, and no other.
    Unknown(Vec<String>),
    /// What it would be a part of is a list, which has no named parts.
    List,
    /// What it would be a part of has none.
    Scalar,
}

/// The first part of the path that cannot exist in a value of this schema.
pub(super) fn miss(schema: &Value, path: &[Part]) -> Option<Miss> {
    let mut places = vec![schema];
    for (position, part) in path.iter().enumerate() {
        let mut next = Vec::new();
        let mut reason = None;
        for place in places {
            match step(schema, place, part) {
                Step::Into(found) => next.extend(found),
                Step::Anything => return None,
                Step::Nowhere(why) => reason = Some(why),
            }
        }
        if next.is_empty() {
            return reason.map(|reason| Miss { position, reason });
        }
        places = next;
    }
    None
}

enum Step<'schema> {
    Into(Vec<&'schema Value>),
    Anything,
    Nowhere(Reason),
}

fn step<'schema>(root: &'schema Value, place: &'schema Value, part: &Part) -> Step<'schema> {
    let Some(fields) = follow(root, place).and_then(Value::as_object) else { return Step::Anything };
    if OPEN.iter().any(|keyword| fields.contains_key(*keyword)) {
        return Step::Anything;
    }
    let types = types(fields);
    match types.as_slice() {
        ["object"] => into_object(fields, part),
        ["array"] => into_array(fields, part),
        [] if fields.contains_key("const") || fields.contains_key("enum") => of_constant(fields),
        [] => Step::Anything,
        several if several.iter().any(|name| matches!(*name, "object" | "array")) => Step::Anything,
        _ => Step::Nowhere(Reason::Scalar),
    }
}

fn follow<'schema>(root: &'schema Value, mut place: &'schema Value) -> Option<&'schema Value> {
    for _round in 0..LONGEST_CHAIN {
        let Some(reference) = place.get("$ref") else { return Some(place) };
        place = root.pointer(reference.as_str()?.strip_prefix('#')?)?;
    }
    None
}

/// The types that the value may have, without `null`, which has no parts.
fn types(fields: &Map<String, Value>) -> Vec<&str> {
    let names = match fields.get("type") {
        Some(Value::String(name)) => vec![name.as_str()],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    names.into_iter().filter(|name| *name != "null").collect()
}

fn into_object<'schema>(fields: &'schema Map<String, Value>, part: &Part) -> Step<'schema> {
    let properties = fields.get("properties").and_then(Value::as_object);
    let others = match fields.get("additionalProperties") {
        Some(Value::Bool(false)) => None,
        Some(schema @ Value::Object(_)) => Some(schema),
        _ => return open_object(properties, part),
    };
    match part {
        Part::Any => Step::Into(properties.into_iter().flat_map(Map::values).chain(others).collect()),
        Part::Name(name) => match properties.and_then(|properties| properties.get(name)).or(others) {
            Some(schema) => Step::Into(vec![schema]),
            None => Step::Nowhere(Reason::Unknown(properties.into_iter().flat_map(Map::keys).cloned().collect())),
        },
    }
}

fn open_object<'schema>(properties: Option<&'schema Map<String, Value>>, part: &Part) -> Step<'schema> {
    match part {
        Part::Name(name) => {
            properties.and_then(|known| known.get(name)).map_or(Step::Anything, |schema| Step::Into(vec![schema]))
        }
        Part::Any => Step::Anything,
    }
}

fn into_array<'schema>(fields: &'schema Map<String, Value>, part: &Part) -> Step<'schema> {
    match (part, fields.get("items")) {
        (Part::Name(_), _) => Step::Nowhere(Reason::List),
        (Part::Any, Some(items)) if !fields.contains_key("prefixItems") => Step::Into(vec![items]),
        (Part::Any, _) => Step::Anything,
    }
}

fn of_constant<'schema>(fields: &Map<String, Value>) -> Step<'schema> {
    let compound = |value: &Value| value.is_object() || value.is_array();
    let values = fields.get("enum").and_then(Value::as_array).into_iter().flatten().chain(fields.get("const"));
    if values.into_iter().any(compound) { Step::Anything } else { Step::Nowhere(Reason::Scalar) }
}

#[cfg(test)]
mod tests {
    use super::{Miss, Part, Reason, miss};
    use serde_json::json;

    fn path(text: &str) -> Vec<Part> {
        let part = |name: &str| if name == "_" { Part::Any } else { Part::Name(name.to_owned()) };
        text.split('.').map(part).collect()
    }

    #[test]
    fn only_what_cannot_be_there_is_missed() {
        let schema = json!({
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "closed": {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": false},
                "open": {"type": "object", "properties": {"a": {"type": ["string", "null"]}}},
                "map": {"type": "object", "additionalProperties": {"$ref": "#/$defs/record"}},
                "list": {"type": "array", "items": {"$ref": "#/$defs/record"}},
                "tuple": {"type": "array", "prefixItems": [true], "items": {"type": "string"}},
                "either": {"anyOf": [{"type": "string"}]},
                "mixed": {"type": ["object", "string"], "properties": {}, "additionalProperties": false},
                "one": {"enum": ["a", "b"]},
                "objects": {"enum": [{"a": 1}]},
                "loop": {"$ref": "#/properties/loop"},
                "away": {"$ref": "https://example.com/schema"},
            },
            "$defs": {"record": {"type": "object", "properties": {"id": {"type": "string"}}, "additionalProperties": false}},
        });
        let unknown = |position, known: &[&str]| {
            Some(Miss { position, reason: Reason::Unknown(known.iter().map(|name| (*name).to_owned()).collect()) })
        };
        let cases = [
            ("closed.a", None),
            ("closed.b", unknown(1, &["a"])),
            ("closed.a.b", Some(Miss { position: 2, reason: Reason::Scalar })),
            ("closed._", None),
            ("open.b.c", None),
            ("open.a.c", Some(Miss { position: 2, reason: Reason::Scalar })),
            ("map.x.id", None),
            ("map.x.name", unknown(2, &["id"])),
            ("map._.name", unknown(2, &["id"])),
            ("list._.id", None),
            ("list.id", Some(Miss { position: 1, reason: Reason::List })),
            ("list._.name", unknown(2, &["id"])),
            ("tuple._.x", None),
            ("either.a", None),
            ("mixed.a", None),
            ("one.a", Some(Miss { position: 1, reason: Reason::Scalar })),
            ("objects.a", None),
            ("loop.a", None),
            ("away.a", None),
            ("_._.nothing.at.all", None),
        ];
        for (text, expected) in cases {
            assert_eq!(miss(&schema, &path(text)), expected, "{text}");
        }
    }
}
