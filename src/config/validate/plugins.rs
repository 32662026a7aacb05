//! Plugins.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use super::super::error::{Problem, quote};
use super::super::located::{Located, Place};
use super::super::plugins::{PluginConfig, PluginSource};
use super::super::raw::RawToken;
use super::super::raw::plugins::{RawGrants, RawHost, RawPlugin, RawPluginLimits};
use super::super::{DEFAULT_PLUGIN_MEMORY, TokenSource};
use super::{Check, sources};
use crate::domain::digest::Digest;
use crate::domain::grant::{HostError, HostGrant};
use crate::domain::plugin::is_plugin_name;
use crate::domain::repository::{RepositoryError, RepositoryReference};

/// The least and the most memory that a plugin may be given, in bytes.
const MEMORY: std::ops::RangeInclusive<u64> = (1 << 20)..=(1 << 30);

/// The plugins as they are written: a name, and the rest.
pub(super) type RawPlugins = HashMap<Located<String>, Located<RawPlugin>>;

/// How long a plugin may take: by default, and at most.
#[derive(Clone, Copy)]
pub(super) struct Timeouts {
    pub(super) rule: Duration,
    pub(super) evaluation: Duration,
}

pub(super) fn names(plugins: &Located<RawPlugins>) -> Vec<String> {
    plugins.value.keys().map(|name| name.value.clone()).collect()
}

pub(super) fn check(
    check: &mut Check<'_>,
    plugins: Option<Located<RawPlugins>>,
    timeouts: Timeouts,
) -> Vec<PluginConfig> {
    let Some(plugins) = plugins else { return Vec::new() };
    check.bound("plugins", plugins.place, plugins.value.len());
    let mut written: Vec<_> = plugins.value.into_iter().collect();
    written.sort_by_key(|(name, _)| name.place);
    written.into_iter().filter_map(|(name, plugin)| one(check, name, plugin, timeouts)).collect()
}

fn one(
    check: &mut Check<'_>,
    name: Located<String>,
    plugin: Located<RawPlugin>,
    timeouts: Timeouts,
) -> Option<PluginConfig> {
    if !is_plugin_name(&name.value) {
        let message = format!("the plugin name {} is not lower-case kebab-case", quote(&name.value));
        check.problem(name.place, message, "write it as `change-ticket`");
    }
    let RawPlugin { path, oci, sha256, allow_insecure, grants, limits } = plugin.value;
    let sha256 = sha256.and_then(|text| digest(check, &text));
    let RawGrants { http, secrets } = grants.unwrap_or_default();
    let http = http.unwrap_or_default().into_iter().filter_map(|host| host_grant(check, host)).collect();
    let (timeout, memory) = limits_of(check, limits.unwrap_or_default(), timeouts);
    let source = match (path, oci) {
        (Some(path), None) => {
            if let Some(written) = allow_insecure {
                check.problem(written.place, "`allow_insecure` does not belong to a file", "leave it out");
            }
            PluginSource::File(check.path("path", path))
        }
        (None, Some(oci)) => {
            if sha256.is_none() {
                let message = format!("the plugin {} comes from a registry and has no `sha256`", quote(&name.value));
                check.problem(
                    oci.place,
                    message,
                    "`holdpoint plugin pull` prints the digest of the component; write it as `sha256`",
                );
            }
            let allow_insecure = allow_insecure.is_some_and(|allowed| allowed.value);
            PluginSource::Oci { address: address(check, &oci)?, allow_insecure }
        }
        (Some(_), Some(_)) | (None, None) => {
            let message = format!("the plugin {} needs either `path` or `oci`", quote(&name.value));
            check.problem(plugin.place, message, "write `{path: FILE}` or `{oci: ADDRESS, sha256: …}`");
            return None;
        }
    };
    let secrets = secrets_of(check, secrets.unwrap_or_default());
    Some(PluginConfig { name: name.value, source, sha256, http, secrets, timeout, memory })
}

/// Words of letters and digits, joined by hyphens, as in the contract.
fn digest(check: &mut Check<'_>, text: &Located<String>) -> Option<Digest> {
    let full = if text.value.contains(':') { text.value.clone() } else { format!("sha256:{}", text.value) };
    let digest = full.parse().ok();
    if digest.is_none() {
        check.problem(text.place, "`sha256` is not a SHA-256", "write the 64 hex digits that `sha256sum` prints");
    }
    digest
}

fn address(check: &mut Check<'_>, text: &Located<String>) -> Option<RepositoryReference> {
    text.value
        .parse()
        .map_err(|error: RepositoryError| {
            let problem = Problem::new(text.place, format!("`oci` is no address of a plugin: {error}"));
            check.push(problem.hint(error.hint()).without_line());
        })
        .ok()
}

fn host_grant(check: &mut Check<'_>, host: Located<RawHost>) -> Option<HostGrant> {
    let (name, networks) = match host.value {
        RawHost::Name(name) => (Located { value: name, place: host.place }, Vec::new()),
        RawHost::Map(map) => (map.host, map.networks),
    };
    let mut grant: HostGrant = name
        .value
        .parse()
        .map_err(|error: HostError| {
            let message = format!("the granted host {}: {error}", quote(&name.value));
            check.problem(name.place, message, "write one host, such as `tickets.example.com` or `localhost:8080`");
        })
        .ok()?;
    for network in networks {
        if let Ok(parsed) = network.value.parse() {
            grant.networks.push(parsed);
        } else {
            let message = format!("{} is not a network", quote(&network.value));
            check.problem(network.place, message, "write it as `10.0.0.0/8` or `fd00::/8`");
        }
    }
    Some(grant)
}

fn secrets_of(
    check: &mut Check<'_>,
    secrets: HashMap<Located<String>, Located<RawToken>>,
) -> BTreeMap<String, TokenSource> {
    let mut written: Vec<_> = secrets.into_iter().collect();
    written.sort_by_key(|(name, _)| name.place);
    let one = |(name, place): (Located<String>, Located<RawToken>)| {
        check.name("the name of a secret", &name);
        let key = format!("the secret {}", quote(&name.value));
        Some((name.value, sources::check_token(check, &key, place)?))
    };
    written.into_iter().filter_map(one).collect()
}

fn limits_of(check: &mut Check<'_>, limits: RawPluginLimits, timeouts: Timeouts) -> (Duration, u64) {
    let timeout = limits.timeout.as_ref().map_or(Some(timeouts.rule), |text| check.duration("timeout", text));
    let timeout = timeout.unwrap_or(timeouts.rule);
    if let (true, Some(written)) = (timeout > timeouts.evaluation, &limits.timeout) {
        let message =
            format!("`timeout` ({timeout:?}) is longer than `evaluation_timeout` ({:?})", timeouts.evaluation);
        check.problem(written.place, message, "the evaluation of all rules cannot be shorter than one");
    }
    let memory =
        limits.memory.unwrap_or_else(|| Located { value: DEFAULT_PLUGIN_MEMORY.to_owned(), place: Place::default() });
    let bytes = check.size("memory", &memory, &MEMORY, "write a size from `1MiB` to `1GiB`").unwrap_or_default();
    (timeout, bytes)
}
