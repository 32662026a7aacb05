//! JSON in the one form that is hashed.

use std::collections::BTreeMap;

use serde_json::Value;

/// Values within values; the parser that checks the text first has the same bound.
const DEEPEST: usize = 128;

/// JSON text in canonical form. Numbers keep their digits, which no parsed value does, so the text itself is walked.
pub(super) fn json(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let _checked: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let mut walk = Walk { rest: text };
    Ok(walk.value(0)?.into_bytes())
}

/// A walk over text that is JSON for certain.
struct Walk<'a> {
    rest: &'a str,
}

impl<'a> Walk<'a> {
    fn value(&mut self, depth: usize) -> Result<String, String> {
        if depth > DEEPEST {
            return Err("it is nested too deeply".to_owned());
        }
        self.skip_space();
        match self.rest.chars().next() {
            Some('{') => self.object(depth),
            Some('[') => self.array(depth),
            Some('"') => Ok(quoted(&self.string()?)),
            Some(_) => Ok(self.take_while(|next| !matches!(next, ',' | ']' | '}') && !next.is_whitespace()).to_owned()),
            None => Err("it ends too early".to_owned()),
        }
    }

    fn object(&mut self, depth: usize) -> Result<String, String> {
        // Of a key that is written twice, the last counts.
        let mut members = BTreeMap::new();
        while self.next_member('}') {
            let key = self.string()?;
            self.skip_space();
            self.skip(1);
            members.insert(key, self.value(depth.saturating_add(1))?);
        }
        let members = members.into_iter().map(|(key, value)| format!("{}:{value}", quoted(&key)));
        Ok(format!("{{{}}}", members.collect::<Vec<_>>().join(",")))
    }

    fn array(&mut self, depth: usize) -> Result<String, String> {
        let mut items = Vec::new();
        while self.next_member(']') {
            items.push(self.value(depth.saturating_add(1))?);
        }
        Ok(format!("[{}]", items.join(",")))
    }

    /// Steps over `{`, `[` or `,` to the next member; over the end when there is none.
    fn next_member(&mut self, end: char) -> bool {
        self.skip_space();
        if !self.rest.starts_with(end) {
            self.skip(1);
            self.skip_space();
        }
        let more = !self.rest.starts_with(end) && !self.rest.is_empty();
        if !more {
            self.skip(1);
        }
        more
    }

    fn string(&mut self) -> Result<String, String> {
        let mut escaped = false;
        let mut quotes = 0;
        let literal = self.take_while(|next| {
            let inside = quotes < 2;
            if inside && next == '"' && !escaped {
                quotes += 1;
            }
            escaped = next == '\\' && !escaped;
            inside
        });
        serde_json::from_str(literal).map_err(|error| error.to_string())
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    fn take_while(&mut self, wanted: impl FnMut(char) -> bool) -> &'a str {
        let mut wanted = wanted;
        let end = self.rest.find(|next| !wanted(next)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }
}

/// A text as Go's encoder writes it: not HTML's characters, but the line separators of JavaScript are escaped.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len().saturating_add(2));
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\0'..='\u{1f}' | '\u{2028}' | '\u{2029}' => {
                let escaped = format!("\\u{:04x}", u32::from(character));
                out.push_str(&escaped);
            }
            plain => out.push(plain),
        }
    }
    out.push('"');
    out
}

/// YAML text in the canonical form of the JSON it stands for.
pub(super) fn yaml(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    // OPA takes JSON for JSON, whatever the file is called.
    if let Ok(canonical) = json(bytes) {
        return Ok(canonical);
    }
    let value: Value = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
    Ok(of_value(&value).into_bytes())
}

fn of_value(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let sorted: BTreeMap<&String, &Value> = members.iter().collect();
            let members = sorted.into_iter().map(|(key, value)| format!("{}:{}", quoted(key), of_value(value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(of_value).collect::<Vec<_>>().join(",")),
        Value::String(text) => quoted(text),
        Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            Some(float) => of_float(float),
            None => number.to_string(),
        },
        other => other.to_string(),
    }
}

/// A number as Go's encoder writes it: the shortest digits, with an exponent where it is very large or very small.
fn of_float(float: f64) -> String {
    if float == 0.0 || (1e-6..1e21).contains(&float.abs()) {
        return float.to_string();
    }
    let text = format!("{float:e}");
    match text.split_once('e') {
        Some((digits, exponent)) if !exponent.starts_with('-') => format!("{digits}e+{exponent}"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::{json, yaml};
    use proptest::prelude::*;
    use serde_json::Value;

    fn canonical(text: &str) -> Result<String, String> {
        json(text.as_bytes()).map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn documents_have_one_form() {
        let cases = [
            (
                r#" { "b" : [ 1 , {} , [ ] ] , "a" : { "z" : null , "é" : true } } "#,
                r#"{"a":{"z":null,"é":true},"b":[1,{},[]]}"#,
            ),
            (r#"{"n": [1.0, 1e3, -0, 12345678901234567890123]}"#, r#"{"n":[1.0,1e3,-0,12345678901234567890123]}"#),
            (r#""<é>\u2028\b\f\u0001\/\"\\ \ud83d\ude00""#, "\"<é>\\u2028\\b\\f\\u0001/\\\"\\\\ 😀\""),
            (r#"{"a":1,"a":2}"#, r#"{"a":2}"#),
            ("[]", "[]"),
            ("true", "true"),
        ];
        for (text, expected) in cases {
            assert_eq!(canonical(text).as_deref(), Ok(expected), "{text}");
        }
        for text in ["", "{", "[1,]", "{\"a\"}", "\"\\ud800\""] {
            assert!(canonical(text).is_err(), "{text}");
        }
    }

    #[test]
    fn yaml_is_the_json_it_stands_for() {
        let text = "c: 1.0\nd: 0x10\nf: 2020-01-01\ng: 1e3\ni: 1.5e-7\nj: 1e22\na: [x, null]\n";
        let expected = r#"{"a":["x",null],"c":1,"d":16,"f":"2020-01-01","g":1000,"i":1.5e-7,"j":1e+22}"#;
        assert_eq!(yaml(text.as_bytes()).map(|bytes| String::from_utf8(bytes).unwrap()).as_deref(), Ok(expected));
        assert!(yaml(b"a: [").is_err());
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "\\PC{0,8}|[\"\\\\\u{0}-\u{1f}]{0,4}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::vec(("\\PC{0,6}", inner), 0..5)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_meaning_stays_and_space_does_not_count(value in any_json()) {
            let compact = canonical(&value.to_string()).unwrap();
            let pretty = canonical(&serde_json::to_string_pretty(&value).unwrap()).unwrap();
            prop_assert_eq!(&compact, &pretty);
            prop_assert_eq!(serde_json::from_str::<Value>(&compact).unwrap(), value);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            prop_assert_eq!(json(&bytes).is_ok(), serde_json::from_slice::<Value>(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes)).is_ok());
        }
    }
}
