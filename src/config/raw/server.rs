//! The server, as it is written.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::super::located::Located;
use super::super::{duration, size};
use super::present;

/// How `holdpoint serve` listens, how long things may take, and what it keeps.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map of settings of the server")]
#[schemars(rename = "server")]
pub(crate) struct RawServer {
    /// Where reviews are answered, by https: an address and a port.
    #[schemars(extend("default" = "0.0.0.0:8443"))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) listen: Option<Located<String>>,
    /// Where health and metrics are, by http.
    #[schemars(extend("default" = "0.0.0.0:8080"))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) operations: Option<Located<String>>,
    /// The certificate of the server, and those that it asks for.
    #[serde(default, deserialize_with = "present")]
    pub(crate) tls: Option<RawTls>,
    /// How often the records of each environment are read.
    #[schemars(extend("default" = "30s", "pattern" = duration::PATTERN))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) refresh: Option<Located<String>>,
    /// From which age on records are not judged by. At least twice `refresh`.
    #[schemars(extend("default" = "5m", "pattern" = duration::PATTERN))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) stale_after: Option<Located<String>>,
    /// A file that keeps what was allowed, for readmission after a restart. Left out: in memory only.
    #[serde(default, deserialize_with = "present")]
    pub(crate) readmissions: Option<Located<String>>,
    /// How long an answer may take when the API server does not say.
    #[schemars(extend("default" = "8s", "pattern" = duration::PATTERN))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) deadline: Option<Located<String>>,
    /// How long the server goes on answering after it was told to stop.
    #[schemars(extend("default" = "25s", "pattern" = duration::PATTERN))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) drain: Option<Located<String>>,
    /// What requests may take.
    #[schemars(extend("default" = json!({})))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) limits: Option<RawServerLimits>,
    /// Whether plugins that may send requests run while an API server waits for the answer.
    #[schemars(extend("default" = "refuse"))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) plugins_with_http: Option<RawPluginsWithHttp>,
}

/// The certificate of the server, and those that it asks for. Files are read again when they change.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map with `certificate` and `key`")]
#[schemars(rename = "tls", extend("dependentRequired" = json!({"client_names": ["client_ca"]})))]
pub(crate) struct RawTls {
    /// A file with the certificate in PEM, and its chain behind it.
    pub(crate) certificate: Located<String>,
    /// A file with its private key in PEM.
    pub(crate) key: Located<String>,
    /// The oldest version of TLS that is spoken: `1.2` or `1.3`.
    #[schemars(extend("default" = "1.3", "enum" = json!(TLS_VERSIONS)))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) minimum_version: Option<Located<String>>,
    /// A file with certificates in PEM. A client must show a certificate that one of them signed.
    #[serde(default, deserialize_with = "present")]
    pub(crate) client_ca: Option<Located<String>>,
    /// The names that a client's certificate may have. Left out: any that `client_ca` signed.
    #[schemars(extend("minItems" = 1))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) client_names: Option<Located<Vec<Located<String>>>>,
}

/// The values of `minimum_version`.
pub(crate) const TLS_VERSIONS: [&str; 2] = ["1.2", "1.3"];

/// What requests may take.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map with `connections` or `body`")]
#[schemars(rename = "server_limits")]
pub(crate) struct RawServerLimits {
    /// How many connections may be open at a time.
    #[schemars(extend("default" = 1024, "minimum" = 16, "maximum" = 65536))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) connections: Option<Located<u32>>,
    /// The largest body of a request. An API server sends an object twice, each of up to 1.5 MiB, and more in JSON.
    #[schemars(extend("default" = "7MiB", "pattern" = size::PATTERN))]
    #[serde(default, deserialize_with = "present")]
    pub(crate) body: Option<Located<String>>,
}

/// What becomes of plugins that may send requests.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "plugins_with_http", inline)]
pub(crate) enum RawPluginsWithHttp {
    /// The server does not start with one.
    Refuse,
    /// They run. An answer may then take as long as theirs.
    Allow,
}
