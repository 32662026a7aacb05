//! Who carries requests for one plugin: to the hosts that it was granted, and to no other.

use std::fmt;
use std::net::Ipv6Addr;
use std::sync::Arc;

use http::Uri;
use reqwest::redirect::Policy;
use reqwest::{Client, Request, Url};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;
use wasmtime_wasi_http::Error;

use crate::domain::grant::HostGrant;

use super::super::fault::{Failure, PluginFault};
use super::address;
use super::exchange::{Answer, Broken, Patience, exchange};
use super::ledger::End;
use super::resolve::{Checked, Lookup};

/// Threads that may wait for the machine's resolver at once.
const MOST_LOOKUPS: usize = 8;

/// Connections of one plugin. None of them is shared with another plugin or with holdpoint itself, and none knows a
/// credential, a cookie or a proxy.
pub(in crate::engine::wasm) struct Courier {
    plugin: String,
    doors: Vec<Door>,
    /// Where connections live, since those that ask come and go. `None` only while it is dropped.
    runtime: Option<Runtime>,
}

/// The way to one granted host. Each has connections of its own: what one grant gives is not for another.
struct Door {
    grant: Arc<HostGrant>,
    client: Client,
}

/// Where a request is to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Destination {
    secure: bool,
    host: String,
    port: u16,
}

impl fmt::Display for Destination {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.parse::<Ipv6Addr>() {
            Ok(address) => write!(formatter, "[{address}]:{}", self.port),
            Err(_) => write!(formatter, "{}:{}", self.host, self.port),
        }
    }
}

const fn default_port(secure: bool) -> u16 {
    if secure { 443 } else { 80 }
}

impl Destination {
    /// The destination of an address.
    ///
    /// # Errors
    /// What it says, when that is no destination, at its whole length.
    pub(super) fn of(uri: &Uri) -> Result<Self, String> {
        let authority = uri.authority().map(http::uri::Authority::as_str).unwrap_or_default();
        let secure = uri.scheme_str() == Some("https");
        let asked: HostGrant = authority.parse().map_err(|_error| authority.to_owned())?;
        Ok(Self { secure, host: asked.host, port: asked.port.unwrap_or(default_port(secure)) })
    }

    fn is_granted(&self, grant: &HostGrant) -> bool {
        grant.host == self.host && grant.port.unwrap_or(default_port(self.secure)) == self.port
    }

    /// Whether a request may go there as it says: in the clear only to this machine.
    ///
    /// # Errors
    /// When it may not.
    pub(super) fn check_scheme(&self) -> Result<(), Failure> {
        if self.secure || address::is_this_machine(&self.host) {
            return Ok(());
        }
        let message = format!("wanted to send a request to `{self}` over http, and it may only do so over https");
        let hint = "set the plugin to https; http is for hosts on this machine, such as `localhost`";
        Err(Failure::new("plugin_http", message, hint))
    }

    /// The address of this path there. The path cannot lead elsewhere: it comes after host and port.
    pub(super) fn url(&self, path: &str) -> Option<Url> {
        let scheme = if self.secure { "https" } else { "http" };
        let separator = if path.starts_with(['/', '?']) { "" } else { "/" };
        Url::parse(&format!("{scheme}://{self}{separator}{path}")).ok()
    }
}

impl Courier {
    /// Makes the ways to the hosts of these grants.
    ///
    /// # Errors
    /// When there can be no connections, without the plugin's name.
    pub(super) fn new(plugin: &str, grants: &[HostGrant], lookup: &Arc<dyn Lookup>) -> Result<Self, PluginFault> {
        let unavailable = |why: &dyn fmt::Display| {
            let hint = "check the certificates of the machine, and free memory and threads";
            PluginFault::new(format!("no requests can be sent for it: {why}"), hint)
        };
        let doors: Result<Vec<_>, _> = grants.iter().map(|grant| Door::new(grant, lookup)).collect();
        let doors = doors.map_err(|error| unavailable(&error))?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(MOST_LOOKUPS)
            .thread_name("plugin-http")
            .enable_all()
            .build()
            .map_err(|error| unavailable(&error))?;
        Ok(Self { plugin: plugin.to_owned(), doors, runtime: Some(runtime) })
    }

    /// The connections to this destination.
    ///
    /// # Errors
    /// When it is not granted, or not in this way.
    pub(super) fn client(&self, to: &Destination) -> Result<Client, Failure> {
        let Some(door) = self.doors.iter().find(|door| to.is_granted(&door.grant)) else {
            return Err(self.not_granted(to));
        };
        to.check_scheme()?;
        Ok(door.client.clone())
    }

    fn not_granted(&self, to: &Destination) -> Failure {
        let host = if to.port == 443 { to.host.clone() } else { to.to_string() };
        let message = format!("wanted to send a request to `{to}`, which is not granted");
        let hint = format!("if it should, add `{host}` to `plugins.{}.grants.http`", self.plugin);
        Failure::new("plugin_http", message, hint)
    }

    /// Sends a request. Dropped, it is given up.
    ///
    /// # Errors
    /// When there is no whole answer.
    pub(super) async fn send(
        &self,
        client: Client,
        request: Request,
        patience: Patience,
    ) -> Result<Answer, Box<Broken>> {
        let mut task = JoinSet::new();
        if let Some(runtime) = &self.runtime {
            task.spawn_on(exchange(client, request, patience), runtime.handle());
        }
        let given_up = || Broken::of(&End::default(), "the request was given up", Error::InternalError(None));
        task.join_next().await.and_then(Result::ok).unwrap_or_else(|| Err(given_up()))
    }
}

impl Door {
    fn new(grant: &HostGrant, lookup: &Arc<dyn Lookup>) -> reqwest::Result<Self> {
        let grant = Arc::new(grant.clone());
        let resolver = Checked { grant: Arc::clone(&grant), lookup: Arc::clone(lookup) };
        let client = Client::builder()
            // A proxy would see what is asked, and could ask another host.
            .no_proxy()
            .redirect(Policy::none())
            .referer(false)
            .https_only(!address::is_this_machine(&grant.host))
            .user_agent(concat!("holdpoint-plugin/", env!("CARGO_PKG_VERSION")))
            // A connection that the host has closed meanwhile would fail the next request, and with it the rule.
            .pool_max_idle_per_host(0)
            .dns_resolver(resolver)
            .build()?;
        Ok(Self { grant, client })
    }
}

impl Drop for Courier {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // The machine's resolver cannot be interrupted, and nobody waits for it any more.
            runtime.shutdown_background();
        }
    }
}
