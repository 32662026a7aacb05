//! `.manifest`: what a bundle says of itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::hinted::HintedError;
use crate::domain::policy::RegoVersion;

/// Bytes of a manifest.
const LARGEST: usize = 1 << 20;
/// Roots, and versions of files.
const MOST: usize = 1000;
/// Patterns among them: each is held against each name.
const PATTERNS: usize = 20;

/// What a bundle says of itself. Other keys are OPA's own and change nothing here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Manifest {
    /// A name for this state of the bundle.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub revision: String,
    /// The paths below `data` that are the bundle's alone, such as `promotion/soak_time`. Left out: all of them.
    #[serde(default, rename = "roots", skip_serializing_if = "Option::is_none")]
    pub written_roots: Option<Vec<String>>,
    /// The language of policies: 0 or 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rego_version: Option<u8>,
    /// The language of some of them, by name or by a pattern with `*`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub file_rego_versions: BTreeMap<String, u8>,
    /// Modules of WebAssembly; none in a manifest that was read.
    #[serde(default, skip_serializing)]
    pub wasm: Vec<serde_json::Value>,
}

impl Manifest {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, HintedError> {
        let refuse = |what: String| HintedError::new(format!("its `.manifest` {what}"), "see docs/bundles.md");
        if bytes.len() > LARGEST {
            return Err(refuse("is larger than 1 MiB".to_owned()));
        }
        let manifest: Self =
            serde_json::from_slice(bytes).map_err(|error| refuse(format!("cannot be read: {error}")))?;
        if !manifest.wasm.is_empty() {
            return Err(HintedError::new(
                "it is a bundle of WebAssembly, which holdpoint does not evaluate",
                "build it with `opa build` without `--target wasm`",
            ));
        }
        let versions = manifest.file_rego_versions.values().chain(&manifest.rego_version);
        if let Some(version) = versions.into_iter().find(|version| **version > 1) {
            return Err(refuse(format!("names version {version} of Rego, which is not known")));
        }
        if manifest.written_roots.as_ref().map_or(0, Vec::len) > MOST || manifest.file_rego_versions.len() > MOST {
            return Err(refuse(format!("has more than {MOST} roots or versions of files")));
        }
        if manifest.file_rego_versions.keys().filter(|name| name.contains('*')).count() > PATTERNS {
            return Err(refuse(format!("has more than {PATTERNS} patterns in `file_rego_versions`")));
        }
        if let Some((one, other)) = overlap(&manifest.roots()) {
            return Err(refuse(format!("has the roots `{one}` and `{other}`, of which one holds the other")));
        }
        Ok(manifest)
    }

    /// The roots as paths; all of `data` is one empty path.
    #[must_use]
    pub fn roots(&self) -> Vec<Vec<String>> {
        let Some(roots) = &self.written_roots else { return vec![Vec::new()] };
        let parts = |root: &String| {
            let root = root.trim_matches('/');
            if root.is_empty() { Vec::new() } else { root.split('/').map(str::to_owned).collect() }
        };
        roots.iter().map(parts).collect()
    }

    /// The language of this file, where the manifest says so.
    #[must_use]
    pub fn version_of(&self, name: &str) -> Option<RegoVersion> {
        let own = self.file_rego_versions.iter().find(|(pattern, _)| {
            let pattern = pattern.trim_start_matches('/');
            pattern == name || (pattern.contains('*') && matches(pattern.as_bytes(), name.as_bytes()))
        });
        match own.map(|(_, version)| *version).or(self.rego_version)? {
            0 => Some(RegoVersion::V0),
            _ => Some(RegoVersion::V1),
        }
    }
}

/// The first two roots of which one holds the other.
fn overlap(roots: &[Vec<String>]) -> Option<(String, String)> {
    let mut sorted: Vec<&Vec<String>> = roots.iter().collect();
    sorted.sort_unstable();
    let holds = |pair: &&[&Vec<String>]| matches!(pair, [one, other] if other.starts_with(one));
    let pair = sorted.windows(2).find(holds)?;
    Some((pair.first()?.join("/"), pair.last()?.join("/")))
}

