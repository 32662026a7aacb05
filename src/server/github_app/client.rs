//! Calls of GitHub's API. A token goes to the configured origin and nowhere else: no redirect is followed, and no address
//! of an event is called.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, Response};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use url::Url;

use super::token::{Holder, Token, Tokens};
use crate::github::api::{Head, IssuedToken, Meaning, Run};
use crate::github::callback;
use crate::github::event::Waiting;
use crate::github::lookup::Earlier;
use crate::output::escape;
use crate::server::clock::Clock;

pub use super::token::AppKey;

/// The largest answer that is read, in bytes: a hundred deployments with what was written into them.
const LARGEST_ANSWER: usize = 8 << 20;
/// Characters of an answer that a message repeats.
const SHOWN: usize = 300;
const ACCEPTED: HeaderValue = HeaderValue::from_static("application/vnd.github+json");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const VERSION: HeaderValue = HeaderValue::from_static("2022-11-28");

/// GitHub, as the App sees it.
pub struct Client {
    http: reqwest::Client,
    api: Url,
    key: AppKey,
    clock: Clock,
    tokens: Tokens,
    /// Installations that have asked too much, and until when.
    limited: Mutex<BTreeMap<u64, Timestamp>>,
}

/// Why a call brought nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallFault {
    /// Nothing waits any more, or nothing more is taken.
    Nothing,
    /// Too much was asked for; not before this time.
    Limited(Duration),
    /// Anything else. No secret is in it.
    Failed(String),
}

impl fmt::Display for CallFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => formatter.write_str("GitHub has nothing that waits"),
            Self::Limited(wait) => write!(formatter, "GitHub asks to wait for {} s", wait.as_secs()),
            Self::Failed(why) => formatter.write_str(why),
        }
    }
}

impl CallFault {
    /// The words of the metrics.
    pub const REASONS: [&str; 3] = ["nothing_waits", "limited", "failed"];

    /// The word of the metrics.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        let [nothing, limited, failed] = Self::REASONS;
        match self {
            Self::Nothing => nothing,
            Self::Limited(_) => limited,
            Self::Failed(_) => failed,
        }
    }
}

/// What is final.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It may go on.
    Approved,
    /// It may not.
    Rejected,
}

impl State {
    /// GitHub's word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }
}

struct Call<'a> {
    method: Method,
    url: Url,
    body: Option<&'a Value>,
}

impl Client {
    /// `http` follows no redirects, and bounds how long a call takes.
    #[must_use]
    pub fn new(http: reqwest::Client, api: Url, key: AppKey, clock: Clock) -> Self {
        Self { http, api, key, clock, tokens: Tokens::default(), limited: Mutex::default() }
    }

    /// Answers for an environment of a run: with a state for good, without one to say why it waits.
    pub(super) async fn review(&self, waiting: &Waiting, state: Option<State>, comment: &str) -> Result<(), CallFault> {
        let mut body = json!({"environment_name": waiting.environment, "comment": comment});
        if let (Some(state), Some(body)) = (state, body.as_object_mut()) {
            body.insert("state".to_owned(), state.as_str().into());
        }
        let run = waiting.run_id.to_string();
        let url = self.below(waiting, &["actions", "runs", &run, "deployment_protection_rule"])?;
        self.call(waiting, Call { method: Method::POST, url, body: Some(&body) }).await.map(drop)
    }

    /// Whether nothing of the run waits any more.
    pub(super) async fn is_over(&self, waiting: &Waiting) -> Result<bool, CallFault> {
        let url = self.below(waiting, &["actions", "runs", &waiting.run_id.to_string()])?;
        let body = self.call(waiting, Call { method: Method::GET, url, body: None }).await?;
        let run: Run = serde_json::from_slice(&body).map_err(|error| failed("the run cannot be read", &error))?;
        Ok(run.is_over())
    }

