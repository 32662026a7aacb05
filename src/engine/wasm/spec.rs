//! What is loaded: a component, and what it is granted.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use sha2::{Digest as _, Sha256};

use crate::domain::digest::Digest;
use crate::domain::grant::HostGrant;
use crate::domain::origin::Origin;

use super::Stage;

/// A plugin as it is to be loaded.
#[derive(Clone, Debug)]
pub struct PluginSpec {
    /// The name that rules use.
    pub name: String,
    /// The component.
    pub component: ComponentBytes,
    /// Where it came from, when that was a registry.
    pub origin: Option<Origin>,
    /// Who answers its requests.
    pub http: Hosts,
    /// The secrets that it may read, by the names that it knows them by.
    pub secrets: Arc<BTreeMap<String, SecretString>>,
    /// How long one call may take.
    pub timeout: Duration,
    /// How much memory one call may use, in bytes.
    pub memory: u64,
}

/// Who answers the requests of a plugin.
#[derive(Clone, Debug)]
pub enum Hosts {
    /// The hosts of these grants; without one, a plugin that sends requests is refused.
    Granted(Vec<HostGrant>),
    /// Nobody outside: for tests of plugins.
    Staged(Arc<Stage>),
}

impl Default for Hosts {
    /// Nobody.
    fn default() -> Self {
        Self::Granted(Vec::new())
    }
}

impl Hosts {
    /// The grants of hosts.
    pub(super) fn granted(&self) -> &[HostGrant] {
        match self {
            Self::Granted(grants) => grants,
            Self::Staged(_) => &[],
        }
    }

    /// Whether it may send requests.
    pub(super) fn is_granted(&self) -> bool {
        matches!(self, Self::Staged(_)) || !self.granted().is_empty()
    }
}

/// A component as it was read, and its digest. It may be megabytes, so the digest is worked out once.
#[derive(Clone)]
pub struct ComponentBytes {
    bytes: Arc<[u8]>,
    digest: Digest,
}

impl ComponentBytes {
    /// Takes what was read as it is; nothing is checked.
    #[must_use]
    pub fn new(bytes: impl Into<Arc<[u8]>>) -> Self {
        let bytes = bytes.into();
        let digest = Digest::from_bytes(Sha256::digest(&bytes).into());
        Self { bytes, digest }
    }

    /// The digest.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }
}

impl Deref for ComponentBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Without the bytes.
impl fmt::Debug for ComponentBytes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.digest)
    }
}
