//! Regular expressions that mean the same as in OPA.
//!
//! `\d`, `\w`, `\s` and `\b` are of ASCII in OPA. In regorus they are of Unicode, so that `^\w+$` would match letters of
//! every script, and `^\d+$` digits that no number has.

use regorus::Value;

/// The arguments of a call of `regex.*` with its pattern rewritten; None when they stay as they are.
pub(super) fn rewritten(name: &str, arguments: &[Value]) -> Option<Vec<Value>> {
    let place = match name {
        // Its pattern is between delimiters in a text that is no pattern.
        "regex.template_match" => return None,
        "regex.replace" => 1,
        _ if name.starts_with("regex.") => 0,
        _ => return None,
    };
    let Some(Value::String(pattern)) = arguments.get(place) else { return None };
    let ascii = of_ascii(pattern);
    if *ascii == **pattern {
        return None;
    }
    let mut arguments = arguments.to_vec();
    *arguments.get_mut(place)? = Value::from(ascii);
    Some(arguments)
}

fn of_ascii(pattern: &str) -> String {
    let mut rewritten = String::with_capacity(pattern.len());
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            rewritten.push(character);
            continue;
        }
        match characters.next() {
            // A class may stand in a class.
            Some('d') => rewritten.push_str("[0-9]"),
            Some('D') => rewritten.push_str("[^0-9]"),
            Some('w') => rewritten.push_str("[0-9A-Za-z_]"),
            Some('W') => rewritten.push_str("[^0-9A-Za-z_]"),
            Some('s') => rewritten.push_str(r"[\t\n\x0C\r\x20]"),
            Some('S') => rewritten.push_str(r"[^\t\n\x0C\r\x20]"),
            Some(boundary @ ('b' | 'B')) => {
                rewritten.push_str(r"(?-u:\");
                rewritten.push(boundary);
                rewritten.push(')');
            }
            Some(escaped) => {
                rewritten.push('\\');
                rewritten.push(escaped);
            }
            None => rewritten.push('\\'),
        }
    }
    rewritten
}
