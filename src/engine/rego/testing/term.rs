//! Values as Rego writes them: a set is no list.

use regorus::Value;

/// The longest text of one value, in bytes.
const LIMIT: usize = 2_000;

/// The value on one line; a long one is cut.
pub(super) fn shown(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    if text.len() > LIMIT {
        let end = text.floor_char_boundary(LIMIT);
        text.truncate(end);
        text.push('…');
    }
    text
}

fn write(value: &Value, text: &mut String) {
    // What is beyond the limit is cut anyway.
    if text.len() > LIMIT {
        return;
    }
    match value {
        Value::Array(items) => list('[', items.iter(), ']', text),
        Value::Set(items) if items.is_empty() => text.push_str("set()"),
        Value::Set(items) => list('{', items.iter(), '}', text),
        Value::Object(fields) => {
            text.push('{');
            for (number, (key, value)) in fields.iter().enumerate() {
                text.push_str(if number == 0 { "" } else { ", " });
                write(key, text);
                text.push_str(": ");
                write(value, text);
            }
            text.push('}');
        }
        Value::Undefined => text.push_str("undefined"),
        other => text.push_str(&other.to_string()),
    }
}

fn list<'a>(open: char, items: impl Iterator<Item = &'a Value>, close: char, text: &mut String) {
    text.push(open);
    for (number, item) in items.enumerate() {
        text.push_str(if number == 0 { "" } else { ", " });
        write(item, text);
    }
    text.push(close);
}

/// The name of a case: a text as it is, anything else as Rego writes it.
pub(super) fn name(value: &Value) -> String {
    match value {
        Value::String(text) => text.to_string(),
        other => shown(other),
    }
}
