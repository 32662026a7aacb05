//! What a request is told that is not answered: the body that Chainloop's own services write.

use std::collections::BTreeMap;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::{IntoResponses, ToSchema};

use super::answer;
use crate::ledger::error::{LedgerError, LedgerErrorKind};
use crate::output::escape;

/// Characters of a message.
const LONGEST_MESSAGE: usize = 500;

/// The body of every answer that is no success.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Error {
    /// The status of the answer.
    #[schema(minimum = 400, maximum = 599)]
    code: u16,
    /// A word for programs.
    reason: &'static str,
    /// What happened, and what to do about it.
    message: String,
    /// Always empty.
    metadata: BTreeMap<String, String>,
}

/// The refusals of any request, for its description.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "a description")]
pub(super) enum Refused {
    /// A parameter or a body that is not known, there twice, or not meant so.
    #[response(status = 400)]
    Invalid(Error),
    /// The token is missing, unknown or expired.
    #[response(status = 401)]
    Unauthorized(Error),
    /// The token is not for this.
    #[response(status = 403)]
    Forbidden(Error),
    /// Too many requests came from this address; `Retry-After` says how long to wait.
    #[response(status = 429)]
    TooMany(Error),
    /// The ledger cannot answer now.
    #[response(status = 503)]
    Unavailable(Error),
}

/// The refusals of a body, for its description.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "a description")]
pub(super) enum BodyRefused {
    /// The body did not come in time.
    #[response(status = 408)]
    TooSlow(Error),
    /// The body is too large.
    #[response(status = 413)]
    TooLarge(Error),
    /// The body says that it is no JSON.
    #[response(status = 415)]
    NotJson(Error),
}

/// Why a request is not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    reason: &'static str,
    message: String,
    /// Seconds.
    retry_after: Option<u64>,
}

impl Refusal {
    fn new(status: StatusCode, reason: &'static str, message: &str) -> Self {
        Self { status, reason, message: escape::line(message, LONGEST_MESSAGE), retry_after: None }
    }

    /// The request cannot be meant as it is.
    pub(super) fn invalid(message: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid", message)
    }

    /// The token is missing or good for nothing.
    pub(super) fn unauthorized(message: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", message)
    }

    /// The token is not good for this.
    pub(super) fn forbidden(message: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "unauthorized", message)
    }

    /// What the request names is not there.
    pub(super) fn not_found(message: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not found", message)
    }

    /// The path has no such method.
    pub(super) fn method() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method not allowed", "this path has no such method")
    }

    /// The body did not come in time.
    pub(super) fn too_slow() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "timeout", "the body did not come in time")
    }

    /// The body is too large, or the connection broke: the error does not tell in a way that could be relied on.
    pub(super) fn too_large(most: usize) -> Self {
        let message = format!("the body is larger than {most} bytes, or the connection broke");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too large", &message)
    }

    /// The body is of another type.
    pub(super) fn not_json() -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "invalid", "the content type of the body is `application/json`")
    }

    /// Too many requests came from there.
    pub(super) fn too_many(seconds: u64) -> Self {
        let message = "too many requests from this address; wait as `Retry-After` says";
        let refusal = Self::new(StatusCode::TOO_MANY_REQUESTS, "RATELIMIT", message);
        Self { retry_after: Some(seconds), ..refusal }
    }

    /// The ledger cannot answer now.
    pub(super) fn unavailable(message: &str) -> Self {
        let refusal = Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message);
        Self { retry_after: Some(1), ..refusal }
    }

    /// A part of the ledger failed. The log has more.
    pub(super) fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "a part of the ledger failed; its log has more")
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self { status, reason, message, retry_after } = self;
        let error = Error { code: status.as_u16(), reason, message, metadata: BTreeMap::new() };
        let mut response = answer::json(&error);
        *response.status_mut() = status;
        let headers = response.headers_mut();
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
impl From<LedgerError> for Refusal {
    /// What is wrong with the store is for its operator: the message may name files.
    fn from(error: LedgerError) -> Self {
        let message = format!("{}; {}", error.message, error.hint);
        match error.kind {
            LedgerErrorKind::Invalid => Self::invalid(&message),
            LedgerErrorKind::NotFound => Self::not_found(&message),
            LedgerErrorKind::Conflict => Self::new(StatusCode::CONFLICT, "conflict", &message),
            LedgerErrorKind::Unauthorized => Self::unauthorized(&message),
            LedgerErrorKind::Forbidden => Self::forbidden(&message),
            LedgerErrorKind::Unavailable => {
                tracing::warn!(%error, "the ledger is not available");
                Self::unavailable("the ledger cannot be reached, is locked or has no room; its log has more")
            }
            LedgerErrorKind::Damaged | LedgerErrorKind::Failed => {
                tracing::error!(%error, "the ledger failed");
                Self::internal()
            }
        }
    }
}
