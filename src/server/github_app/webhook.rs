//! `POST /github/webhook`: an event is proved, kept and acknowledged. GitHub waits for ten seconds, and the work comes
//! later.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;

use super::GithubApp;
use super::store::Accepted;
use crate::github::event::{self, Waiting};
use crate::output::escape;
use crate::server::handler::{BodyRefusal, is_json, refuse};

/// The largest body, in bytes. An event has about 30 KB; GitHub sends no event of more than 25 MiB.
const LARGEST_BODY: usize = 1 << 20;
/// How long a body may take to come.
const PATIENCE: Duration = Duration::from_secs(8);
/// The longest `X-GitHub-Delivery`; GitHub's have 36 characters.
const LONGEST_DELIVERY: usize = 100;
const EVENT: &str = "deployment_protection_rule";
/// Seconds after which an event may be sent again that found no place.
const RETRY_AFTER: &str = "60";

/// What came of an event, for the metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Kept.
    Accepted,
    /// It was here before.
    Known,
    /// It asks for nothing.
    Ignored,
    /// No secret signed it.
    Unsigned,
    /// It cannot be read or answered.
    Unreadable,
    /// Its repository or installation is not served.
    NotServed,
    /// There is no room for it.
    Full,
    /// It could not be kept.
    Failed,
}

impl Delivery {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Accepted,
        Self::Known,
        Self::Ignored,
        Self::Unsigned,
        Self::Unreadable,
        Self::NotServed,
        Self::Full,
        Self::Failed,
    ];

    /// The word of the metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Known => "known",
            Self::Ignored => "ignored",
            Self::Unsigned => "unsigned",
            Self::Unreadable => "unreadable",
            Self::NotServed => "not_served",
            Self::Full => "full",
            Self::Failed => "failed",
        }
    }

    const fn status(self) -> StatusCode {
        match self {
            Self::Accepted | Self::Known => StatusCode::ACCEPTED,
            Self::Ignored => StatusCode::OK,
            Self::Unsigned => StatusCode::UNAUTHORIZED,
            Self::Unreadable => StatusCode::BAD_REQUEST,
            Self::NotServed => StatusCode::FORBIDDEN,
            Self::Full | Self::Failed => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

/// Answers an event.
pub(super) async fn receive(State(app): State<Arc<GithubApp>>, request: Request) -> Response {
    let (delivery, status, message) = match app.receive(request).await {
        Ok((delivery, message)) => (delivery, delivery.status(), message),
        Err((status, message)) => (Delivery::Unreadable, status, message.to_owned()),
    };
    app.door.metrics.github.delivered(delivery);
    match delivery {
        Delivery::Accepted | Delivery::Known | Delivery::Ignored => {}
        // Strangers must not fill the log.
        Delivery::Unsigned | Delivery::Unreadable => {
            tracing::debug!(outcome = delivery.as_str(), %message, "an event was refused");
        }
        Delivery::NotServed | Delivery::Full | Delivery::Failed => {
            tracing::warn!(outcome = delivery.as_str(), %message, "an event of GitHub was refused");
        }
    }
    let mut response = refuse(status, &message);
    if delivery.status() == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static(RETRY_AFTER));
    }
    response
}

impl GithubApp {
    async fn receive(&self, request: Request) -> Result<(Delivery, String), (StatusCode, &'static str)> {
        let (head, body) = request.into_parts();
        if !is_json(&head.headers) {
            let message =
                "the content type of the webhook has to be `application/json`: choose it in the App's settings";
            return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
        }
        let deadline = Instant::now() + PATIENCE;
        let (body, _place) = self.bodies.read(body, LARGEST_BODY, deadline).await.map_err(refused)?;
        // Nothing is looked at that nobody has signed.
        if !self.parts.secrets.verify(text(&head.headers, "x-hub-signature-256"), &body) {
            let message = "`X-Hub-Signature-256` is not the signature of this body by a configured secret";
            return Ok((Delivery::Unsigned, message.to_owned()));
        }
        if text(&head.headers, "x-github-event") != EVENT {
            return Ok((Delivery::Ignored, "nothing to do".to_owned()));
        }
        let delivery = text(&head.headers, "x-github-delivery");
        if delivery.is_empty() || delivery.len() > LONGEST_DELIVERY {
            return Err((StatusCode::BAD_REQUEST, "`X-GitHub-Delivery` is missing or too long"));
        }
        match event::read(&body, &self.parts.settings.api) {
            Ok(Some(waiting)) => Ok(self.keep(delivery, &waiting).await),
            Ok(None) => Ok((Delivery::Ignored, "nothing to do".to_owned())),
            Err(error) => Ok((Delivery::Unreadable, escape::line(&error.to_string(), 500))),
        }
    }

    /// Keeps it on the disk: what is acknowledged is not lost.
    async fn keep(&self, delivery: &str, waiting: &Waiting) -> (Delivery, String) {
        let repository = escape::line(&waiting.repository, 200);
        if !self.parts.settings.serves(waiting) {
            let message = format!("`{repository}`, or its installation, is not in the configuration of `github_app`");
            return (Delivery::NotServed, message);
        }
        let now = (self.door.parts.clock)();
        match self.parts.store.accept(delivery, waiting, self.parts.most, now).await {
            Ok(Accepted::New) => {
                self.arrived.notify_one();
                let environment = escape::line(&waiting.environment, 200);
                tracing::info!(%repository, run = waiting.run_id, %environment, "a deployment waits");
                (Delivery::Accepted, "it will be answered".to_owned())
            }
            Ok(Accepted::Known) => (Delivery::Known, "it was here before".to_owned()),
            Ok(Accepted::Full) => (Delivery::Full, "too many deployments wait; redeliver it later".to_owned()),
            Err(error) => {
                tracing::error!(%error, "a deployment could not be kept");
                self.door.github.saw(Err(error.to_string()));
                (Delivery::Failed, "it could not be kept; redeliver it later".to_owned())
            }
        }
    }
}

const fn refused(refusal: BodyRefusal) -> (StatusCode, &'static str) {
    match refusal {
        BodyRefusal::TooLarge => {
            (StatusCode::PAYLOAD_TOO_LARGE, "the body is larger than 1 MiB, or the connection broke")
        }
        BodyRefusal::TooSlow => (StatusCode::REQUEST_TIMEOUT, "the body did not come in time"),
        BodyRefusal::NoPlace => (StatusCode::SERVICE_UNAVAILABLE, "too many large events are being read"),
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
