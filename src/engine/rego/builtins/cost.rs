//! What a call of a built-in may cost, by its arguments.

mod numbers;

use super::text::{self, MAX_TEXT, product, short, string, text_size};
use regorus::Value;
use std::collections::BTreeSet;

/// Refuses a call that costs too much (`Err`, with the reason), answers it itself (`Some`), or lets the original answer.
pub(super) type Check = fn(&[Value]) -> Result<Option<Value>, String>;

type Checked = Result<Option<Value>, String>;

const MAX_STEPS: usize = 10_000;
const MAX_DEPTH: usize = 256;
const MAX_PATTERN: usize = 1024;
const MAX_MATCHED: usize = 64 * 1024;
const MAX_KEYS: usize = 2_000_000;
const MAX_ARRAY: usize = 1_000_000;
const MAX_COMPARISONS: usize = 10_000_000;

/// Every guarded built-in with its check.
pub(super) const CHECKS: &[(&str, Check)] = &[
    ("array.concat", array_concat),
    // Not capped, but undefined for an index such as 1.5.
    ("array.slice", |_| Ok(None)),
    ("base64.decode", linear),
    ("base64.encode", linear),
    ("base64.is_valid", linear),
    ("base64url.decode", linear),
    ("base64url.encode", linear),
    ("base64url.encode_no_pad", linear),
    ("bits.and", numbers::small_numbers),
    ("bits.lsh", numbers::shift),
    ("bits.negate", numbers::small_numbers),
    ("bits.or", numbers::small_numbers),
    ("bits.rsh", numbers::small_numbers),
    ("bits.xor", numbers::small_numbers),
    ("concat", text::concat),
    ("format_int", numbers::small_numbers),
    ("glob.match", pattern),
    ("glob.quote_meta", pattern),
    ("graph.reachable_paths", reachable_paths),
    ("hex.decode", linear),
    ("hex.encode", linear),
    ("indexof", two_texts),
    ("indexof_n", two_texts),
    ("json.filter", paths),
    ("json.is_valid", linear),
    ("json.marshal", linear),
    ("json.marshal_with_options", marshal_with_options),
    ("json.patch", patch),
    ("json.remove", paths),
    ("json.unmarshal", linear),
    ("lower", linear),
    ("net.cidr_expand", numbers::cidr_expand),
    ("numbers.range", numbers::range),
    ("numbers.range_step", numbers::range),
    ("object.subset", subset),
    ("object.union_n", union_n),
    ("product", numbers::multiply),
    ("regex.find_all_string_submatch_n", groups),
    ("regex.find_n", pattern),
    ("regex.is_valid", pattern),
    ("regex.match", pattern),
    ("regex.replace", text::regex_replace),
    ("regex.split", pattern),
    ("regex.template_match", template),
    ("replace", text::replace),
    ("semver.compare", linear),
    ("semver.is_valid", linear),
    ("split", linear),
    ("sprintf", text::sprintf),
    ("strings.any_prefix_match", two_texts),
    ("strings.any_suffix_match", two_texts),
    ("strings.count", text::count),
    ("strings.replace_n", text::replace_n),
    ("strings.reverse", linear),
    ("time.add_date", zone),
    ("time.clock", zone),
    ("time.date", zone),
    ("time.diff", zone),
    ("time.format", zone),
    ("time.parse_duration_ns", ascii),
    ("time.parse_ns", ascii),
    ("time.weekday", zone),
    ("to_number", linear),
    ("trim", two_texts),
    ("trim_left", two_texts),
    ("trim_right", two_texts),
    ("units.parse", numbers::units),
    ("units.parse_bytes", numbers::units),
    ("upper", linear),
    ("urlquery.decode", linear),
    ("urlquery.decode_object", linear),
    ("urlquery.encode", linear),
    ("urlquery.encode_object", linear),
    ("yaml.is_valid", yaml),
    ("yaml.marshal", linear),
    ("yaml.unmarshal", yaml),
];

/// What is linear in the size of its arguments.
pub(super) fn linear(arguments: &[Value]) -> Checked {
    text_size(arguments, MAX_TEXT).map(|_| None)
}

fn yaml(arguments: &[Value]) -> Checked {
    text_size(arguments, MAX_MATCHED).map(|_| None)
}

fn elements(value: Option<&Value>) -> Box<dyn Iterator<Item = &Value> + '_> {
    match value {
        Some(Value::Array(items)) => Box::new(items.iter()),
        Some(Value::Set(items)) => Box::new(items.iter()),
        _ => Box::new(std::iter::empty()),
    }
}

/// Follows the paths as the original would, without keeping them, until the budget is spent.
fn reachable_paths(arguments: &[Value]) -> Checked {
    let [Value::Object(graph), from] = arguments else { return Ok(None) };
    let mut steps = 0_usize;
    let mut trail: Vec<Value> = Vec::new();
    // Each entry is a node and how deep it lies; leaving a node shortens the trail.
    let mut pending: Vec<(Value, usize)> = elements(Some(from)).map(|node| (node.clone(), 0)).collect();
    while let Some((node, depth)) = pending.pop() {
        trail.truncate(depth);
        steps += 1;
        if steps > MAX_STEPS || depth > MAX_DEPTH {
            return Err(format!("the graph has more than {MAX_STEPS} paths, or one longer than {MAX_DEPTH}"));
        }
        if trail.contains(&node) {
            continue;
        }
        let Some(neighbours) = graph.get(&node) else { continue };
        pending.extend(elements(Some(neighbours)).map(|next| (next.clone(), depth + 1)));
        trail.push(node);
    }
    Ok(None)
}

