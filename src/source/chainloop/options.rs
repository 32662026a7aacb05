//! What a Chainloop source is told, and the HTTP client that follows from it.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::Certificate;
use reqwest::header::HeaderValue;
use reqwest::redirect::Policy;
use secrecy::{ExposeSecret as _, SecretString};
use url::{Host, Url};

use super::client::{Client, Clock};
use super::product::Product;
use super::{text, token};
use crate::gate::source::{SourceError, SourceErrorKind};
use crate::source::file;

/// The largest CA file that is read, in bytes; those of whole systems have less than one MiB.
const LARGEST_CA_FILE: u64 = 4 << 20;

/// How to reach Chainloop.
#[derive(Clone, Debug)]
pub struct ChainloopOptions {
    /// Whose server it is, for messages.
    pub product: Product,
    /// The base of the API, such as `https://api.app.chainloop.dev`.
    pub url: Url,
    /// The API token.
    pub token: SecretString,
    /// What holds the token, for messages: `` `CHAINLOOP_TOKEN` ``.
    pub token_origin: String,
    /// The organization of a user's token; an API token has its own.
    pub organization: Option<String>,
    /// Certificate authorities to trust beside those of the system (PEM).
    pub ca_file: Option<PathBuf>,
    /// Allow plain http to other hosts than this one.
    pub allow_insecure: bool,
    /// For a whole fetch.
    pub timeout: Duration,
    /// Records of one page.
    pub page_size: u32,
    /// Requests at the same time.
    pub parallel: usize,
    /// The largest answer, in bytes.
    pub max_response_bytes: u64,
    /// The largest sum of all answers of one fetch, in bytes.
    pub max_total_bytes: u64,
    /// The most records of one target.
    pub max_records: u64,
}

impl ChainloopOptions {
    /// Options with the usual limits.
    #[must_use]
    pub fn new(url: Url, token: SecretString) -> Self {
        Self {
            product: Product::default(),
            url,
            token,
            token_origin: "`CHAINLOOP_TOKEN`".to_owned(),
            organization: None,
            ca_file: None,
            allow_insecure: false,
            timeout: Duration::from_mins(1),
            page_size: 100,
            parallel: 8,
            max_response_bytes: 32 << 20,
            max_total_bytes: 512 << 20,
            max_records: 5_000_000,
        }
    }

    pub(super) fn client(&self, clock: Clock) -> Result<Client, SourceError> {
        self.check_url()?;
        let token = self.token.expose_secret().trim();
        Ok(Client {
            product: self.product,
            http: self.http()?,
            base: self.url.clone(),
            authorization: self.authorization(token)?,
            organization: self.organization.as_deref().map(organization).transpose()?,
            expiry: token::expiry(token),
            token: token.to_owned().into(),
            token_origin: self.token_origin.clone(),
            clock,
            timeout: self.timeout,
            max_response_bytes: self.max_response_bytes,
            max_total_bytes: self.max_total_bytes,
        })
    }

    fn check_url(&self) -> Result<(), SourceError> {
        let (url, whose) = (&self.url, self.product.adjective());
        let refused = |message: String, remediation: &str| {
            Err(SourceError::new(SourceErrorKind::Connection, message, remediation))
        };
        // Credentials are named, never shown.
        if !url.username().is_empty() || url.password().is_some() {
            return refused(
                format!("the URL of the {whose} source has a user name or password"),
                "leave them out: the token is the only credential",
            );
        }
        if url.query().is_some() || url.fragment().is_some() {
            return refused(
                format!("the URL of the {whose} source has a query or a fragment"),
                "give the base of the API, such as `https://api.app.chainloop.dev`",
            );
        }
        match (url.scheme(), url.host()) {
            ("https", Some(_)) => Ok(()),
            ("http", Some(_)) if self.allow_insecure || is_loopback(url) => Ok(()),
            ("http", Some(host)) => Err(SourceError::new(
                SourceErrorKind::Tls,
                format!("plain http to `{}` would show the token to the network", text::name(&host.to_string())),
                "use https, or set `allow_insecure: true` if the network in between is yours",
            )),
            (scheme, _) => refused(
                format!("the URL of the {whose} source has the scheme `{}`", text::name(scheme)),
                "give an https URL, such as `https://api.app.chainloop.dev`",
            ),
        }
    }

    fn authorization(&self, token: &str) -> Result<HeaderValue, SourceError> {
        let (origin, whose) = (&self.token_origin, self.product.adjective());
        let refused = |message: String, remediation: &str| {
            Err(SourceError::new(SourceErrorKind::Unauthorized, message, remediation.to_owned()))
        };
        if token.is_empty() {
            return refused(
                format!("the {whose} token in {origin} is empty"),
                &format!("put a {whose} API token in it"),
            );
        }
        let value = HeaderValue::try_from(format!("Bearer {token}"));
        let Some(mut value) = value.ok().filter(|_| token.bytes().all(|byte| byte.is_ascii_graphic())) else {
            return refused(
                format!("the {whose} token in {origin} has spaces, control or non-ASCII characters"),
                "put the token alone in it, without quotes or line breaks",
            );
        };
        value.set_sensitive(true);
        Ok(value)
    }

    /// The client keeps to the proxy that the environment names, except for this host.
    fn http(&self) -> Result<reqwest::Client, SourceError> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("holdpoint/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .connect_timeout(self.timeout.min(Duration::from_secs(10)))
            .retry(reqwest::retry::never());
        if is_loopback(&self.url) {
            builder = builder.no_proxy();
        }
        if let Some(path) = &self.ca_file {
            builder = builder.tls_certs_merge(authorities(path)?);
        } else if self.url.scheme() == "http" {
            // Nothing to verify: reading the system's authorities would only cost time.
            builder = builder.tls_certs_only([]);
        }
        builder.build().map_err(|error| {
            let mut cause: &dyn std::error::Error = &error;
            while let Some(inner) = cause.source() {
                cause = inner;
            }
            SourceError::new(
                SourceErrorKind::Tls,
                format!("cannot prepare secure connections: {}", text::short(&cause.to_string())),
                "install the system's certificate authorities (`ca-certificates`), or name one with `ca_file`",
            )
        })
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        None => false,
    }
}

fn organization(name: &str) -> Result<HeaderValue, SourceError> {
    let value = Some(name).filter(|name| !name.is_empty()).and_then(|name| HeaderValue::from_str(name).ok());
    value.ok_or_else(|| {
        SourceError::new(
            SourceErrorKind::Refused,
            format!("the organization `{}` is no organization's name", text::name(name)),
            "give the name as Chainloop shows it, or leave it out",
        )
    })
}

fn authorities(path: &Path) -> Result<Vec<Certificate>, SourceError> {
    let refused = |why: String| {
        SourceError::new(
            SourceErrorKind::File,
            format!("cannot use the CA file `{}`: {why}", path.display()),
            "name a readable file with certificates in PEM form",
        )
    };
    let text = file::read(path, LARGEST_CA_FILE).map_err(|error| refused(error.to_string()))?;
    let found = Certificate::from_pem_bundle(&text).map_err(|error| refused(text::short(&error.to_string())))?;
    if found.is_empty() { Err(refused("it holds no certificate".to_owned())) } else { Ok(found) }
}
