//! The GitHub App, as it is written.

use std::collections::{BTreeMap, HashMap};

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::super::duration;
use super::super::located::Located;
use super::server::RawTls;
use super::{RawToken, present};

/// The defaults of keys.
pub(crate) const DEFAULT_API: &str = "https://api.github.com";
pub(crate) const DEFAULT_ARTIFACT: &str = "{payload/artifact}";
pub(crate) const DEFAULT_POLL: &str = "30s";
pub(crate) const DEFAULT_TIMEOUT: &str = "30s";
pub(crate) const DEFAULT_STORE: &str = "holdpoint-github.db";

/// A GitHub App that answers for deployment protection rules: runs that wait for an environment.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map with `client_id`, `private_key` and `webhook_secrets`")]
#[schemars(rename = "github_app")]
pub(crate) struct RawGithubApp {
    /// The client id of the App, or its number.
    pub(crate) client_id: Located<String>,
    /// Where the private key of the App is, in PEM.
    pub(crate) private_key: Located<RawToken>,
    /// Where the secret of the App's webhook is; two while one is replaced by another.
    #[schemars(extend("minItems" = 1, "maxItems" = 2))]
    pub(crate) webhook_secrets: Located<Vec<Located<RawToken>>>,
    /// Where events are taken, at the path `/github/webhook`: an address and a port.
    #[schemars(extend("default" = "127.0.0.1:8444"))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) listen: Option<Located<String>>,
    /// The certificate of that listener. Left out: plain http, which is for a proxy on this machine.
    #[serde(default, deserialize_with = "present")]
    pub(crate) tls: Option<RawTls>,
    /// Speak plain http to other machines too, such as to a proxy that ends TLS.
    #[schemars(extend("default" = false))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) allow_insecure: Option<Located<bool>>,
    /// The address of GitHub's API; of a GitHub Enterprise Server, `https://HOST/api/v3`.
    #[schemars(extend("default" = DEFAULT_API, "format" = "uri"))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) api: Option<Located<String>>,
    /// A file of PEM certificates to trust for the API, beside those of the system.
    #[serde(default, deserialize_with = "present")]
    pub(crate) ca_file: Option<Located<String>>,
    /// How long a call of the API may take.
    #[schemars(extend("default" = DEFAULT_TIMEOUT, "pattern" = duration::PATTERN))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) timeout: Option<Located<String>>,
    /// The file that keeps what waits. It is made when it is missing.
    #[schemars(extend("default" = DEFAULT_STORE))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) store: Option<Located<String>>,
    /// What the artifact's reference is made of: text with `{repository}`, `{owner}`, `{name}`, `{environment}`, `{sha}`,
    /// `{ref}`, `{task}`, `{payload}`, `{payload/KEY/…}` or, for each element of a list, `{payload/KEY/*/KEY}`. It has to
    /// come out with a digest.
    #[schemars(extend("default" = DEFAULT_ARTIFACT))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) artifact: Option<Located<String>>,
    /// In place of `artifact`, what the references of several are made of. All of them are judged.
    #[schemars(extend("minItems" = 1, "maxItems" = 64))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) artifacts: Option<Located<Vec<Located<String>>>>,
    /// Where the digest is, when the deployment that waits does not say it.
    #[serde(default, deserialize_with = "present")]
    pub(crate) lookup: Option<Located<RawLookup>>,
    /// What the deployment name is made of, as `artifact` is. Left out: requests have none.
    #[serde(default, deserialize_with = "present")]
    pub(crate) deployment_name: Option<Located<String>>,
    /// Environments of this configuration, by what GitHub calls them. Those of the same name need no line.
    #[schemars(with = "Option<BTreeMap<String, String>>", extend("default" = json!({})))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) environments: Option<HashMap<Located<String>, Located<String>>>,
    /// The repositories that are answered for, `owner/name` or `owner/*`. Left out: all.
    #[schemars(extend("minItems" = 1))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) repositories: Option<Located<Vec<Located<String>>>>,
    /// The installations that are answered for, by their numbers. Left out: all.
    #[schemars(extend("minItems" = 1))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) installations: Option<Located<Vec<u64>>>,
    /// Reject what has waited so long without an artifact. Left out: it waits until GitHub gives up, after 30 days.
    #[schemars(extend("pattern" = duration::PATTERN))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) reject_without_artifact: Option<Located<String>>,
    /// How soon what waits without a known opening is looked at again. It doubles from look to look, up to ten minutes.
    #[schemars(extend("default" = DEFAULT_POLL, "pattern" = duration::PATTERN))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) poll: Option<Located<String>>,
    /// How many deployments may wait.
    #[schemars(extend("default" = 10_000, "minimum" = 1, "maximum" = 100_000))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) most: Option<Located<u32>>,
}

/// Where the digest of a commit's artifact is: in the payload of another deployment, or at the registry under a tag.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map with `environment` or `tag`")]
#[schemars(rename = "github_lookup", extend("oneOf" = json!([{"required": ["environment"]}, {"required": ["tag"]}])))]
pub(crate) struct RawLookup {
    /// Take the payload of the newest deployment of the commit that was made for this environment, as GitHub calls it.
    #[schemars(extend("minLength" = 1))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) environment: Option<Located<String>>,
    /// What that deployment was made for. Left out: anything.
    #[serde(default, deserialize_with = "present")]
    pub(crate) task: Option<Located<String>>,
    /// Ask the registry of `artifact`, which is a name then, for this tag: text with `{sha}`, such as `sha-{sha}`.
    #[schemars(extend("minLength" = 1))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) tag: Option<Located<String>>,
}
