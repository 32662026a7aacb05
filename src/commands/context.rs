//! `--context`: what a request says beyond the words that holdpoint knows.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use serde_json::{Map, Value};

use crate::domain::unique::Unique;

/// Bytes of a context.
const LIMIT: u64 = 1024 * 1024;

/// Reads a JSON object, or `@` and the path of a file that holds one.
///
/// # Errors
/// When the file cannot be read or is no regular file; when the text is larger than 1 MiB, is no JSON object, or
/// names a key of one object twice: policies would see the second and people the first.
pub fn read(text: &str) -> anyhow::Result<Map<String, Value>> {
    let json = match text.strip_prefix('@') {
        Some(path) => read_bounded(Path::new(path), LIMIT)
            .with_context(|| format!("the file `{path}` of `--context` cannot be read"))?,
        None => text.to_owned(),
    };
    if u64::try_from(json.len()).is_ok_and(|length| length > LIMIT) {
        bail!("`--context` is larger than 1 MiB\nhint: give policies only what they ask for");
    }
    let value: Unique = serde_json::from_str(&json).context("`--context` is not JSON")?;
    match value.0 {
        Value::Object(context) => Ok(context),
        _ => bail!("`--context` must be a JSON object, such as `{{\"ticket\": \"OPS-1\"}}`"),
    }
}

/// The text of a regular file of at most this many bytes.
///
/// # Errors
/// When it cannot be read, is no regular file, too large, or not UTF-8.
pub(super) fn read_bounded(path: &Path, limit: u64) -> anyhow::Result<String> {
    // Looked at before it is opened: opening a named pipe without a writer never ends.
    if !fs::metadata(path)?.is_file() {
        bail!("it is no regular file");
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    // A character that the limit cuts is no fault of the file.
    if u64::try_from(bytes.len()).is_ok_and(|length| length > limit) {
        bail!("it is larger than {} MiB", limit >> 20);
    }
    String::from_utf8(bytes).context("it is not UTF-8 text")
}

#[cfg(test)]
mod tests {
    use super::{LIMIT, read};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    #[test]
    fn a_context_is_an_object_that_all_read_alike() {
        let cases = [
            (r#"{"a": 1, "a": 2}"#, "`--context` is not JSON: the key `a` is there twice at line 1 column 12"),
            (
                r#"{"b": [{"a": 1, "\u0061": 2}]}"#,
                "`--context` is not JSON: the key `a` is there twice at line 1 column 24",
            ),
            ("[1]", "`--context` must be a JSON object, such as `{\"ticket\": \"OPS-1\"}`"),
            ("{} {}", "`--context` is not JSON: trailing characters at line 1 column 4"),
        ];
        for (text, expected) in cases {
            assert_eq!(format!("{:#}", read(text).unwrap_err()), expected, "{text}");
        }
        let text = r#"{"a": {"a": [null, true, -1, 18446744073709551615, 0.5, "\n"]}}"#;
        assert_eq!(Value::Object(read(text).unwrap()), serde_json::from_str::<Value>(text).unwrap());
    }

    #[test]
    fn a_file_is_read_to_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("context.json");
        let named = format!("@{}", path.display());
        let limit = usize::try_from(LIMIT).unwrap();
        for (length, good) in [(limit, true), (limit + 1, false)] {
            let text = json!({"a": "b".repeat(length - 8)}).to_string();
            std::fs::write(&path, text).unwrap();
            assert_eq!(read(&named).is_ok(), good, "{length}");
        }
        for path in ["@/dev/zero", "@/", "@no/such.json"] {
            assert!(format!("{:#}", read(path).unwrap_err()).contains("cannot be read"), "{path}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_as_the_json_it_is(text in "\\PC{0,40}|[\\[\\]{}\":,0-9ae.-]{0,24}") {
            if let Ok(value) = read(&text) {
                prop_assert_eq!(Value::Object(value), serde_json::from_str::<Value>(&text).unwrap());
            }
        }
    }
}