fn two_texts(arguments: &[Value]) -> Checked {
    let sizes = arguments.iter().map(|value| text_size(std::slice::from_ref(value), MAX_TEXT));
    let sizes: Vec<usize> = sizes.collect::<Result<_, _>>()?;
    product(&sizes, 64 << 20).map(|()| None)
}

fn pattern(arguments: &[Value]) -> Checked {
    match arguments {
        [pattern] => short(pattern, MAX_PATTERN)?,
        // `regex.*` takes (pattern, value, …), `glob.match` (pattern, delimiters, value).
        [pattern, values @ ..] => {
            short(pattern, MAX_PATTERN)?;
            text_size(values, MAX_MATCHED)?;
        }
        [] => {}
    }
    Ok(None)
}

fn groups(arguments: &[Value]) -> Checked {
    pattern(arguments)?;
    let groups = string(arguments, 0).map_or(0, |pattern| pattern.matches('(').count()) + 1;
    let length = string(arguments, 1).map_or(0, str::len) + 1;
    product(&[groups, length], MAX_ARRAY).map(|()| None)
}

fn template(arguments: &[Value]) -> Checked {
    arguments.iter().try_for_each(|value| short(value, MAX_PATTERN))?;
    let (Some(template), Some(value), Some(start), Some(end)) =
        (string(arguments, 0), string(arguments, 1), string(arguments, 2), string(arguments, 3))
    else {
        return Ok(None);
    };
    if start.is_empty() || end.is_empty() {
        return Err("a delimiter is empty".to_owned());
    }
    let literal = template.split(start).next().unwrap_or_default();
    Ok((!value.starts_with(literal)).then_some(Value::from(false)))
}

fn paths(arguments: &[Value]) -> Checked {
    let given: Vec<&Value> = elements(arguments.get(1)).collect();
    let parts = |path: &&Value| match path {
        Value::String(text) => text.matches('/').count() + 1,
        path => elements(Some(path)).count(),
    };
    if given.len() > 1000 || given.iter().any(|path| parts(path) > 64) {
        return Err("more than 1,000 paths, or one of more than 64 parts".to_owned());
    }
    linear(arguments)
}

fn patch(arguments: &[Value]) -> Checked {
    linear(arguments)?;
    let operations: Vec<&Value> = elements(arguments.get(1)).collect();
    let copy = Value::from("copy");
    let copies = operations.iter().filter(|operation| operation["op"] == copy).count();
    if operations.len() > 100 || copies > 8 {
        return Err("more than 100 operations, or more than 8 that copy".to_owned());
    }
    Ok(None)
}

fn marshal_with_options(arguments: &[Value]) -> Checked {
    linear(arguments)?;
    if let Some(Value::Object(options)) = arguments.get(1) {
        options.values().try_for_each(|option| short(option, 16))?;
    }
    Ok(None)
}

fn subset(arguments: &[Value]) -> Checked {
    let [whole, part] = arguments else { return Ok(None) };
    let sizes = [text_size(std::slice::from_ref(whole), MAX_TEXT)?, text_size(std::slice::from_ref(part), MAX_TEXT)?];
    let mut compared = 0;
    match (whole, part) {
        (Value::Array(_), Value::Array(part)) if part.is_empty() => return Ok(Some(Value::from(true))),
        (Value::Array(whole), Value::Array(part)) => compared = whole.len().saturating_mul(part.len()),
        _ => {}
    }
    if compared > MAX_COMPARISONS || has_empty_array(part, 0) && sizes.iter().all(|&size| size > 0) {
        return Err("the arrays are too large, or one to look for is empty".to_owned());
    }
    Ok(None)
}

/// An empty array inside the second object panics too.
fn has_empty_array(value: &Value, depth: usize) -> bool {
    match value {
        Value::Array(items) => depth > 0 && items.is_empty(),
        Value::Object(fields) => fields.values().any(|field| has_empty_array(field, depth + 1)),
        _ => false,
    }
}

fn union_n(arguments: &[Value]) -> Checked {
    let (mut keys, mut copied) = (0_usize, 0_usize);
    for object in elements(arguments.first()) {
        let Value::Object(object) = object else { continue };
        keys = keys.saturating_add(object.len());
        copied = copied.saturating_add(keys);
    }
    if copied > MAX_KEYS { Err(format!("more than {MAX_KEYS} keys would be copied")) } else { Ok(None) }
}

fn array_concat(arguments: &[Value]) -> Checked {
    let total: usize = arguments.iter().map(|array| elements(Some(array)).count()).sum();
    if total > MAX_ARRAY { Err(format!("it would have more than {MAX_ARRAY} elements")) } else { Ok(None) }
}

fn ascii(arguments: &[Value]) -> Checked {
    let texts: BTreeSet<&str> = (0..arguments.len()).filter_map(|index| string(arguments, index)).collect();
    if texts.iter().any(|text| !text.is_ascii() || text.len() > MAX_PATTERN) {
        return Err(format!("the text is not ASCII, or longer than {MAX_PATTERN} bytes"));
    }
    Ok(None)
}

fn zone(arguments: &[Value]) -> Checked {
    for instant in arguments {
        let parts: Vec<Value> = elements(Some(instant)).take(4).cloned().collect();
        if parts.get(1) == Some(&Value::from("Local")) {
            return Err("the zone `Local` is the machine's; name a zone such as `UTC`".to_owned());
        }
        ascii(&parts)?;
    }
    Ok(None)
}
