//! Refusals and broken connections, in words.

use std::error::Error;
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, LOCATION, RETRY_AFTER};
use serde::Deserialize;
use url::Url;

use super::super::text;
use super::client::Call;
use super::product::Product;
use crate::gate::source::{SourceError, SourceErrorKind};

/// A failed request, and whether it may be made again.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: SourceError,
    pub(super) retry: Retry,
}

/// When a request may be made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Retry {
    Never,
    /// One more time only.
    Once,
    /// After a growing, random time.
    Backoff,
    /// Not before so long.
    After(Duration),
}

impl Failure {
    /// A failure that trying again would only repeat.
    pub(super) fn last(kind: SourceErrorKind, message: String, remediation: impl Into<String>) -> Self {
        Self { error: SourceError::new(kind, message, remediation), retry: Retry::Never }
    }
}

/// The answer of a server that did not answer with records.
pub(super) struct Refusal<'a> {
    pub(super) product: Product,
    pub(super) call: &'a Call,
    pub(super) endpoint: &'a Url,
    pub(super) status: StatusCode,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
    /// When the token expires, if it tells.
    pub(super) expiry: Option<Timestamp>,
    /// What holds the token, for messages.
    pub(super) token_origin: &'a str,
    pub(super) now: Timestamp,
}

impl Refusal<'_> {
    /// What to say about it and whether to try again.
    pub(super) fn failure(&self) -> Failure {
        let retry = match self.status.as_u16() {
            500 => Retry::Once,
            429 | 502 | 503 | 504 => self.retry_after().map_or(Retry::Backoff, Retry::After),
            _ => Retry::Never,
        };
        Failure { error: self.error(), retry }
    }

    fn error(&self) -> SourceError {
        if self.status.is_redirection() {
            return self.redirect();
        }
        let spoken = Spoken::read(self.body);
        let said = spoken.text.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
        let (kind, remediation) = self.meaning(&spoken);
        let aside = match (self.status, self.expiry, self.retry_after()) {
            (StatusCode::UNAUTHORIZED, Some(expiry), _) => format!(" (the token's `exp` is {expiry})"),
            (_, _, Some(wait)) => format!(" (it asks to wait {} s)", wait.as_secs()),
            _ => String::new(),
        };
        let Self { call, endpoint, status, .. } = self;
        let message = format!("{}: {endpoint} answered {status}{said}{aside}", call.cannot());
        SourceError::new(kind, message, remediation)
    }

    fn meaning(&self, spoken: &Spoken) -> (SourceErrorKind, String) {
        let (origin, product) = (self.token_origin, self.product);
        match self.status.as_u16() {
            401 => (SourceErrorKind::Unauthorized, format!("{} and put it in {origin}", product.new_token())),
            403 => (
                SourceErrorKind::Forbidden,
                format!(
                    "use a token whose role may read deployment records and environments, and check the organization; it is in {origin}"
                ),
            ),
            404 if spoken.names_environment => (
                SourceErrorKind::UnknownEnvironment,
                format!("correct the target in the configuration, or {}", product.new_environment("environment")),
            ),
            404 => (
                SourceErrorKind::Refused,
                "check the URL of the source: it is the base of the API, without `/v1/deployments`".to_owned(),
            ),
            429 => (SourceErrorKind::RateLimited, "wait, or lower `parallel` and raise `timeout`".to_owned()),
            500 => (SourceErrorKind::Unavailable, product.failed(origin)),
            501.. => {
                (SourceErrorKind::Unavailable, "try again later, or see whether a proxy in between fails".to_owned())
            }
            _ => (SourceErrorKind::Refused, "check the filters and the URL of the source".to_owned()),
        }
    }

    fn redirect(&self) -> SourceError {
        let location = self.headers.get(LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let target = self.endpoint.join(location).ok().filter(|_| !location.is_empty());
        let port = target.as_ref().and_then(Url::port).map(|port| format!(":{port}")).unwrap_or_default();
        let host = target.as_ref().and_then(Url::host_str).map_or_else(|| "nowhere".to_owned(), text::name) + &port;
        let Self { call, endpoint, status, .. } = self;
        SourceError::new(
            SourceErrorKind::Redirect,
            format!("{}: {endpoint} answered {status} and points to `{host}`", call.cannot()),
            "redirects are not followed, so that the token stays where it belongs: set the URL of the source to the API itself",
        )
    }

    /// How long the server asks to wait: seconds, or a date.
    fn retry_after(&self) -> Option<Duration> {
        let value = self.headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        if let Ok(seconds) = value.parse() {
            return Some(Duration::from_secs(seconds));
        }
        let date = rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
        Some(Duration::try_from(date.duration_since(self.now)).unwrap_or(Duration::ZERO))
    }
}

