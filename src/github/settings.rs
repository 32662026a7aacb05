//! What the configuration says of a GitHub App.

use std::collections::BTreeMap;
use std::time::Duration;

use url::Url;

use super::event::Waiting;
use super::lookup::Lookup;
use super::template::Template;

/// How deployments of GitHub are judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GithubSettings {
    /// The API: `https://api.github.com`, or `https://HOST/api/v3`.
    pub api: Url,
    /// What the references of the artifacts are made of: one for each, or for each element of a list.
    pub artifacts: Vec<Template>,
    /// Where the digests are, if the deployment that waits does not say them.
    pub lookup: Option<Lookup>,
    /// What a deployment name is made of.
    pub deployment_name: Option<Template>,
    /// Environments of the configuration by what GitHub calls them, where the names differ.
    pub environments: BTreeMap<String, String>,
    /// The repositories that are served; empty means all of the App's installations.
    pub repositories: Vec<RepositoryPattern>,
    /// The installations that are served; empty means all.
    pub installations: Vec<u64>,
    /// How long a deployment without an artifact waits before it is rejected; none means until GitHub gives up.
    pub reject_without_artifact: Option<Duration>,
    /// How soon what waits without a known opening is looked at again, at first.
    pub poll: Duration,
}

/// `owner/name` or `owner/*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryPattern(String);

impl RepositoryPattern {
    /// Reads one; `None` for what is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (owner, name) = text.split_once('/')?;
        let is_one = super::callback::is_name(owner) && (name == "*" || super::callback::is_name(name));
        is_one.then(|| Self(text.to_ascii_lowercase()))
    }

    fn matches(&self, repository: &str) -> bool {
        let repository = repository.to_ascii_lowercase();
        match self.0.strip_suffix('*') {
            Some(owner) => repository.starts_with(owner),
            None => repository == self.0,
        }
    }
}

impl GithubSettings {
    /// Whether deployments of this repository and installation are answered.
    #[must_use]
    pub fn serves(&self, waiting: &Waiting) -> bool {
        let repository =
            self.repositories.is_empty() || self.repositories.iter().any(|one| one.matches(&waiting.repository));
        let installation = self.installations.is_empty() || self.installations.contains(&waiting.installation_id);
        repository && installation
    }

    /// The environment of the configuration that GitHub's stands for.
    #[must_use]
    pub fn environment<'a>(&'a self, named: &'a str) -> &'a str {
        self.environments.get(named).map_or(named, String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::RepositoryPattern;

    #[test]
    fn a_pattern_is_a_repository_or_all_of_an_owner() {
        let cases = [
            ("acme/shop", "Acme/Shop", true),
            ("acme/shop", "acme/shop2", false),
            ("ACME/*", "acme/anything", true),
            ("acme/*", "acmes/shop", false),
        ];
        for (pattern, repository, expected) in cases {
            assert_eq!(RepositoryPattern::parse(pattern).unwrap().matches(repository), expected, "{pattern}");
        }
        for text in ["", "acme", "*/*", "acme/", "acme/sh*", "a/b/c", "https://github.com/acme/shop"] {
            assert_eq!(RepositoryPattern::parse(text), None, "{text}");
        }
    }
}
