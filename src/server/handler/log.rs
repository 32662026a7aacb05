//! A line for each review: refusals as warnings, the rest as information. Never the object.

use std::time::Duration;

use crate::admission::answer::{Conclusion, Outcome};
use crate::admission::review::{Review, Unreadable};
use crate::output::escape;
use crate::server::judge::Judgement;
use crate::server::metrics::Failure;

const LONGEST: usize = 2_000;

pub(super) fn answered(review: &Review, judgement: &Judgement, took: Duration) {
    let answer = &judgement.answer;
    let verdict = answer.verdict.map_or("none", |verdict| verdict.as_str());
    let environment = judgement.environment.as_deref().unwrap_or_default();
    let decision = decision(&judgement.conclusion);
    let (object, took) = (review.title(), took.as_micros());
    let (uid, operation, user) = (escape::line(&review.uid, 100), review.operation.as_str(), &review.user.name);
    if answer.allowed {
        tracing::info!(?uid, ?object, operation, user = ?user, environment, verdict, decision.id = decision, duration_us = took, "admitted");
    } else {
        let why = escape::line(answer.message().unwrap_or_default(), LONGEST);
        tracing::warn!(?uid, ?object, operation, user = ?user, environment, verdict, decision.id = decision, duration_us = took, ?why, "refused");
    }
}

/// The first decision that refuses, or else the first.
fn decision(conclusion: &Conclusion) -> &str {
    let Conclusion::Judged(images) = conclusion else { return "" };
    let decided = images.iter().filter_map(|image| match &image.outcome {
        Outcome::Decided(decision) | Outcome::Readmitted { decision, .. } => Some((&image.outcome, decision)),
        Outcome::Refused { .. } | Outcome::Ignored { .. } => None,
    });
    let mut all: Vec<_> = decided.collect();
    all.sort_by_key(|(outcome, _decision)| outcome.verdict() == Some(crate::domain::verdict::Verdict::Allow));
    all.first().map_or("", |(_outcome, decision)| decision.id.as_str())
}

pub(super) fn unreadable(error: &Unreadable) {
    let uid = escape::line(error.uid.as_deref().unwrap_or_default(), 100);
    tracing::warn!(?uid, why = ?escape::line(&error.message, LONGEST), "a request is no review");
}

pub(super) fn failed(review: &Review, failure: Failure) {
    let uid = escape::line(&review.uid, 100);
    tracing::error!(?uid, object = ?review.title(), ?failure, "a review could not be judged");
}
