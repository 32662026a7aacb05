//! `POST /validate` and `POST /validate/{profile}`: a review comes in, an answer goes out, whatever happens between.
//!
//! A status other than 200 means to the API server that the webhook failed, and its `failurePolicy` decides then. So it
//! is left to what is no review: everything else is answered in an `AdmissionReview`.

mod body;
mod deadline;
mod log;
mod parsed;

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use tokio::time::timeout_at;
use tracing::{Instrument as _, Span};

use super::judge::{Judge, Judgement};
use super::metrics::Failure;
use super::{Door, trace};
pub use body::Bodies;
pub(super) use body::Refusal as BodyRefusal;

use crate::admission::answer::Answer;
use crate::admission::review::Review;
use crate::output::escape;

/// What the API server is told to wait after an answer that nobody worked out.
const RETRY_AFTER: Duration = Duration::from_secs(5);
/// What the API server is told of a panic.
const PANICKED: &str = "a part of holdpoint failed; its log has more";
/// Characters of a profile's name that a message repeats.
const LONGEST_NAME: usize = 100;

/// Answers a review by the settings of the configuration.
pub(super) async fn validate(State(door): State<Arc<Door>>, request: Request) -> Response {
    traced(&door, None, request).await
}

/// Answers a review by the settings of a profile.
pub(super) async fn validate_profile(
    State(door): State<Arc<Door>>,
    Path(profile): Path<String>,
    request: Request,
) -> Response {
    traced(&door, Some(profile), request).await
}

async fn traced(door: &Arc<Door>, profile: Option<String>, request: Request) -> Response {
    let span = trace::review(request.headers(), profile.as_deref());
    respond(door, profile, request).instrument(span).await
}

async fn respond(door: &Arc<Door>, profile: Option<String>, request: Request) -> Response {
    let started = Instant::now();
    // The judge of this moment: a configuration that is taken over meanwhile is for later reviews.
    let judge = door.judge();
    if let Some(name) = profile.as_deref().filter(|name| !judge.has_profile(name)) {
        let name = escape::line(name, LONGEST_NAME);
        return refuse(StatusCode::NOT_FOUND, &format!("there is no profile `{name}` in `admission.profiles`"));
    }
    if !is_json(request.headers()) {
        return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the content type of a review is `application/json`");
    }
    let mode = judge.mode(profile.as_deref());
    let deadline = deadline::of(request.uri().query(), door.parts.deadline, started);
    // The place is kept as long as the review is in memory.
    let (body, _place) = match door.bodies.read(request.into_body(), door.parts.body, deadline).await {
        Ok(body) => body,
        Err(refusal) => return refused_unread(door, refusal),
    };
    let _in_flight = door.metrics.begin();
    let parsed = trace::parse(body.len()).in_scope(|| parsed::guarded(|| Review::parse(&body)));
    let review = match parsed {
        Ok(review) => review,
        Err(unread) => return unread.answer(&door.metrics, mode),
    };
    drop(body);
    let answer = match judged(judge, &review, profile.as_deref(), deadline).await {
        Ok(judgement) => {
            door.metrics.answered(&review, &judgement.answer, &judgement.conclusion, started.elapsed());
            trace::judged(&Span::current(), &review, &judgement);
            log::answered(&review, &judgement, started.elapsed());
            judgement.answer
        }
        Err(failure) => {
            door.metrics.failed(failure);
            log::failed(&review, failure);
            failed(&review, failure).under(mode)
        }
    };
    json(&answer)
}

/// Judges on the connection's own task, which nobody has to be woken for. A panic ends nothing else. When the API server
/// has gone away, evaluations that have begun go on, and are shared.
async fn judged(
    judge: Arc<Judge>,
    review: &Review,
    profile: Option<&str>,
    deadline: Instant,
) -> Result<Judgement, Failure> {
    let mut work = pin!(judge.judge(review, profile, deadline).instrument(trace::judge()));
    let guarded = poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context)));
        polled.map_or(Poll::Ready(Err(Failure::Panic)), |polled| polled.map(Ok))
    });
    // The judge keeps the deadline itself; this is for one that does not.
    timeout_at((deadline + deadline::GRACE).into(), guarded).await.unwrap_or(Err(Failure::Deadline))
}

fn failed(review: &Review, failure: Failure) -> Answer {
    let message = match failure {
        Failure::Deadline => "there was no time left to decide; try again",
        Failure::Panic | Failure::Unreadable | Failure::Overload => PANICKED,
    };
    Answer::failed(&review.uid, message, RETRY_AFTER)
}

/// Whether a body says that it is JSON.
#[must_use]
pub fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// The uid is in the body: without one there is no review to answer.
fn refused_unread(door: &Door, refusal: BodyRefusal) -> Response {
    door.metrics.failed(if refusal == BodyRefusal::NoPlace { Failure::Overload } else { Failure::Unreadable });
    match refusal {
        BodyRefusal::TooLarge => {
            let most = door.parts.body;
            refuse(
                StatusCode::PAYLOAD_TOO_LARGE,
                &format!("the body is larger than {most} bytes, or the connection broke"),
            )
        }
        BodyRefusal::TooSlow => refuse(StatusCode::REQUEST_TIMEOUT, "the body did not come in time"),
        BodyRefusal::NoPlace => {
            refuse(StatusCode::SERVICE_UNAVAILABLE, "too many large reviews are being read; try again")
        }
    }
}

fn json(answer: &Answer) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], answer.to_json()).into_response()
}

/// What comes to a path or with a method that is not there.
pub(super) async fn elsewhere() -> Response {
    refuse(
        StatusCode::NOT_FOUND,
        "reviews go to POST /validate or /validate/PROFILE; health and metrics have a port of their own",
    )
}

/// What comes to the right path with the wrong method.
pub(super) async fn wrong_method() -> Response {
    refuse(StatusCode::METHOD_NOT_ALLOWED, "a review is sent with POST")
}

pub(super) fn refuse(status: StatusCode, message: &str) -> Response {
    (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], format!("{message}\n")).into_response()
}
