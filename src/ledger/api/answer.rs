//! Answers, all of them JSON.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Serialize;

/// What an answer is known by until something changes in it.
#[derive(Clone, Debug)]
pub(super) struct Tag(String);

impl Tag {
    /// The tag of a revision. Another version of the program may write the same otherwise.
    pub(super) fn of(revision: &str) -> Self {
        Self(format!("\"{revision}-{}\"", env!("CARGO_PKG_VERSION")))
    }

    /// Whether the client has this answer already: `If-None-Match` names it, or any.
    pub(super) fn is_known(&self, headers: &HeaderMap) -> bool {
        let values = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        let mut tags = values.flat_map(|value| value.split(',')).map(str::trim);
        tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == self.0)
    }

    /// Writes it into an answer.
    pub(super) fn mark(&self, mut response: Response) -> Response {
        if let Ok(value) = HeaderValue::from_str(&self.0) {
            response.headers_mut().insert(header::ETAG, value);
        }
        response
    }

    /// The answer that nothing has changed.
    pub(super) fn unchanged(&self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        self.mark(response)
    }
}

/// An answer with this body. Nothing in between may keep it: it is true now.
pub(super) fn json(body: &impl Serialize) -> Response {
    let (status, text) = match serde_json::to_vec(body) {
        Ok(text) => (StatusCode::OK, text),
        // The types that are answered have texts as keys and no fallible parts.
        Err(_never) => (StatusCode::INTERNAL_SERVER_ERROR, b"{}".to_vec()),
    };
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
