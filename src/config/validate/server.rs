//! The server.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use super::super::error::{list, quote};
use super::super::located::{Located, Place};
use super::super::raw::server::{RawPluginsWithHttp, RawServer, RawServerLimits, RawTls, TLS_VERSIONS};
use super::super::server::{ServerConfig, TlsConfig, TlsVersion};
use super::Check;

/// An API server waits for a webhook for 30 seconds at most.
const DEADLINES: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_secs(30);
/// More often than that, and the source does little else.
const LEAST_REFRESH: Duration = Duration::from_secs(1);
const CONNECTIONS: RangeInclusive<u32> = 16..=65_536;
const BODY: RangeInclusive<u64> = (64 << 10)..=(64 << 20);

pub(super) fn check(check: &mut Check<'_>, raw: Option<RawServer>) -> ServerConfig {
    let default = ServerConfig::default();
    let Some(raw) = raw else { return default };
    let (refresh, stale_after) = ages(check, raw.refresh, raw.stale_after, &default);
    let (listen, operations) = addresses(check, raw.listen, raw.operations, &default);
    let (connections, body) = limits(check, raw.limits.unwrap_or_default(), &default);
    ServerConfig {
        listen,
        operations,
        tls: raw.tls.map(|tls| self::tls(check, tls)),
        refresh,
        stale_after,
        readmissions: raw.readmissions.map(|path| file(check, "readmissions", path)),
        deadline: deadline(check, raw.deadline, &default),
        drain: given(check, "drain", raw.drain, default.drain),
        connections,
        body,
        plugins_with_http: matches!(raw.plugins_with_http, Some(RawPluginsWithHttp::Allow)),
    }
}

/// A time of at most an hour, or its default.
fn given(check: &mut Check<'_>, key: &str, text: Option<Located<String>>, default: Duration) -> Duration {
    text.and_then(|text| check.at_most_an_hour(key, &text)).unwrap_or(default)
}

fn ages(
    check: &mut Check<'_>,
    refresh: Option<Located<String>>,
    stale_after: Option<Located<String>>,
    default: &ServerConfig,
) -> (Duration, Duration) {
    let place = refresh.as_ref().or(stale_after.as_ref()).map(|text| text.place).unwrap_or_default();
    let refresh = given(check, "refresh", refresh, default.refresh);
    let stale_after = stale_after.and_then(|text| check.duration("stale_after", &text)).unwrap_or(default.stale_after);
    if refresh < LEAST_REFRESH {
        check.problem(place, format!("`refresh` ({refresh:?}) is shorter than a second"), "write at least `1s`");
    } else if stale_after < refresh.saturating_mul(2) {
        let message = format!("`stale_after` ({stale_after:?}) is less than two times `refresh` ({refresh:?})");
        check.problem(place, message, "leave room for one refresh that fails: otherwise it stops every deployment");
    }
    (refresh, stale_after)
}

fn addresses(
    check: &mut Check<'_>,
    listen: Option<Located<String>>,
    operations: Option<Located<String>>,
    default: &ServerConfig,
) -> (SocketAddr, SocketAddr) {
    let place = operations.as_ref().or(listen.as_ref()).map(|text| text.place).unwrap_or_default();
    let listen = address(check, "listen", listen, default.listen);
    let operations = address(check, "operations", operations, default.operations);
    if listen == operations && listen.port() != 0 {
        let message = format!("`listen` and `operations` are both `{listen}`");
        check.problem(place, message, "give them ports of their own: what is open to all decides nothing");
    }
    (listen, operations)
}

pub(super) fn address(
    check: &mut Check<'_>,
    key: &str,
    text: Option<Located<String>>,
    default: SocketAddr,
) -> SocketAddr {
    let Some(text) = text else { return default };
    text.value.parse().unwrap_or_else(|_| {
        let message = format!("{}: {} is not an address with a port", quote(key), quote(&text.value));
        check.problem(text.place, message, format!("write it as `{default}` or `[::]:{}`", default.port()));
        default
    })
}

pub(super) fn tls(check: &mut Check<'_>, raw: RawTls) -> TlsConfig {
    let client_names = raw.client_names.map(|names| client_names(check, names, raw.client_ca.is_some()));
    TlsConfig {
        certificate: file(check, "certificate", raw.certificate),
        key: file(check, "key", raw.key),
        minimum: raw.minimum_version.map(|version| self::version(check, &version)).unwrap_or_default(),
        client_ca: raw.client_ca.map(|path| file(check, "client_ca", path)),
        client_names: client_names.unwrap_or_default(),
    }
}

fn client_names(check: &mut Check<'_>, names: Located<Vec<Located<String>>>, with_ca: bool) -> Vec<String> {
    if names.value.is_empty() {
        let hint = "leave it out to mean any name that `client_ca` signed";
        check.problem(names.place, "`client_names` names nobody", hint);
    } else if !with_ca {
        let hint = "add the certificates that sign for clients: without them nobody is asked for a name";
        check.problem(names.place, "`client_names` needs `client_ca`", hint);
    }
    names.value.iter().for_each(|name| check.name("the name of a client", name));
    names.value.into_iter().map(|name| name.value).collect()
}

fn version(check: &mut Check<'_>, text: &Located<String>) -> TlsVersion {
    match text.value.as_str() {
        "1.2" => return TlsVersion::V1_2,
        "1.3" => {}
        other => {
            let message = format!("`minimum_version`: {} is no version of TLS that is spoken here", quote(other));
            check.problem(text.place, message, format!("use one of {}", list(&TLS_VERSIONS)));
        }
    }
    TlsVersion::V1_3
}

/// A path that is no folder.
pub(super) fn file(check: &mut Check<'_>, key: &str, path: Located<String>) -> PathBuf {
    if path.value.ends_with('/') {
        check.problem(path.place, format!("{} is a folder", quote(key)), "name a file in it");
    }
    check.path(key, path)
}

fn deadline(check: &mut Check<'_>, text: Option<Located<String>>, default: &ServerConfig) -> Duration {
    let place = text.as_ref().map_or_else(Place::default, |text| text.place);
    let deadline = given(check, "deadline", text, default.deadline);
    if !DEADLINES.contains(&deadline) {
        let message = format!("`deadline` ({deadline:?}) is not between 100 ms and 30 s");
        check.problem(place, message, "write less than the `timeoutSeconds` of the webhook, such as `8s`");
    }
    deadline
}

fn limits(check: &mut Check<'_>, raw: RawServerLimits, default: &ServerConfig) -> (usize, u64) {
    let connections = raw.connections.and_then(|count| {
        if CONNECTIONS.contains(&count.value) {
            return usize::try_from(count.value).ok();
        }
        let message = format!("`connections` is `{}`", count.value);
        check.problem(count.place, message, "write a number from 16 to 65536");
        None
    });
    let body = raw.body.and_then(|text| check.size("body", &text, &BODY, "write a size from `64KiB` to `64MiB`"));
    (connections.unwrap_or(default.connections), body.unwrap_or(default.body))
}
