//! Plugins of a configuration.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::TokenSource;
use crate::domain::digest::Digest;
use crate::domain::grant::HostGrant;
use crate::domain::repository::RepositoryReference;

/// The memory of a plugin whose configuration says nothing of it, in bytes: what the schema calls `64MiB`.
pub const USUAL_PLUGIN_MEMORY: u64 = 64 << 20;

/// A custom rule as a WebAssembly component, and what it may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginConfig {
    /// The name that rules use.
    pub name: String,
    /// Where the component is.
    pub source: PluginSource,
    /// The only component that is accepted; always there for one from a registry.
    pub sha256: Option<Digest>,
    /// The hosts that it may send requests to.
    pub http: Vec<HostGrant>,
    /// The secrets that it may read, by the names it knows them by.
    pub secrets: BTreeMap<String, TokenSource>,
    /// How long one evaluation may take; at most what all rules of a decision may take.
    pub timeout: Duration,
    /// How much memory one evaluation may use, in bytes.
    pub memory: u64,
}

impl PluginConfig {
    /// A plugin without grants, and with the usual limits.
    #[must_use]
    pub const fn new(name: String, source: PluginSource, timeout: Duration) -> Self {
        Self {
            name,
            source,
            sha256: None,
            http: Vec::new(),
            secrets: BTreeMap::new(),
            timeout,
            memory: USUAL_PLUGIN_MEMORY,
        }
    }
}

/// Where a component is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PluginSource {
    /// In a file.
    File(PathBuf),
    /// In a registry.
    Oci {
        /// Where.
        address: RepositoryReference,
        /// The registry may be reached without TLS.
        allow_insecure: bool,
    },
}