    /// The list of the deployments of a commit, as it comes.
    pub(super) async fn deployments(
        &self,
        waiting: &Waiting,
        sha: &str,
        earlier: &Earlier,
    ) -> Result<Vec<u8>, CallFault> {
        let mut url = self.below(waiting, &["deployments"])?;
        url.query_pairs_mut().append_pair("sha", sha).append_pair("environment", &earlier.environment);
        if let Some(task) = &earlier.task {
            url.query_pairs_mut().append_pair("task", task);
        }
        url.query_pairs_mut().append_pair("per_page", "100");
        self.call(waiting, Call { method: Method::GET, url, body: None }).await
    }

    fn below(&self, waiting: &Waiting, parts: &[&str]) -> Result<Url, CallFault> {
        let url = callback::below(&self.api, &waiting.repository, parts);
        url.map_err(|error| failed("there is no address", &error))
    }

    /// Sees to it that there is a token: what is decided afterwards is told at once.
    pub(super) async fn prepare(&self, waiting: &Waiting) -> Result<(), CallFault> {
        self.check_limit(waiting)?;
        self.token(waiting).await.map(drop)
    }

    /// Calls as the installation; with another token when the first is not good any more.
    async fn call(&self, waiting: &Waiting, call: Call<'_>) -> Result<Vec<u8>, CallFault> {
        let token = self.token(waiting).await?;
        if let Some(body) = self.send(waiting, &call, &token.text).await? {
            return Ok(body);
        }
        self.forget(waiting, &token).await;
        let token = self.token(waiting).await?;
        let body = self.send(waiting, &call, &token.text).await?;
        body.ok_or_else(|| CallFault::Failed("GitHub takes no token of the App: 401".to_owned()))
    }

    async fn token(&self, waiting: &Waiting) -> Result<Token, CallFault> {
        let now = (self.clock)();
        let place = self.tokens.place(holder(waiting), now);
        let mut kept = place.lock().await;
        if let Some(token) = kept.as_ref().filter(|token| token.is_good(now)) {
            return Ok(token.clone());
        }
        let token = self.issue(waiting, now).await?;
        *kept = Some(token.clone());
        Ok(token)
    }

    /// A token that can do what is done here, in this repository alone.
    async fn issue(&self, waiting: &Waiting, now: Timestamp) -> Result<Token, CallFault> {
        let proof = self.key.proof(now).map_err(|error| failed("the App's key cannot sign", &error))?;
        let permissions = json!({"actions": "read", "deployments": "write"});
        let body = json!({"repository_ids": [waiting.repository_id], "permissions": permissions});
        let mut url = self.api.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            let installation = waiting.installation_id.to_string();
            path.pop_if_empty().extend(["app", "installations", &installation, "access_tokens"]);
        }
        let call = Call { method: Method::POST, url, body: Some(&body) };
        // 422 says that the App may not do this, or not there.
        let answer = match self.send(waiting, &call, &proof).await {
            Err(CallFault::Nothing) => return Err(CallFault::Failed(unauthorized("422"))),
            answer => answer?.ok_or_else(|| CallFault::Failed(unauthorized("401")))?,
        };
        let issued: IssuedToken = serde_json::from_slice(&answer)
            .map_err(|_secret| CallFault::Failed("a token cannot be read".to_owned()))?;
        Ok(Token { text: SecretString::from(issued.token).into(), expires_at: issued.expires_at })
    }

    async fn forget(&self, waiting: &Waiting, token: &Token) {
        let place = self.tokens.place(holder(waiting), (self.clock)());
        let mut kept = place.lock().await;
        if kept.as_ref().is_some_and(|kept| kept.text.expose_secret() == token.text.expose_secret()) {
            *kept = None;
        }
    }

    /// The body of the answer; `None` when the credential is not good.
    async fn send(
        &self,
        waiting: &Waiting,
        call: &Call<'_>,
        credential: &SecretString,
    ) -> Result<Option<Vec<u8>>, CallFault> {
        self.check_limit(waiting)?;
        let mut request = self.http.request(call.method.clone(), call.url.clone());
        request = request.header(ACCEPT, ACCEPTED).header("x-github-api-version", VERSION);
        request = request.header(AUTHORIZATION, bearer(credential)?);
        if let Some(body) = call.body {
            request = request.header(CONTENT_TYPE, JSON).body(body.to_string());
        }
        let response = request.send().await.map_err(|error| broken(call, error))?;
        let now = (self.clock)();
        let (status, meaning) = (response.status(), meaning(&response, now));
        tracing::debug!(method = %call.method, path = call.url.path(), status = status.as_u16(), "GitHub answered");
        match meaning {
            Meaning::Good => body(response).await.map(Some).map_err(|error| broken(call, error)),
            Meaning::Nothing => {
                let text = said(response).await;
                tracing::info!(path = call.url.path(), %text, "GitHub takes no more of this");
                Err(CallFault::Nothing)
            }
            Meaning::Token => Ok(None),
            Meaning::Limited(wait) => {
                self.limit(waiting, wait, now);
                Err(CallFault::Limited(wait))
            }
            Meaning::Failed => {
                let text = said(response).await;
                let path = call.url.path();
                Err(CallFault::Failed(format!("{} {path}: GitHub answered {}: {text}", call.method, status.as_u16())))
            }
        }
    }

    /// GitHub counts what an installation asks, and limits what is asked too often: then nothing is asked.
    fn check_limit(&self, waiting: &Waiting) -> Result<(), CallFault> {
        let now = (self.clock)();
        let mut limited = self.limits();
        limited.retain(|_, until| *until > now);
        let Some(until) = limited.get(&waiting.installation_id) else { return Ok(()) };
        Err(CallFault::Limited(Duration::try_from(until.duration_since(now)).unwrap_or_default()))
    }

    fn limit(&self, waiting: &Waiting, wait: Duration, now: Timestamp) {
        let until = SignedDuration::try_from(wait).ok().and_then(|wait| now.checked_add(wait).ok());
        if let Some(until) = until {
            self.limits().insert(waiting.installation_id, until);
        }
    }

    fn limits(&self) -> MutexGuard<'_, BTreeMap<u64, Timestamp>> {
        self.limited.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const fn holder(waiting: &Waiting) -> Holder {
    Holder { installation: waiting.installation_id, repository: waiting.repository_id }
}

