//! JSON pointers in which `*` stands for every item of a list and every member of an object.

use serde_json::Value;

const ANY: &str = "*";
/// Every place is written out, so a long name with much below it would take memory many times over.
const LONGEST_PLACE: usize = 1_024;
const MOST_MATCHES: usize = 10_000;

/// A value that a pointer leads to.
pub(super) struct Match<'a> {
    /// Where it is, as a plain JSON pointer.
    pub(super) place: String,
    /// What the stars stand for here, in their order.
    pub(super) stars: Vec<String>,
    /// What is there.
    pub(super) value: &'a Value,
}

/// Everything that a pointer leads to. `null` is nothing. Fails when that is too much to hold.
pub(super) fn resolve<'a>(root: &'a Value, pointer: &str) -> Result<Vec<Match<'a>>, String> {
    let mut matches = vec![Match { place: String::new(), stars: Vec::new(), value: root }];
    for key in pointer.split('/').skip(1) {
        let mut next = Vec::new();
        for from in &matches {
            if key == ANY { every(from, &mut next)? } else { next.extend(one(from, key)) }
        }
        matches = next;
    }
    matches.retain(|found| !found.value.is_null());
    Ok(matches)
}

/// The pointer with its stars replaced, in their order; none when it has more of them.
pub(super) fn fill(pointer: &str, stars: &[String]) -> Option<String> {
    let mut stars = stars.iter();
    let mut filled = String::new();
    for key in pointer.split('/').skip(1) {
        filled.push('/');
        filled.push_str(if key == ANY { stars.next()? } else { key });
    }
    Some(filled)
}

/// Appends `/` and the key, written as JSON pointers have it.
pub(super) fn push_key(place: &mut String, key: &str) {
    place.push('/');
    place.push_str(&key.replace('~', "~0").replace('/', "~1"));
}

fn every<'a>(from: &Match<'a>, matches: &mut Vec<Match<'a>>) -> Result<(), String> {
    let mut step = |key: &str, value: &'a Value| {
        let mut place = from.place.clone();
        push_key(&mut place, key);
        if place.len() > LONGEST_PLACE || matches.len() >= MOST_MATCHES {
            return Err(format!("`{}` has more, or longer names, than is looked through", from.place));
        }
        let star = place.get(from.place.len().saturating_add(1)..).unwrap_or_default().to_owned();
        let stars = from.stars.iter().cloned().chain([star]).collect();
        matches.push(Match { place, stars, value });
        Ok(())
    };
    match from.value {
        Value::Array(items) => items.iter().enumerate().try_for_each(|(index, item)| step(&index.to_string(), item)),
        Value::Object(members) => members.iter().try_for_each(|(key, value)| step(key, value)),
        _ => Ok(()),
    }
}

fn one<'a>(from: &Match<'a>, key: &str) -> Option<Match<'a>> {
    let value = from.value.pointer(&format!("/{key}"))?;
    Some(Match { place: format!("{}/{key}", from.place), stars: from.stars.clone(), value })
}

#[cfg(test)]
mod tests {
    use super::{fill, resolve};
    use serde_json::json;

    /// A place, and what the stars stand for there.
    type Place = (&'static str, &'static [&'static str]);

    #[test]
    fn stars_stand_for_items_and_members() {
        let value = json!({"a": [{"b": 1}, {"b": null}, {"c": 3}, {"b": 4}], "x/y": {"~": {"b": 5}, "z": 6}, "*": 7});
        let cases: [(&str, &[Place]); 8] = [
            ("/a/0/b", &[("/a/0/b", &[])]),
            ("/a/*/b", &[("/a/0/b", &["0"]), ("/a/3/b", &["3"])]),
            ("/x~1y/*/b", &[("/x~1y/~0/b", &["~0"])]),
            ("/*/*/b", &[("/a/0/b", &["a", "0"]), ("/a/3/b", &["a", "3"]), ("/x~1y/~0/b", &["x~1y", "~0"])]),
            ("/a/9/b", &[]),
            ("/a/b", &[]),
            ("/nothing/*", &[]),
            ("", &[("", &[])]),
        ];
        for (pointer, expected) in cases {
            let found = resolve(&value, pointer).unwrap();
            let found: Vec<_> = found.iter().map(|found| (found.place.as_str(), found.stars.clone())).collect();
            let expected: Vec<_> = expected
                .iter()
                .map(|(place, stars)| (*place, stars.iter().map(|star| (*star).to_owned()).collect()))
                .collect();
            assert_eq!(found, expected, "{pointer}");
        }
    }

    #[test]
    fn every_place_leads_back_to_its_value() {
        let value = json!({"a/b": {"~": [1, {"c~1": 2}]}});
        for found in resolve(&value, "/*/*/*").unwrap().iter().chain(&resolve(&value, "/*/*/*/*").unwrap()) {
            assert_eq!(value.pointer(&found.place), Some(found.value));
        }
    }

    #[test]
    fn what_is_looked_through_is_bounded() {
        let many = json!({"a": vec![json!({}); 10_001]});
        let long = json!({"a": {"k".repeat(1_100): 1}});
        for value in [many, long] {
            let error = resolve(&value, "/a/*").map(|found| found.len()).unwrap_err();
            assert_eq!(error, "`/a` has more, or longer names, than is looked through");
        }
    }

    #[test]
    fn stars_are_filled_in_their_order() {
        let stars = ["1".to_owned(), "x".to_owned()];
        assert_eq!(fill("/a/*/b/*", &stars).as_deref(), Some("/a/1/b/x"));
        assert_eq!(fill("/a/*/b", &stars).as_deref(), Some("/a/1/b"));
        assert_eq!(fill("/a/b", &[]).as_deref(), Some("/a/b"));
        assert_eq!(fill("/*/*/*", &stars), None);
    }
}
