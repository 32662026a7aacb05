//! The spans of a review: where its time went, for those who collect traces.
//!
//! `review` has `parse`, and `judge`, which has an `evaluate` for each image; `read records` stands alone, since no review
//! waits for it. Without a collector no span is made.

use axum::http::HeaderMap;
use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::field::Empty;
use tracing::{Span, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use super::judge::Judgement;
use crate::admission::review::Review;
use crate::domain::decision::Decision;
use crate::domain::request::Request;
use crate::domain::verdict::Verdict;
use crate::output::escape;
use crate::telemetry::traces::TARGET;

/// Of a request, as part of the trace that the API server names in `traceparent`.
pub(super) fn review(headers: &HeaderMap, profile: Option<&str>) -> Span {
    let span = info_span!(
        target: TARGET, "review", otel.kind = "server", profile, review.uid = Empty, review.operation = Empty,
        review.object = Empty, environment = Empty, verdict = Empty, allowed = Empty
    );
    if !span.is_disabled() {
        // Headers that name no trace leave it the first of its own.
        let parent = TraceContextPropagator::new().extract(&Headers(headers));
        drop(span.set_parent(parent));
    }
    span
}

/// Of reading what a body of so many bytes says.
pub(super) fn parse(bytes: usize) -> Span {
    info_span!(target: TARGET, "parse", bytes)
}

/// Of judging a review.
pub(super) fn judge() -> Span {
    info_span!(target: TARGET, "judge")
}

/// What came of a review.
pub(super) fn judged(span: &Span, review: &Review, judgement: &Judgement) {
    if span.is_disabled() {
        return;
    }
    span.record("review.uid", escape::line(&review.uid, 100));
    span.record("review.operation", review.operation.as_str());
    span.record("review.object", escape::line(&review.title(), 300));
    span.record("environment", judgement.environment.as_deref());
    span.record("verdict", judgement.answer.verdict.map(Verdict::as_str));
    span.record("allowed", judgement.answer.allowed);
}

/// Of one question to the rules. Those who wait for the same answer have no span of their own for it.
pub(super) fn evaluate(request: &Request) -> Span {
    info_span!(
        target: TARGET, "evaluate", environment = request.environment, artifact.digest = %request.artifact.digest,
        verdict = Empty, decision.id = Empty
    )
}

/// What came of a question, in its span.
pub(super) fn decided(decision: &Decision) {
    let span = Span::current();
    span.record("verdict", decision.verdict.as_str());
    span.record("decision.id", decision.id.as_str());
}

/// Of a read of the records of an environment.
pub(super) fn read(environment: &str) -> Span {
    info_span!(target: TARGET, "read records", environment, records = Empty, error = Empty)
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(http::HeaderName::as_str).collect()
    }
}
