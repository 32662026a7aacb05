//! Requests to registries, with bounds that no answer passes.

use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue, LOCATION};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, StatusCode, Url};

use crate::domain::hinted::HintedError;

/// How often a registry may point elsewhere: to its storage, and that to another region.
const REDIRECTS: usize = 5;
/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// What a server answered.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// A client that follows no redirect by itself.
#[derive(Clone)]
pub(super) struct Http(Client);

impl Http {
    pub(super) fn new() -> Result<Self, HintedError> {
        let agent = concat!("holdpoint/", env!("CARGO_PKG_VERSION"));
        let client = Client::builder().redirect(Policy::none()).connect_timeout(CONNECT_TIMEOUT).user_agent(agent);
        client.build().map(Self).map_err(|error| {
            HintedError::new(format!("no connections can be made: {}", innermost(&error)), "check the proxy settings")
        })
    }

    /// Gets what is at this address. Redirects are followed without credentials, and never from `https` to `http`.
    pub(super) async fn get(
        &self,
        url: Url,
        accept: &str,
        authorization: Option<&HeaderValue>,
        limit: u64,
    ) -> Result<Answer, HintedError> {
        let mut next = url;
        let mut authorization = authorization.cloned();
        for _hop in 0..=REDIRECTS {
            let mut request = self.0.get(next.clone()).header(ACCEPT, accept);
            if let Some(authorization) = authorization.take() {
                request = request.header(AUTHORIZATION, authorization);
            }
            let answer = send(request, &next, limit).await?;
            let Some(target) = redirect(&answer, &next)? else { return Ok(answer) };
            next = target;
        }
        let host = next.host_str().unwrap_or_default();
        let message = format!("the registry points from place to place, last to `{host}`");
        Err(HintedError::new(message, "check the address of the registry"))
    }

    /// Posts a form, or gets, for a token. Nothing is followed: the credentials are for this server.
    pub(super) async fn exchange(
        &self,
        request: impl FnOnce(&Client) -> RequestBuilder,
        url: &Url,
        limit: u64,
    ) -> Result<Answer, HintedError> {
        send(request(&self.0), url, limit).await
    }
}

fn redirect(answer: &Answer, from: &Url) -> Result<Option<Url>, HintedError> {
    let moved = matches!(answer.status.as_u16(), 301 | 302 | 303 | 307 | 308);
    let location = answer.headers.get(LOCATION).filter(|_| moved);
    let Some(location) = location else { return Ok(None) };
    let target = location.to_str().ok().and_then(|location| from.join(location).ok());
    let allowed = target.filter(|target| target.scheme() == "https" || target.scheme() == from.scheme());
    allowed.map(Some).ok_or_else(|| {
        let message = format!("`{}` points to a place that is no `https` address", host(from));
        HintedError::new(message, "check the address of the registry")
    })
}

async fn send(request: RequestBuilder, url: &Url, limit: u64) -> Result<Answer, HintedError> {
    let broken = |error: reqwest::Error| {
        let what = if error.is_connect() { "no connection to" } else { "the connection broke with" };
        HintedError::new(
            format!("{what} `{}`: {}", host(url), innermost(&error)),
            "check the address of the registry, the network, and the proxy that the environment names",
        )
    };
    let mut response = request.send().await.map_err(broken)?;
    let too_large = || {
        let message =
            format!("`{}` answered with more than the {limit} bytes that were announced or make sense", host(url));
        HintedError::new(message, "check the address of the registry, and what was pushed to it")
    };
    // A failure says why in its body, whatever was announced.
    let limit = if response.status().is_success() { limit } else { limit.max(64 << 10) };
    if response.content_length().is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(broken)? {
        body.extend_from_slice(&chunk);
        if u64::try_from(body.len()).unwrap_or(u64::MAX) > limit {
            return Err(too_large());
        }
    }
    Ok(Answer { status: response.status(), headers: response.headers().clone(), body })
}

/// The host and port: paths of storage hold signatures.
fn host(url: &Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}{port}", url.host_str().unwrap_or_default())
}

/// The innermost cause: the outer ones only say that a request failed.
pub(super) fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string().chars().take(200).collect()
}
