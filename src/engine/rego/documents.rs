//! Data documents beside policies: `data.json` and `data.yaml`, below `data` at the place of their folder.
//!
//! The engine lets data overrule rules without a word, so data never shares a path with a policy: not with holdpoint's
//! own, not with a package, and not with another document.

use regorus::Value as Data;
use serde_json::{Map, Value};

use crate::domain::policy::DataText;
use crate::domain::unique::Unique;

use super::analysis::RESERVED;
use super::fault::PolicyFault;

/// Values within values of one document, its folders included; the engine has a bound for what it merges.
const DEEPEST: usize = 100;

/// All documents as one.
#[derive(Debug, Default)]
pub(super) struct Documents(Map<String, Value>);

impl Documents {
    /// Reads and joins the documents.
    ///
    /// # Errors
    /// The first that cannot be read, that touches what is reserved, or that gives another value to a path of an
    /// earlier one.
    pub(super) fn read(texts: &[DataText]) -> Result<Self, PolicyFault> {
        let mut all = Map::new();
        for text in texts {
            let value = parse(text)?;
            let Value::Object(members) = value else {
                return Err(fault(text, "is no object", "write `{…}`: each of its keys becomes a path below `data`"));
            };
            let (mut place, mut path) = (&mut all, Vec::new());
            for name in &text.mount {
                path.push(name.clone());
                let entry = place.entry(name.clone()).or_insert_with(|| Value::Object(Map::new()));
                let Value::Object(next) = entry else { return Err(twice(text, &path)) };
                place = next;
            }
            join(place, members, &mut path).map_err(|()| twice(text, &path))?;
            if let Some(root) = all.keys().find(|root| RESERVED.contains(&root.as_str())) {
                let what = format!("has data at `data.{root}`, which is reserved");
                return Err(fault(text, &what, "records are there; give the data another name"));
            }
        }
        Ok(Self(all))
    }

    /// Every package that shares its path with data.
    pub(super) fn conflicts<'a>(&self, packages: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<PolicyFault> {
        let conflict = |(package, path): (&str, &str)| {
            if !self.touches(package) {
                return None;
            }
            let message = format!("there is data at the path of the package `{package}`, which could overrule it");
            let hint = "move the data to a folder that no package is named after";
            Some(PolicyFault::at(path, (0, 0), "data_conflict", message, hint))
        };
        packages.filter_map(conflict).collect()
    }

    fn touches(&self, package: &str) -> bool {
        let mut place = &self.0;
        let mut parts = package.split('.').peekable();
        while let Some(part) = parts.next() {
            match place.get(part) {
                None => return false,
                Some(Value::Object(next)) if parts.peek().is_some() => place = next,
                Some(_) => return true,
            }
        }
        true
    }

    /// The first path of this document that lies outside these roots.
    pub(super) fn outside(text: &DataText, roots: &[Vec<String>]) -> Result<Option<String>, PolicyFault> {
        let mut path = text.mount.clone();
        Ok(if is_within(&parse(text)?, &mut path, roots) { None } else { Some(path.join("/")) })
    }

    /// The names directly below `data`.
    pub(super) fn names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    /// As the engine takes them: an object, which may be empty.
    pub(super) fn into_data(self) -> Data {
        Data::from(Value::Object(self.0))
    }
}

/// Whether everything at this path lies below a root. Leaves the path at what does not.
fn is_within(value: &Value, path: &mut Vec<String>, roots: &[Vec<String>]) -> bool {
    if roots.iter().any(|root| path.starts_with(root)) {
        return true;
    }
    let Value::Object(members) = value else { return false };
    if !roots.iter().any(|root| root.starts_with(path)) {
        return members.is_empty();
    }
    for (name, member) in members {
        path.push(name.clone());
        if !is_within(member, path, roots) {
            return false;
        }
        path.pop();
    }
    true
}

/// Joins objects; leaves `path` at what both have.
fn join(into: &mut Map<String, Value>, from: Map<String, Value>, path: &mut Vec<String>) -> Result<(), ()> {
    for (name, value) in from {
        path.push(name.clone());
        match (into.get_mut(&name), value) {
            (None, value) => drop(into.insert(name, value)),
            (Some(Value::Object(into)), Value::Object(from)) => join(into, from, path)?,
            _ => return Err(()),
        }
        path.pop();
    }
    Ok(())
}

fn parse(text: &DataText) -> Result<Value, PolicyFault> {
    let unreadable = |what: &str, why: String| fault(text, &format!("is no {what}: {why}"), "correct it");
    let Unique(value) = if text.path.rsplit_once('.').is_some_and(|(_, end)| end == "json") {
        serde_json::from_str(&text.text).map_err(|error| unreadable("JSON", error.to_string()))?
    } else {
        let read = serde_saphyr::from_str_with_options(&text.text, yaml_options());
        read.map_err(|error| unreadable("YAML", first_line(&error.to_string())))?
    };
    if depth(&value).saturating_add(text.mount.len()) > DEEPEST {
        return Err(fault(text, "is nested too deeply", "write it flatter"));
    }
    Ok(value)
}