/// Whether a pattern fits: `*` is any part of a name, `**` any part of a path. It goes back to the last star of each
/// kind only, which is enough: an earlier one could only take more of what the later one takes as well.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut done) = (0_usize, 0_usize);
    // Where the pattern goes on after the star, and up to where the star reaches.
    let mut shallow: Option<(usize, usize)> = None;
    let mut deep: Option<(usize, usize)> = None;
    while done < name.len() {
        let rest = pattern.get(at..).unwrap_or_default();
        if rest.starts_with(b"**") {
            at = at.saturating_add(2);
            (shallow, deep) = (None, Some((at, done)));
        } else if rest.starts_with(b"*") {
            at = at.saturating_add(1);
            shallow = Some((at, done));
        } else if rest.first().is_some_and(|wanted| name.get(done) == Some(wanted)) {
            (at, done) = (at.saturating_add(1), done.saturating_add(1));
        } else if let Some((after, from)) = shallow.filter(|(_, from)| name.get(*from) != Some(&b'/')) {
            (at, done) = (after, from.saturating_add(1));
            shallow = Some((after, done));
        } else if let Some((after, from)) = deep {
            (at, done) = (after, from.saturating_add(1));
            (shallow, deep) = (None, Some((after, done)));
        } else {
            return false;
        }
    }
    pattern.get(at..).unwrap_or_default().iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::{Manifest, RegoVersion, matches};

    #[test]
    fn a_manifest_is_read_or_refused() {
        let many = format!(r#"{{"roots": [{}]}}"#, vec!["\"a\""; 1001].join(","));
        let cases = [
            ("{}", ""),
            (r#"{"revision": "r1", "roots": ["a/b", "c"], "rego_version": 1, "metadata": {"x": []}}"#, ""),
            (r#"{"roots": ["a", "ab"]}"#, ""),
            (r#"{"roots": ["a/b", "a"]}"#, "the roots `a` and `a/b`"),
            (r#"{"roots": ["a", "a/"]}"#, "the roots `a` and `a`"),
            (r#"{"roots": ["", "a"]}"#, "the roots `` and `a`"),
            (r#"{"rego_version": 2}"#, "version 2 of Rego"),
            (r#"{"file_rego_versions": {"/a.rego": 7}}"#, "version 7 of Rego"),
            (r#"{"wasm": [{"entrypoint": "a", "module": "/policy.wasm"}]}"#, "WebAssembly"),
            (r#"{"roots": "a"}"#, "cannot be read: invalid type"),
            ("[", "cannot be read"),
            (many.as_str(), "more than 1000 roots"),
        ];
        for (text, wanted) in cases {
            let complaint = Manifest::read(text.as_bytes()).err().map(|error| error.message).unwrap_or_default();
            assert!(complaint.contains(wanted) && complaint.is_empty() == wanted.is_empty(), "{text}: {complaint}");
        }
    }

    #[test]
    fn roots_are_paths_and_none_is_all() {
        let roots = |text: &str| Manifest::read(text.as_bytes()).unwrap().roots();
        assert_eq!(roots("{}"), [Vec::<String>::new()]);
        assert_eq!(roots(r#"{"roots": ["/a/b/", "c"]}"#), [vec!["a", "b"], vec!["c"]]);
        assert_eq!(roots(r#"{"roots": []}"#), Vec::<Vec<String>>::new());
    }

    #[test]
    fn versions_are_by_file_or_for_all() {
        let text = r#"{"rego_version": 1, "file_rego_versions": {"/old/*.rego": 0, "**/legacy.rego": 0}}"#;
        let manifest = Manifest::read(text.as_bytes()).unwrap();
        let cases = [("old/a.rego", 0), ("old/b/a.rego", 1), ("x/y/legacy.rego", 0), ("new.rego", 1)];
        for (name, version) in cases {
            let expected = if version == 0 { RegoVersion::V0 } else { RegoVersion::V1 };
            assert_eq!(manifest.version_of(name), Some(expected), "{name}");
        }
        assert_eq!(Manifest::default().version_of("a.rego"), None);
    }

    #[test]
    fn patterns_fit_or_not() {
        let cases = [
            ("a.rego", "a.rego", true),
            ("a.rego", "b.rego", false),
            ("*.rego", "a.rego", true),
            ("*.rego", "a/b.rego", false),
            ("**.rego", "a/b.rego", true),
            ("**/*.rego", "x/y/z.rego", true),
            ("**/a*/z", "x/ay/b/ac/z", true),
            ("a/*/c", "a/b/c", true),
            ("a/*/c", "a/b/b/c", false),
            ("a*", "a", true),
            ("", "a", false),
        ];
        for (pattern, name, fits) in cases {
            assert_eq!(matches(pattern.as_bytes(), name.as_bytes()), fits, "{pattern} {name}");
        }
        let (hard, long) = ("*a".repeat(60), "a".repeat(500) + "b");
        assert!(!matches(hard.as_bytes(), long.as_bytes()));
    }
}
