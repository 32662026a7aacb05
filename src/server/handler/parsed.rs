//! Reading what a body says, and what is answered when it cannot be read.

use std::panic::{UnwindSafe, catch_unwind};

use axum::http::StatusCode;
use axum::response::Response;

use super::{PANICKED, json, log, refuse};
use crate::admission::answer::Answer;
use crate::admission::review::{Review, Unreadable};
use crate::admission::settings::Mode;
use crate::output::escape;
use crate::server::metrics::{Failure, Metrics};

/// Why there is no review.
#[derive(Debug)]
pub(super) enum Unread {
    /// The body is none.
    Unreadable(Unreadable),
    /// Reading it panicked.
    Panicked,
}

/// What `parse` reads; a panic there ends nothing else.
pub(super) fn guarded(parse: impl FnOnce() -> Result<Review, Unreadable> + UnwindSafe) -> Result<Review, Unread> {
    match catch_unwind(parse) {
        Ok(read) => read.map_err(Unread::Unreadable),
        Err(_panic) => Err(Unread::Panicked),
    }
}

impl Unread {
    /// The answer, which is counted and logged.
    pub(super) fn answer(&self, metrics: &Metrics, mode: Mode) -> Response {
        let Self::Unreadable(error) = self else {
            metrics.failed(Failure::Panic);
            // What is known of the review is lost with it, so this cannot be an answer to it.
            return refuse(StatusCode::INTERNAL_SERVER_ERROR, PANICKED);
        };
        metrics.failed(Failure::Unreadable);
        log::unreadable(error);
        let message = format!("the review cannot be read: {}", escape::line(&error.message, 500));
        let Some(answer) = Answer::unreadable(error) else { return refuse(StatusCode::BAD_REQUEST, &message) };
        json(&answer.under(mode))
    }
}

#[cfg(test)]
mod tests {
    use super::{Unread, guarded};
    use crate::admission::review::{Review, Unreadable};
    use crate::admission::settings::Mode;
    use crate::server::metrics::Metrics;

    /// Status and body of what is answered, and the line of the counter of failures.
    async fn answered(parse: fn() -> Result<Review, Unreadable>) -> (u16, String, String) {
        let metrics = Metrics::default();
        let response = guarded(parse).expect_err("it reads nothing").answer(&metrics, Mode::Audit);
        let status = response.status().as_u16();
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        let text = metrics.text().unwrap();
        let counted = text.lines().filter(|line| line.starts_with("holdpoint_review_failures_total"));
        (status, String::from_utf8(body.to_vec()).unwrap(), counted.collect::<Vec<_>>().join("\n"))
    }

    #[tokio::test]
    async fn a_panic_is_told_and_counted_and_ends_nothing() {
        let (status, body, counted) = answered(|| panic!("a defect")).await;
        assert_eq!((status, body.as_str()), (500, "a part of holdpoint failed; its log has more\n"));
        assert_eq!(counted, "holdpoint_review_failures_total{reason=\"panic\"} 1");
    }

    #[tokio::test]
    async fn what_is_no_review_has_a_status_or_an_answer() {
        let (status, body, counted) = answered(|| Review::parse(b"{")).await;
        assert_eq!((status, body.starts_with("the review cannot be read: ")), (400, true), "{body}");
        assert_eq!(counted, "holdpoint_review_failures_total{reason=\"unreadable\"} 1");
        assert!(matches!(guarded(|| Review::parse(b"[]")), Err(Unread::Unreadable(_))));
    }
}
