//! One request and its answer, within bounds.

use std::error::Error as StdError;
use std::future::Future;
use std::io::{self, ErrorKind};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header::HeaderMap;
use reqwest::{Client, Request, Response, StatusCode};
use sha2::{Digest as _, Sha256};
use wasmtime_wasi_http::{Error, RequestOptions};

use crate::domain::digest::Digest;

use super::super::fault::Failure;
use super::super::limits::{MOST_BODY_BYTES, MOST_HEADER_BYTES};
use super::ledger::End;
use super::resolve::Refused;

/// An answer, read to its end.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// A request that came to no whole answer.
#[derive(Debug)]
pub(super) struct Broken {
    /// What is written down.
    pub(super) end: End,
    /// What the plugin is told.
    pub(super) error: Error,
    /// Why the plugin may decide nothing any more, if that is so.
    pub(super) refusal: Option<Failure>,
}

/// How long a plugin waits, where that is less than it has.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Patience {
    /// For the beginning of the answer.
    head: Option<Duration>,
    /// For each part of it.
    part: Option<Duration>,
}

impl From<Option<RequestOptions>> for Patience {
    fn from(options: Option<RequestOptions>) -> Self {
        let options = options.unwrap_or_default();
        // A connection may be one that is open already, so the two are one limit.
        let head = options.first_byte_timeout.map(|first| first + options.connect_timeout.unwrap_or_default());
        Self { head, part: options.between_bytes_timeout }
    }
}

/// Sends a request and reads the answer. Whoever asks gives it up by dropping it.
///
/// # Errors
/// When there is no answer, only a part of one, or more than plugins are given.
pub(super) async fn exchange(client: Client, request: Request, patience: Patience) -> Result<Answer, Box<Broken>> {
    let host = request.url().host_str().unwrap_or_default().to_owned();
    let nothing = End::default();
    let sent = within(patience.head, client.execute(request)).await;
    let response = sent
        .ok_or_else(|| Broken::of(&nothing, "no answer within the plugin's own time", Error::HttpResponseTimeout))?
        .map_err(|error| Broken::of_send(&nothing, &error))?;
    let end = End { status: Some(response.status().as_u16()), ..nothing };
    check_headers(response.headers(), &end, &host)?;
    let (status, headers) = (response.status(), response.headers().clone());
    let body = read(response, patience, &end, &host).await?;
    Ok(Answer { status, headers, body })
}

async fn read(mut response: Response, patience: Patience, end: &End, host: &str) -> Result<Bytes, Box<Broken>> {
    let mut body = BytesMut::new();
    loop {
        let part = within(patience.part, response.chunk()).await;
        let so_far = || End { digest: Some(digest(&body)), ..end.clone() };
        let part = part
            .ok_or_else(|| {
                Broken::of(&so_far(), "the answer stopped for longer than the plugin waits", Error::HttpResponseTimeout)
            })?
            .map_err(|error| Broken::of_send(&so_far(), &error))?;
        let Some(part) = part else { return Ok(body.freeze()) };
        check_body(body.len().saturating_add(part.len()), so_far, host)?;
        body.extend_from_slice(&part);
    }
}

/// Whether a plugin is given the headers of an answer.
///
/// # Errors
/// When there is too much of them.
pub(super) fn check_headers(headers: &HeaderMap, end: &End, host: &str) -> Result<(), Box<Broken>> {
    let size: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if size <= MOST_HEADER_BYTES {
        return Ok(());
    }
    let what = format!("got an answer from `{host}` with more than {} KiB of headers", MOST_HEADER_BYTES >> 10);
    Err(Broken::too_much(end.clone(), what, Error::HttpResponseHeaderSectionSize(None)))
}

/// Whether a plugin is given a body of so many bytes. `so_far` is what is written down if it is not.
///
/// # Errors
/// When it is too long.
pub(super) fn check_body(length: usize, so_far: impl FnOnce() -> End, host: &str) -> Result<(), Box<Broken>> {
    if length <= MOST_BODY_BYTES {
        return Ok(());
    }
    let what = format!("got an answer from `{host}` that is longer than {} KiB", MOST_BODY_BYTES >> 10);
    Err(Broken::too_much(so_far(), what, Error::HttpResponseBodySize(None)))
}

pub(super) fn digest(body: &[u8]) -> Digest {
    Digest::from_bytes(Sha256::digest(body).into())
}

async fn within<T>(limit: Option<Duration>, doing: impl Future<Output = T>) -> Option<T> {
    match limit {
        Some(limit) => tokio::time::timeout(limit, doing).await.ok(),
        None => Some(doing.await),
    }
}

impl Broken {
    pub(super) fn of(end: &End, why: &str, error: Error) -> Box<Self> {
        Box::new(Self { end: End { error: Some(why.to_owned()), ..end.clone() }, error, refusal: None })
    }

    pub(super) fn too_much(end: End, what: String, error: Error) -> Box<Self> {
        let hint = "ask the host for less, with parameters of the plugin if it has them";
        Box::new(Self { end, error, refusal: Some(Failure::new("plugin_http", what, hint)) })
    }

    fn of_send(end: &End, error: &reqwest::Error) -> Box<Self> {
        if let Some(refused) = causes(error).find_map(|cause| cause.downcast_ref::<Refused>()) {
            let message = format!("wanted to send a request, and {refused}");
            let hint = format!(
                "if it should be there, say so in the grant: `{{host: …, networks: [{}]}}`; if not, find out who answers \
                 for the name",
                refused.address
            );
            let refusal = Some(Failure::new("plugin_http", message, hint));
            return Box::new(Self { end: end.clone(), error: Error::DestinationIpProhibited, refusal });
        }
        // The outer causes have the path, and only say that a request failed.
        let why = causes(error).last().map_or_else(|| "it could not be sent".to_owned(), ToString::to_string);
        Self::of(end, &why, code(error))
    }
}

fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    let mut next = error.source();
    std::iter::from_fn(move || {
        let cause = next?;
        next = cause.source();
        Some(cause)
    })
}

/// The contract's word for a request that failed.
fn code(error: &reqwest::Error) -> Error {
    let kind = causes(error).find_map(|cause| cause.downcast_ref::<io::Error>()).map(io::Error::kind);
    match kind {
        _ if error.is_dns() => Error::DnsError { rcode: None, info_code: None },
        Some(ErrorKind::ConnectionRefused) => Error::ConnectionRefused,
        Some(ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::UnexpectedEof) => {
            Error::ConnectionTerminated
        }
        Some(ErrorKind::TimedOut) => Error::ConnectionTimeout,
        Some(ErrorKind::InvalidData) if error.is_connect() => Error::TlsProtocolError,
        _ if error.is_connect() => Error::DestinationUnavailable,
        _ => Error::HttpProtocolError,
    }
}
