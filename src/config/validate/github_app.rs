//! The GitHub App.

mod artifacts;

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

use url::Url;

use super::super::error::quote;
use super::super::github_app::{GithubAppConfig, LISTEN, MOST};
use super::super::located::{Located, Place};
use super::super::raw::RawToken;
use super::super::raw::github_app::{DEFAULT_API, DEFAULT_POLL, DEFAULT_STORE, DEFAULT_TIMEOUT, RawGithubApp};
use super::super::{ServerConfig, TokenSource};
use super::{Check, server, sources};
use crate::github::settings::{GithubSettings, RepositoryPattern};

const MOST_WAITING: RangeInclusive<u32> = 1..=100_000;
const LEAST_POLL: Duration = Duration::from_secs(1);

pub(super) fn check(
    check: &mut Check<'_>,
    raw: Located<RawGithubApp>,
    known: &[String],
    server: &ServerConfig,
) -> Option<GithubAppConfig> {
    let Located { value: raw, place } = raw;
    check.name("`client_id`", &raw.client_id);
    let private_key = sources::check_token(check, "`private_key`", raw.private_key);
    let webhook_secrets = secrets(check, raw.webhook_secrets);
    let listen = listen(check, raw.listen, server);
    let tls = raw.tls.map(|tls| server::tls(check, tls));
    let allow_insecure = raw.allow_insecure.is_some_and(|allow| allow.value);
    if tls.is_none() && !allow_insecure && !listen.ip().is_loopback() {
        let message = format!("`github_app` listens on {listen} without a certificate");
        let hint = "add `tls`, listen on 127.0.0.1, or set `allow_insecure: true` where a proxy ends TLS";
        check.problem(place, message, hint);
    }
    let ca_file = raw.ca_file.map(|file| check.path("ca_file", file));
    let timeout = check.timeout("timeout", raw.timeout, DEFAULT_TIMEOUT);
    let store = raw.store.unwrap_or_else(|| default(DEFAULT_STORE));
    let store = server::file(check, "store", store);
    let most = most(check, raw.most);
    let lookup = raw.lookup.and_then(|raw| artifacts::lookup(check, raw));
    let artifacts = artifacts::all(check, raw.artifact, raw.artifacts, lookup.as_ref());
    let deployment_name = raw.deployment_name.and_then(|text| artifacts::deployment_name(check, &text, &artifacts));
    let settings = GithubSettings {
        api: api(check, raw.api)?,
        artifacts,
        lookup,
        deployment_name,
        environments: environments(check, raw.environments.unwrap_or_default(), known),
        repositories: repositories(check, raw.repositories),
        installations: installations(check, raw.installations),
        reject_without_artifact: raw
            .reject_without_artifact
            .and_then(|text| check.duration("reject_without_artifact", &text)),
        poll: poll(check, raw.poll),
    };
    Some(GithubAppConfig {
        listen,
        tls,
        allow_insecure,
        client_id: raw.client_id.value,
        private_key: private_key?,
        webhook_secrets,
        store,
        most,
        timeout: timeout?,
        ca_file,
        settings,
    })
}

fn default(text: &str) -> Located<String> {
    Located { value: text.to_owned(), place: Place::default() }
}

fn secrets(check: &mut Check<'_>, secrets: Located<Vec<Located<RawToken>>>) -> Vec<TokenSource> {
    if !(1..=2).contains(&secrets.value.len()) {
        let message = format!("`webhook_secrets` has {} secrets", secrets.value.len());
        check.problem(secrets.place, message, "name one, or two while one is replaced by another");
    }
    let one = |secret| sources::check_token(check, "a secret of `webhook_secrets`", secret);
    secrets.value.into_iter().filter_map(one).collect()
}

fn listen(check: &mut Check<'_>, text: Option<Located<String>>, server: &ServerConfig) -> SocketAddr {
    let place = text.as_ref().map(|text| text.place).unwrap_or_default();
    let listen = server::address(check, "listen", text, LISTEN);
    if listen.port() != 0 && (listen == server.listen || listen == server.operations) {
        let message = format!("`github_app.listen` is `{listen}`, which is an address of `server` too");
        check.problem(place, message, "give it a port of its own");
    }
    listen
}

fn api(check: &mut Check<'_>, text: Option<Located<String>>) -> Option<Url> {
    let text = text.unwrap_or_else(|| default(DEFAULT_API));
    let base = sources::Base { key: "api", credential: "private_key", usual: DEFAULT_API, allow_insecure: None };
    sources::check_url(check, &text, &base)
}

fn environments(
    check: &mut Check<'_>,
    names: HashMap<Located<String>, Located<String>>,
    known: &[String],
) -> BTreeMap<String, String> {
    // In the order of the file: a map has none.
    let mut names: Vec<_> = names.into_iter().collect();
    names.sort_by_key(|(name, _)| (name.place.line, name.place.column));
    for (name, environment) in &names {
        check.name("an environment of GitHub", name);
        check.environment("`github_app.environments`", environment, known);
    }
    names.into_iter().map(|(name, environment)| (name.value, environment.value)).collect()
}

fn repositories(check: &mut Check<'_>, names: Option<Located<Vec<Located<String>>>>) -> Vec<RepositoryPattern> {
    let Some(names) = names else { return Vec::new() };
    if names.value.is_empty() {
        check.problem(names.place, "`repositories` names none", "leave it out to answer for all");
    }
    let one = |name: Located<String>| {
        let pattern = RepositoryPattern::parse(&name.value);
        if pattern.is_none() {
            let message = format!("`repositories`: {} is no repository", quote(&name.value));
            check.problem(name.place, message, "write `owner/name`, or `owner/*` for all of an owner");
        }
        pattern
    };
    names.value.into_iter().filter_map(one).collect()
}

fn installations(check: &mut Check<'_>, numbers: Option<Located<Vec<u64>>>) -> Vec<u64> {
    let Some(numbers) = numbers else { return Vec::new() };
    if numbers.value.is_empty() {
        check.problem(numbers.place, "`installations` names none", "leave it out to answer for all");
    }
    numbers.value
}

fn poll(check: &mut Check<'_>, text: Option<Located<String>>) -> Duration {
    let text = text.unwrap_or_else(|| default(DEFAULT_POLL));
    let poll = check.at_most_an_hour("poll", &text).unwrap_or(LEAST_POLL);
    if poll < LEAST_POLL {
        check.problem(text.place, format!("`poll` ({poll:?}) is shorter than a second"), "write at least `1s`");
    }
    poll
}

fn most(check: &mut Check<'_>, count: Option<Located<u32>>) -> u32 {
    let Some(count) = count else { return MOST };
    if !MOST_WAITING.contains(&count.value) {
        let message = format!("`most` is `{}`", count.value);
        check.problem(count.place, message, "write a number from 1 to 100000");
    }
    count.value
}
