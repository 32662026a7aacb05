//! The GitHub App of a configuration.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use super::validate::is_loopback;
use super::{TlsConfig, TokenSource};
use crate::github::settings::GithubSettings;

/// A GitHub App: how it is reached, how it proves itself, and what it judges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GithubAppConfig {
    /// Where events are taken.
    pub listen: SocketAddr,
    /// The certificate of that listener; none means plain http.
    pub tls: Option<TlsConfig>,
    /// Whether plain http is spoken to other machines too.
    pub allow_insecure: bool,
    /// The client id of the App, or its number.
    pub client_id: String,
    /// Where its private key is.
    pub private_key: TokenSource,
    /// Where the secrets of its webhook are: one, or two while one is replaced.
    pub webhook_secrets: Vec<TokenSource>,
    /// The file that keeps what waits.
    pub store: PathBuf,
    /// How many deployments may wait.
    pub most: u32,
    /// How long a call of GitHub's API may take.
    pub timeout: Duration,
    /// PEM certificates to trust for it, beside those of the system.
    pub ca_file: Option<PathBuf>,
    /// What is judged, and how.
    pub settings: GithubSettings,
}

impl GithubAppConfig {
    /// Whether the API is on this machine.
    #[must_use]
    pub fn is_local(&self) -> bool {
        is_loopback(&self.settings.api)
    }
}

/// The default of `listen`.
pub(super) const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8444);
/// The default of `most`.
pub(super) const MOST: u32 = 10_000;
