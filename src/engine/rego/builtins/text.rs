//! The sizes of texts, and the built-ins that make long ones.

use regorus::Value;

/// The longest text that a built-in may take or make, in bytes.
pub(super) const MAX_TEXT: usize = 1 << 20;
const MAX_WIDTH: u32 = 1024;
const MAX_VALUE_DEPTH: usize = 128;

type Checked = Result<Option<Value>, String>;

pub(super) fn string(arguments: &[Value], index: usize) -> Option<&str> {
    match arguments.get(index) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

fn too_long(limit: usize) -> String {
    format!("the text is longer than {limit} bytes")
}

pub(super) fn short(value: &Value, limit: usize) -> Result<(), String> {
    match value {
        Value::String(text) if text.len() > limit => Err(too_long(limit)),
        _ => Ok(()),
    }
}

pub(super) fn product(sizes: &[usize], limit: usize) -> Result<(), String> {
    let product = sizes.iter().fold(1_usize, |product, &size| product.saturating_mul(size.max(1)));
    if product > limit { Err("the texts are too long for each other".to_owned()) } else { Ok(()) }
}

/// About how long the values are as text, in bytes. Refuses longer than the limit, and values too deep to print.
pub(super) fn text_size(values: &[Value], limit: usize) -> Result<usize, String> {
    let mut total = 0_usize;
    let mut pending: Vec<(&Value, usize)> = values.iter().map(|value| (value, 0)).collect();
    while let Some((value, depth)) = pending.pop() {
        total = total.saturating_add(match value {
            Value::String(text) => text.len() + 2,
            Value::Number(number) if number.as_i128().is_none() => {
                number.as_big().map_or(32, |number| usize::try_from(number.bits() / 3).unwrap_or(usize::MAX))
            }
            _ => 8,
        });
        if total > limit {
            return Err(too_long(limit));
        }
        if depth > MAX_VALUE_DEPTH {
            return Err(format!("the value is nested deeper than {MAX_VALUE_DEPTH}"));
        }
        match value {
            Value::Array(items) => pending.extend(items.iter().map(|item| (item, depth + 1))),
            Value::Set(items) => pending.extend(items.iter().map(|item| (item, depth + 1))),
            Value::Object(fields) => {
                pending.extend(fields.iter().flat_map(|(key, field)| [(key, depth + 1), (field, depth + 1)]));
            }
            _ => {}
        }
    }
    Ok(total)
}

fn result_size(size: usize) -> Checked {
    if size > MAX_TEXT { Err(format!("the result would be longer than {MAX_TEXT} bytes")) } else { Ok(None) }
}

pub(super) fn concat(arguments: &[Value]) -> Checked {
    let delimiter = string(arguments, 0).map_or(0, str::len);
    let count = match arguments.get(1) {
        Some(Value::Array(items)) => items.len(),
        Some(Value::Set(items)) => items.len(),
        _ => 0,
    };
    let size = text_size(arguments, MAX_TEXT)?;
    result_size(size.saturating_add(delimiter.saturating_mul(count)))
}

pub(super) fn replace(arguments: &[Value]) -> Checked {
    let (Some(text), Some(old), Some(new)) = (string(arguments, 0), string(arguments, 1), string(arguments, 2)) else {
        return Ok(None);
    };
    text_size(arguments, MAX_TEXT)?;
    let count = text.matches(old).count();
    result_size(text.len().saturating_add(count.saturating_mul(new.len())))
}

pub(super) fn regex_replace(arguments: &[Value]) -> Checked {
    let (Some(text), Some(pattern), Some(new)) = (string(arguments, 0), string(arguments, 1), string(arguments, 2))
    else {
        return Ok(None);
    };
    if pattern.len() > 1024 || text.len() > 64 * 1024 {
        return Err("the pattern is longer than 1,024 bytes, or the text than 64 KiB".to_owned());
    }
    // Every match may be empty, and every group may be the whole match.
    let groups = text.len().saturating_mul(new.matches('$').count() + 1);
    let literal = (text.len() + 1).saturating_mul(new.len());
    if groups.saturating_add(literal) > 8 * MAX_TEXT {
        return Err("the replacement is too long for the text".to_owned());
    }
    Ok(None)
}

/// Matches that do not overlap, as in OPA.
pub(super) fn count(arguments: &[Value]) -> Checked {
    let (Some(text), Some(part)) = (string(arguments, 0), string(arguments, 1)) else { return Ok(None) };
    if part.is_empty() {
        return Err("the text to count is empty".to_owned());
    }
    Ok(Some(Value::from(text.matches(part).count())))
}

/// At each place the first pattern that fits, never in what was written, as in OPA.
pub(super) fn replace_n(arguments: &[Value]) -> Checked {
    let (Some(Value::Object(patterns)), Some(mut rest)) = (arguments.first(), string(arguments, 1)) else {
        return Ok(None);
    };
    let mut pairs: Vec<(&str, &str)> = Vec::with_capacity(patterns.len());
    for (old, new) in patterns.iter() {
        match (old, new) {
            (Value::String(old), Value::String(new)) if !old.is_empty() => pairs.push((old, new)),
            (Value::String(_), Value::String(_)) => return Err("a text to replace is empty".to_owned()),
            _ => return Ok(None),
        }
    }
    pairs.sort_unstable();
    product(&[pairs.len(), rest.len()], 16 << 20)?;
    let mut replaced = String::new();
    while let Some(character) = rest.chars().next() {
        let fits = pairs.iter().find_map(|(old, new)| Some((rest.strip_prefix(old)?, *new)));
        if let Some((after, new)) = fits {
            replaced.push_str(new);
            rest = after;
        } else {
            replaced.push(character);
            rest = rest.strip_prefix(character).unwrap_or_default();
        }
        result_size(replaced.len())?;
    }
    Ok(Some(Value::from(replaced)))
}

pub(super) fn sprintf(arguments: &[Value]) -> Checked {
    let Some(format) = string(arguments, 0) else { return Ok(None) };
    let size = text_size(arguments, MAX_TEXT)?;
    let mut widths = 0_usize;
    let mut characters = format.chars().peekable();
    while let Some(character) = characters.next() {
        if character != '%' {
            continue;
        }
        let mut width = 0_u32;
        while let Some(&digit) = characters.peek() {
            match digit.to_digit(10) {
                Some(value) => width = width.saturating_mul(10).saturating_add(value),
                None if digit == '.' => width = 0,
                None if digit.is_numeric() => return Err("a width is not of ASCII digits".to_owned()),
                None => break,
            }
            characters.next();
        }
        // The verb, which may itself be `%`.
        characters.next();
        if width > MAX_WIDTH {
            return Err(format!("a width is more than {MAX_WIDTH}"));
        }
        widths = widths.saturating_add(usize::try_from(width).unwrap_or(usize::MAX));
    }
    // Binary and quoted forms are up to ten times as long.
    result_size(size.saturating_add(widths))
}
