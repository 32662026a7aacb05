//! A small client for requests to the hosts that a configuration grants (`grants: {http: [HOST]}`).
//!
//! One request, one answer, no redirects, no cookies. Size and time are bounded here, and again by holdpoint.

#[cfg(target_arch = "wasm32")]
mod wasi;

use std::fmt;
use std::time::Duration;

/// How long an answer may take to begin, unless the request says otherwise.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The most bytes of an answer, unless the request says otherwise.
const MOST_BYTES: usize = 1 << 20;

/// Sends requests.
pub trait Http {
    /// Sends a request and reads the whole answer, whatever its status.
    ///
    /// # Errors
    /// When there is no answer, or too long a one.
    fn send(&self, request: &Request) -> Result<Response, Error>;
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST` and so on.
    pub method: String,
    /// `https://HOST[:PORT]/PATH[?QUERY]`.
    pub url: String,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// Empty for none.
    pub body: Vec<u8>,
    /// How long connecting, the start of the answer, and each pause in it may take.
    pub timeout: Duration,
    /// The most bytes of the answer's body.
    pub most_bytes: usize,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status, such as 200.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body.
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(String);

impl Error {
    /// In words.
    #[must_use]
    pub fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

impl Request {
    /// A `GET` of this URL.
    #[must_use]
    pub fn get(url: impl Into<String>) -> Self {
        Self::new("GET", url, Vec::new())
    }

    /// A `POST` to this URL.
    #[must_use]
    pub fn post(url: impl Into<String>, body: Vec<u8>) -> Self {
        Self::new("POST", url, body)
    }

    fn new(method: &str, url: impl Into<String>, body: Vec<u8>) -> Self {
        let (method, url) = (method.to_owned(), url.into());
        Self { method, url, headers: Vec::new(), body, timeout: TIMEOUT, most_bytes: MOST_BYTES }
    }

    /// With this header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// With this limit for connecting, the start of the answer, and each pause in it.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }
}

/// Text as one segment of a path, or one value of a query: everything but letters, digits, `-`, `.`, `_` and `~` is
/// percent-encoded.
#[must_use]
pub fn encoded(text: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |value: u8| HEX.get(usize::from(value)).copied().map_or('0', char::from);
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
    encoded
}

/// A URL in the parts that a request has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Url<'a> {
    /// `https` rather than `http`.
    pub is_https: bool,
    /// The host, and the port where one is named.
    pub authority: &'a str,
    /// The path and the query, with the first slash; empty where the URL has none.
    pub path: &'a str,
}

impl<'a> Url<'a> {
    /// Takes a URL apart.
    ///
    /// # Errors
    /// When it is none that a request can have. A name and password in it are refused: headers carry those.
    pub fn parse(url: &'a str) -> Result<Self, Error> {
        let not = |why: &str| Error::new(format!("{url:?} {why}"));
        let (is_https, rest) = match url.split_once("://") {
            Some(("https", rest)) => (true, rest),
            Some(("http", rest)) => (false, rest),
            _ => return Err(not("begins with neither https:// nor http://")),
        };
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        if authority.is_empty() || authority.contains('@') {
            return Err(not("names no host, or a user besides"));
        }
        if url.contains(|character: char| character.is_whitespace() || character.is_control() || character == '#') {
            return Err(not("has a blank or a `#`"));
        }
        Ok(Self { is_https, authority, path })
    }
}

/// The client of a component.
#[derive(Debug)]
pub(crate) struct Granted;

#[cfg(not(target_arch = "wasm32"))]
impl Http for Granted {
    fn send(&self, request: &Request) -> Result<Response, Error> {
        Err(Error::new(format!("{} is asked by components only; tests answer with a TestHost", request.url)))
    }
}

#[cfg(test)]
mod tests {
    use super::{Url, encoded};

    #[test]
    fn urls_are_taken_apart() {
        for (url, parts) in [
            ("https://tickets.example.com/api/7?full=1", Some((true, "tickets.example.com", "/api/7?full=1"))),
            ("http://127.0.0.1:8080", Some((false, "127.0.0.1:8080", ""))),
            ("https://[::1]:443/", Some((true, "[::1]:443", "/"))),
            ("https://a?b", Some((true, "a", "?b"))),
            ("ftp://a/", None),
            ("tickets.example.com/7", None),
            ("https:///7", None),
            ("https://user:word@host/", None),
            ("https://host/a b", None),
            ("https://host/a\r\nHost: other", None),
            ("https://host/#part", None),
        ] {
            let read = Url::parse(url).ok().map(|url| (url.is_https, url.authority, url.path));
            assert_eq!(read, parts, "{url}");
        }
    }

    #[test]
    fn segments_are_encoded() {
        for (text, expected) in
            [("CHG-1.a_b~", "CHG-1.a_b~"), ("../admin?x=1#y", "..%2Fadmin%3Fx%3D1%23y"), ("ü ", "%C3%BC%20")]
        {
            assert_eq!(encoded(text), expected);
        }
    }
}
