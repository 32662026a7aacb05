//! Plugins: custom rules as WebAssembly components, what they say of themselves, and what they asked of others.

use serde::Serialize;
use serde_json::Value;

use super::digest::Digest;
use super::origin::Origin;

/// The largest component that is read, fetched or compiled, in bytes.
pub const LARGEST_COMPONENT: u64 = 32 << 20;

/// What a plugin says of itself. All of it is untrusted text.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PluginMetadata {
    /// Lower-case kebab-case.
    pub name: String,
    /// A semantic version.
    pub version: String,
    /// One line.
    pub title: String,
    /// What it demands, in sentences.
    pub description: String,
    /// The JSON Schema of its parameters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Value>,
    /// Where more is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub documentation_url: Option<String>,
}

/// A loaded plugin, as the decision document names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PluginReport {
    /// Its name in the configuration.
    pub name: String,
    /// The version that it states. Untrusted text.
    pub version: String,
    /// The digest of the component.
    pub digest: Digest,
    /// The version of the contract it is built for, such as `0.1.0`.
    pub contract: String,
    /// Where it came from, when that was a registry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// Whether the same question always gets the same answer: it reaches nothing outside.
    pub replayable: bool,
}

/// A loaded plugin, with what it says of itself and what it was granted.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LoadedPlugin {
    /// What it is.
    #[serde(flatten)]
    pub report: PluginReport,
    /// A few words; the name in the configuration when it has none.
    pub title: String,
    /// The JSON Schema of its parameters.
    #[serde(skip)]
    pub parameters: Option<Value>,
    /// The hosts that it may send requests to.
    pub http: Vec<String>,
    /// The names of the secrets that it may read.
    pub secrets: Vec<String>,
}

/// One request that a plugin made to a host that it was granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PluginCall {
    /// The id of the rule that was evaluated.
    pub rule: String,
    /// The method, such as `GET`.
    pub method: String,
    /// Host and port.
    pub host: String,
    /// The status of the answer; `None` when there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The digest of the answer's body as far as it was read; `None` when there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// Why there was no answer, or only part of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How long it took.
    pub duration_ms: u64,
}

/// A language that plugins are written in with tools that holdpoint knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Rust.
    Rust,
    /// Go.
    Go,
    /// JavaScript, and TypeScript after its own build.
    JavaScript,
    /// Python.
    Python,
}

impl Language {
    /// How people write it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Rust => "Rust",
            Self::Go => "Go",
            Self::JavaScript => "JavaScript",
            Self::Python => "Python",
        }
    }
}

/// Whether the text may name a plugin: lower-case words and numbers with hyphens between them, a letter first, at most
/// 64 characters.
#[must_use]
pub fn is_plugin_name(text: &str) -> bool {
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    text.len() <= 64 && text.split('-').all(is_word) && text.starts_with(|first: char| first.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::is_plugin_name;

    #[test]
    fn names_are_kebab_case() {
        for good in ["a", "change-ticket", "quorum2", "a-1-b"] {
            assert!(is_plugin_name(good), "{good}");
        }
        for bad in ["", "-", "a-", "-a", "a--b", "A", "a_b", "a b", "ä", "1a", "a\n"] {
            assert!(!is_plugin_name(bad), "{bad:?}");
        }
    }
}