fn bearer(credential: &SecretString) -> Result<HeaderValue, CallFault> {
    let header = HeaderValue::try_from(format!("Bearer {}", credential.expose_secret()));
    let mut header = header.map_err(|_secret| CallFault::Failed("a token has strange characters".to_owned()))?;
    header.set_sensitive(true);
    Ok(header)
}

fn meaning(response: &Response, now: Timestamp) -> Meaning {
    let text = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
    let head = Head {
        status: response.status().as_u16(),
        retry_after: text("retry-after"),
        remaining: text("x-ratelimit-remaining"),
        reset: text("x-ratelimit-reset"),
    };
    head.meaning(now)
}

/// The body as far as it is read; what is longer is cut, and is not JSON any more.
async fn body(mut response: Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > LARGEST_ANSWER {
            body.truncate(LARGEST_ANSWER);
            break;
        }
    }
    Ok(body)
}

/// What a refusal says, as far as a message repeats it.
async fn said(response: Response) -> String {
    let body = body(response).await.unwrap_or_default();
    escape::line(&String::from_utf8_lossy(&body), SHOWN)
}

fn broken(call: &Call<'_>, error: reqwest::Error) -> CallFault {
    // The query may name what is deployed; the path is enough.
    let error = error.without_url();
    let mut why = escape::line(&error.to_string(), SHOWN);
    let mut cause: &dyn std::error::Error = &error;
    while let Some(inner) = cause.source() {
        cause = inner;
        why = format!("{why}: {}", escape::line(&inner.to_string(), SHOWN));
    }
    CallFault::Failed(format!("{} {}: {why}", call.method, call.url.path()))
}

fn failed(what: &str, error: &dyn std::error::Error) -> CallFault {
    CallFault::Failed(format!("{what}: {}", escape::line(&error.to_string(), SHOWN)))
}

fn unauthorized(status: &str) -> String {
    format!(
        "GitHub gives the App no token ({status}); see that `client_id` and `private_key` belong together, and that the \
         App may read Actions and write Deployments"
    )
}
