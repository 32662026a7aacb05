//! Answers without a network, for tests of plugins: each request is held against what is expected, and answered as that
//! says. Whatever else a plugin asks goes nowhere.

use std::fmt;
use std::iter;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderName};
use reqwest::{Method, Request, StatusCode, Url};
use serde_json::Value;
use wasmtime_wasi_http::Error;

use crate::domain::plugin_test::Difference;

use super::super::fault::{Failure, cut};
use super::exchange::{Answer, Broken, check_body, check_headers};
use super::ledger::End;

/// A request that is expected, and what comes of it.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The method.
    pub method: Method,
    /// The whole address.
    pub url: Url,
    /// Headers that the request has to have. It may have others.
    pub headers: HeaderMap,
    /// What its body has to be; `None` when it may be anything.
    pub body: Option<ExpectedBody>,
    /// What comes of it.
    pub reply: Reply,
}

/// The body that a request has to have.
#[derive(Clone, Debug, PartialEq)]
pub enum ExpectedBody {
    /// This text.
    Text(String),
    /// JSON that means this, however it is written.
    Json(Value),
}

/// What comes of a request.
#[derive(Clone, Debug)]
pub enum Reply {
    /// An answer.
    Answer {
        /// The status.
        status: StatusCode,
        /// The headers.
        headers: HeaderMap,
        /// The body.
        body: Bytes,
    },
    /// No answer.
    Broken(Breakage),
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breakage {
    /// The name of the host stands for nothing.
    UnknownHost,
    /// Nobody listens there.
    Refused,
    /// The connection ended before the answer.
    Reset,
    /// The host said nothing for too long.
    Timeout,
}

impl Breakage {
    const fn words(self) -> (&'static str, Error) {
        match self {
            Self::UnknownHost => ("the host is not known", Error::DnsError { rcode: None, info_code: None }),
            Self::Refused => ("the connection was refused", Error::ConnectionRefused),
            Self::Reset => ("the connection was closed", Error::ConnectionTerminated),
            Self::Timeout => ("there was no answer in time", Error::HttpResponseTimeout),
        }
    }
}

/// What a plugin is expected to ask in one evaluation, and what it asked beside that. Each exchange is for one request,
/// the first that it fits.
#[derive(Debug, Default)]
pub struct Stage(Mutex<Played>);

#[derive(Debug, Default)]
struct Played {
    /// What was not asked yet.
    left: Vec<Exchange>,
    unexpected: Vec<Asked>,
}

/// A request as it came.
#[derive(Clone, Debug)]
struct Asked {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Stage {
    /// Expects this from now on, and forgets what was before.
    pub fn set(&self, exchanges: Vec<Exchange>) {
        *self.played() = Played { left: exchanges, unexpected: Vec::new() };
    }

    /// How what was asked differs from what was expected: what is alike but for headers or body beside each other.
    /// `redact` is put over every text, before it is cut.
    #[must_use]
    pub fn differences(&self, redact: impl Fn(&str) -> String) -> Vec<Difference> {
        let played = self.played();
        let mut left: Vec<&Exchange> = played.left.iter().collect();
        let shown = |lines: Vec<String>| lines.iter().map(|line| cut(&redact(line))).collect::<Vec<_>>().join("\n");
        let difference = |expected: Option<&Exchange>, got: Option<Vec<String>>| Difference {
            what: "request",
            expected: expected.map(|exchange| shown(exchange.lines())),
            got: got.map(shown),
        };
        let mut differences = Vec::new();
        for asked in &played.unexpected {
            let alike = left.iter().position(|exchange| exchange.is_about(asked));
            let alike = alike.map(|position| left.remove(position));
            differences.push(difference(alike, Some(asked.beside(alike))));
        }
        differences.extend(left.into_iter().map(|exchange| difference(Some(exchange), None)));
        differences
    }

    /// The answer to a request.
    ///
    /// # Errors
    /// When none is expected, or it is none.
    pub(super) fn answer(&self, request: &Request) -> Result<Answer, Box<Broken>> {
        let asked = Asked::of(request);
        let mut played = self.played();
        let Some(position) = played.left.iter().position(|exchange| exchange.fits(&asked)) else {
            let refused = unexpected(&asked);
            played.unexpected.push(asked);
            return Err(refused);
        };
        let reply = played.left.remove(position).reply;
        drop(played);
        reply.into_answer(asked.url.host_str().unwrap_or_default())
    }

    fn played(&self) -> MutexGuard<'_, Played> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unexpected(asked: &Asked) -> Box<Broken> {
    let message = format!("wanted to send a request that is not expected: {asked}");
    let refusal = Failure::new("plugin_http", message, "add it to `http` of the case, with an answer");
    Box::new(Broken { end: End::default(), error: Error::HttpRequestDenied, refusal: Some(refusal) })
}

impl Reply {
    /// With the limits of an answer from a network.
    fn into_answer(self, host: &str) -> Result<Answer, Box<Broken>> {
        match self {
            Self::Answer { status, headers, body } => {
                let end = End { status: Some(status.as_u16()), ..End::default() };
                check_headers(&headers, &end, host)?;
                check_body(body.len(), || end, host)?;
                Ok(Answer { status, headers, body })
            }
            Self::Broken(breakage) => {
                let (why, error) = breakage.words();
                Err(Broken::of(&End::default(), why, error))
            }
        }
    }
}

impl Exchange {
    fn is_about(&self, asked: &Asked) -> bool {
        self.method == asked.method && self.url == asked.url
    }

    /// The request that is expected, in lines.
    fn lines(&self) -> Vec<String> {
        let header =
            |name: &HeaderName| format!("{name}: {}", values(&self.headers, name.as_str()).unwrap_or_default());
        let body = self.body.as_ref().map(ExpectedBody::text);
        let request = format!("{} {}", self.method, self.url);
        iter::once(request).chain(self.headers.keys().map(header)).chain(body).collect()
    }

    fn fits(&self, asked: &Asked) -> bool {
        let body = match &self.body {
            None => true,
            Some(ExpectedBody::Text(text)) => text.as_bytes() == asked.body,
            Some(ExpectedBody::Json(value)) => {
                serde_json::from_slice(&asked.body).is_ok_and(|sent: Value| sent == *value)
            }
        };
        let has = |name| values(&self.headers, name) == values(&asked.headers, name);
        self.is_about(asked) && body && self.headers.keys().all(|name| has(name.as_str()))
    }
}

impl ExpectedBody {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Json(value) => value.to_string(),
        }
    }
}

/// The values of a header in one text, as a reader may join them.
fn values(headers: &HeaderMap, name: &str) -> Option<String> {
    let values: Vec<_> = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
    (!values.is_empty()).then(|| values.join(", "))
}

impl Asked {
    fn of(request: &Request) -> Self {
        let body = request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default().to_vec();
        Self { method: request.method().clone(), url: request.url().clone(), headers: request.headers().clone(), body }
    }

    /// As it came, with the headers and the body that the exchange names, in lines.
    fn beside(&self, exchange: Option<&Exchange>) -> Vec<String> {
        let header = |name: &HeaderName| match values(&self.headers, name.as_str()) {
            Some(value) => format!("{name}: {value}"),
            None => format!("(no header `{name}`)"),
        };
        let headers = exchange.into_iter().flat_map(|exchange| exchange.headers.keys()).map(header);
        let body = exchange.and_then(|exchange| exchange.body.as_ref());
        let body = body.map(|_| String::from_utf8_lossy(&self.body).into_owned());
        iter::once(self.to_string()).chain(headers).chain(body).collect()
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.method, self.url)
    }
}

#[cfg(test)]
mod tests;