/// What the body of a refusal says.
#[derive(Default)]
struct Spoken {
    text: Option<String>,
    names_environment: bool,
}

/// Both shapes that the API documents: `{code, reason, message, metadata}` and `{code, message, details}`.
#[derive(Deserialize)]
struct ErrorBody {
    reason: Option<String>,
    message: Option<String>,
}

impl Spoken {
    fn read(body: &[u8]) -> Self {
        let filled = |text: Option<String>| text.map(|text| text::short(&text)).filter(|text| !text.is_empty());
        if let Ok(error) = serde_json::from_slice::<ErrorBody>(body) {
            let (message, reason) = (filled(error.message), filled(error.reason));
            let names_environment = message.as_ref().is_some_and(|text| text.to_lowercase().contains("environment"));
            let text = match (message, reason) {
                (Some(message), Some(reason)) => Some(format!("`{message}` ({reason})")),
                (Some(text), None) | (None, Some(text)) => Some(format!("`{text}`")),
                (None, None) => None,
            };
            return Self { text, names_environment };
        }
        Self { text: plain(body), names_environment: false }
    }
}

/// What a body that is not JSON says: the title of a page, or the beginning of a text.
pub(super) fn plain(body: &[u8]) -> Option<String> {
    let start = body.get(..body.len().min(4096)).unwrap_or_default();
    let body = String::from_utf8_lossy(start);
    let trimmed = body.trim();
    if trimmed.is_empty() {
        return None;
    }
    if !trimmed.starts_with('<') {
        return Some(format!("`{}`", text::short(trimmed)));
    }
    let title = trimmed.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>"));
    Some(title.map_or_else(
        || "an HTML page without a title".to_owned(),
        |(title, _)| format!("an HTML page, `{}`", text::short(title)),
    ))
}

/// A connection that could not be made or broke.
pub(super) fn broken(call: &Call, endpoint: &Url, error: &reqwest::Error) -> Failure {
    let cause = text::short(&root_cause(error));
    let message = |what: &str| format!("{}: {what} {endpoint}: {cause}", call.cannot());
    if let Some(remediation) = tls_remediation(&cause) {
        return Failure::last(SourceErrorKind::Tls, message("no secure connection to"), remediation);
    }
    let what = if error.is_connect() { "no connection to" } else { "the connection broke while reading" };
    let remediation = "check the URL of the source, the network, and the proxy that the environment names";
    let error = SourceError::new(SourceErrorKind::Connection, message(what), remediation);
    Failure { error, retry: Retry::Backoff }
}

/// The innermost cause: the outer ones only say that a request failed.
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

/// What to do about a failure of TLS. Its type is not in reach (the TLS library is a detail of the HTTP client), its
/// text is.
fn tls_remediation(cause: &str) -> Option<&'static str> {
    if cause.contains("not valid for name") || cause.contains("NotValidForName") {
        return Some("the certificate is for another host: check the URL of the source");
    }
    if cause.contains("UnknownIssuer") {
        return Some("name the certificate authority with `ca_file`, if this server is yours");
    }
    if cause.contains("certificate") {
        return Some("the certificate cannot be accepted: renew it, or check the clock of this machine");
    }
    let signs = ["fatal alert", "corrupt message", "handshake", "peer is incompatible", "peer misbehaved", "tls"];
    signs
        .iter()
        .any(|sign| cause.to_lowercase().contains(sign))
        .then_some("check that the port speaks TLS, and that no proxy in between breaks it")
}
