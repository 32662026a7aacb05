//! What a server does beyond the API, as it announces in the header `holdpoint-extensions`.

use reqwest::header::{ETAG, HeaderMap, HeaderValue};

const NAME: &str = "holdpoint-extensions";
/// A tag that is longer is none of ours, in bytes.
const LONGEST_TAG: usize = 256;

/// What one answer says of its server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Extensions {
    /// It lists the records of one digest.
    pub(super) finds_digests: bool,
    /// It lists what has changed since a time, and no two changes have the same.
    pub(super) finds_changes: bool,
    /// The answer's tag, from a server that promises that the same tag means the same answer.
    pub(super) tag: Option<HeaderValue>,
}

impl Extensions {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let announced = headers.get_all(NAME).iter().filter_map(|value| value.to_str().ok());
        let words: Vec<&str> = announced.flat_map(|value| value.split(',')).map(str::trim).collect();
        let is_strong = |tag: &&HeaderValue| tag.as_bytes().starts_with(b"\"") && tag.len() <= LONGEST_TAG;
        let tag = headers.get(ETAG).filter(|_| words.contains(&"etag")).filter(is_strong);
        let [finds_digests, finds_changes] = ["digest", "updated_since"].map(|word| words.contains(&word));
        Self { finds_digests, finds_changes, tag: tag.cloned() }
    }
}

#[cfg(test)]
mod tests {
    use super::{ETAG, Extensions, HeaderMap, HeaderValue, LONGEST_TAG, NAME};

    #[test]
    fn only_what_is_announced_counts() {
        let long = format!("\"{}\"", "a".repeat(LONGEST_TAG));
        let cases = [
            (&["digest, updated_since, etag"][..], "\"a\"", (true, true, true)),
            (&["digest", "etag"], "\"a\"", (true, false, true)),
            (&["etag"], "\"a\"", (false, false, true)),
            (&["digest"], "\"a\"", (true, false, false)),
            (&["updated_since"], "\"a\"", (false, true, false)),
            (&[], "\"a\"", (false, false, false)),
            (&["digests, my-etag, updated"], "\"a\"", (false, false, false)),
            (&["etag"], "W/\"a\"", (false, false, false)),
            (&["etag"], &long, (false, false, false)),
        ];
        for (announced, tag, expected) in cases {
            let mut headers = HeaderMap::new();
            for words in announced {
                headers.append(NAME, HeaderValue::from_static(words));
            }
            headers.insert(ETAG, HeaderValue::from_str(tag).unwrap());
            let Extensions { finds_digests, finds_changes, tag: read } = Extensions::of(&headers);
            assert_eq!((finds_digests, finds_changes, read.is_some()), expected, "{announced:?} {tag}");
        }
    }
}