/// Bounds that no honest document reaches, so that no text makes the parser run away.
fn yaml_options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: 1_000_000,
            max_nodes: 500_000,
            max_depth: 100,
            max_aliases: 1_000,
            max_anchors: 1_000,
            max_recorded_anchor_events: 10_000,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 100_000,
            max_replay_stack_depth: 16,
        },
        duplicate_keys: serde_saphyr::DuplicateKeyPolicy::Error,
        with_snippet: false,
    }
}

fn depth(value: &Value) -> usize {
    let deepest = match value {
        Value::Object(members) => members.values().map(depth).max(),
        Value::Array(items) => items.iter().map(depth).max(),
        _ => return 0,
    };
    deepest.unwrap_or(0).saturating_add(1)
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

fn twice(text: &DataText, path: &[String]) -> PolicyFault {
    let path = path.join(".");
    fault(text, &format!("has a value at `data.{path}`, and so has another document"), "keep one of them")
}

fn fault(text: &DataText, what: &str, hint: &str) -> PolicyFault {
    PolicyFault::at(&text.path, (0, 0), "data_document", what, hint)
}

#[cfg(test)]
mod tests {
    use super::{DataText, Documents};

    fn text(path: &str, mount: &[&str], text: &str) -> DataText {
        let mount = mount.iter().map(|part| (*part).to_owned()).collect();
        DataText { path: path.to_owned(), mount, text: text.to_owned() }
    }

    #[test]
    fn documents_are_joined_or_refused() {
        let deep = format!("{}1{}", r#"{"a":"#.repeat(101), "}".repeat(101));
        let cases = [
            (vec![text("data.json", &[], r#"{"a": {"b": 1}}"#), text("a/data.yaml", &["a"], "c: [x]")], ""),
            (
                vec![text("data.json", &[], r#"{"a": {"b": 1}}"#), text("a/data.json", &["a"], r#"{"b": 1}"#)],
                "a value at `data.a.b`",
            ),
            (vec![text("data.json", &[], r#"{"a": 1}"#), text("a/data.json", &["a"], "{}")], "a value at `data.a`"),
            (vec![text("data.json", &[], "[]")], "is no object"),
            (vec![text("a/data.json", &["a"], "1")], "is no object"),
            (vec![text("data.json", &[], "{")], "is no JSON"),
            (vec![text("data.yaml", &[], "a: [")], "is no YAML"),
            (vec![text("data.yaml", &[], "a: 1\na: 2")], "is no YAML"),
            (vec![text("data.yaml", &[], "1: a\n\"1\": b")], "the key `1` is there twice"),
            (vec![text("data.json", &[], r#"{"a": [{"b": ["x"], "b": []}]}"#)], "the key `b` is there twice"),
            (vec![text("data.json", &[], r#"{"holdpoint": {}}"#)], "`data.holdpoint`, which is reserved"),
            (vec![text("data.json", &["system"], "{}")], "`data.system`, which is reserved"),
            (vec![text("data.json", &["holdpoint", "records"], "{}")], "`data.holdpoint`, which is reserved"),
            (vec![text("data.json", &[], &deep)], "is nested too deeply"),
        ];
        for (texts, wanted) in cases {
            let complaint = Documents::read(&texts).err().map(|fault| fault.to_string()).unwrap_or_default();
            assert!(complaint.contains(wanted) && complaint.is_empty() == wanted.is_empty(), "{wanted}: {complaint}");
        }
    }

    #[test]
    fn data_never_shares_a_path_with_a_package() {
        let documents = Documents::read(&[text("data.json", &[], r#"{"a": {"b": {"c": 1}}, "d": 1}"#)]).unwrap();
        for (package, shared) in [
            ("a", true),
            ("a.b", true),
            ("a.b.c", true),
            ("a.b.c.d", true),
            ("d.e", true),
            ("a.x", false),
            ("e", false),
        ] {
            let conflicts = documents.conflicts([(package, "x.rego")].into_iter());
            assert_eq!(!conflicts.is_empty(), shared, "{package}");
        }
    }

    #[test]
    fn data_stays_below_its_roots() {
        let roots = [vec!["a".to_owned(), "b".to_owned()], vec!["c".to_owned()]];
        let cases = [
            (text("data.json", &[], r#"{"a": {"b": 1}, "c": {"x": 1}}"#), None),
            (text("data.json", &["a", "b", "c"], r#"{"x": 1}"#), None),
            (text("data.json", &[], "{}"), None),
            (text("data.json", &[], r#"{"a": 1}"#), Some("a")),
            (text("data.json", &["a"], r#"{"b": 1, "x": 1}"#), Some("a/x")),
            (text("data.json", &["d"], r#"{"x": 1}"#), Some("d")),
        ];
        for (text, expected) in cases {
            assert_eq!(Documents::outside(&text, &roots).unwrap().as_deref(), expected, "{text:?}");
        }
    }
}
