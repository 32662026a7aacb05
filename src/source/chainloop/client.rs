//! One request: with the token, within the limits, made again when that can help.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, IF_NONE_MATCH};
use reqwest::{Response, StatusCode};
use secrecy::SecretString;
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, sleep_until, timeout_at};
use url::Url;

use super::extensions::Extensions;
use super::failure::{Failure, Refusal, Retry, broken};
use super::product::Product;
use crate::gate::source::{SourceError, SourceErrorKind};
use crate::source::wire::Interner;

/// How often one request is made at most.
const ATTEMPTS: u32 = 6;
/// The first wait is random between nothing and this; each later one may be twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(100);
/// How much of a refusal's body is read.
const REFUSAL_BYTES: u64 = 64 << 10;

/// No fetch takes longer, whatever the configuration says.
const LONGEST_FETCH: Duration = Duration::from_hours(24);

/// Reads the current time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The server and what it needs to know of us.
pub(super) struct Client {
    pub(super) product: Product,
    pub(super) http: reqwest::Client,
    pub(super) base: Url,
    /// Marked as sensitive, so that nothing prints it.
    pub(super) authorization: HeaderValue,
    /// To take it out of messages.
    pub(super) token: SecretString,
    pub(super) organization: Option<HeaderValue>,
    pub(super) expiry: Option<Timestamp>,
    pub(super) token_origin: String,
    pub(super) clock: Clock,
    pub(super) timeout: Duration,
    pub(super) max_response_bytes: u64,
    pub(super) max_total_bytes: u64,
}

/// What to read: a list of the API. Or what to add to it.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// The last part of the path: `deployments` or `environments`.
    pub(super) list: &'static str,
    /// What it is, for messages.
    pub(super) what: String,
    pub(super) parameters: Vec<(&'static str, String)>,
    /// What is added, as JSON.
    pub(super) addition: Option<Bytes>,
}

/// What a request was answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) body: Vec<u8>,
    /// What the server knows this answer by, and can do.
    pub(super) extensions: Extensions,
    /// It is the one whose tag was sent, and has no body.
    pub(super) unchanged: bool,
}

impl Call {
    /// The beginning of a message.
    pub(super) fn cannot(&self) -> String {
        format!("cannot {} {}", if self.addition.is_none() { "read" } else { "record" }, self.what)
    }
}

/// How many records are here, of how many.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) read: usize,
    pub(super) total: Option<usize>,
}

/// What a further try must have left before the deadline, unless the whole fetch is shorter than four times this.
const LEAST_TIME_FOR_A_TRY: Duration = Duration::from_secs(1);

/// One fetch: many requests under one deadline.
pub(super) struct Session {
    pub(super) client: Arc<Client>,
    pub(super) deadline: Instant,
    pub(super) permits: Semaphore,
    pub(super) tally: watch::Sender<Tally>,
    bytes: AtomicU64,
    interner: Mutex<Interner>,
}

impl Session {
    pub(super) fn new(client: Arc<Client>, parallel: usize, tally: watch::Sender<Tally>) -> Self {
        let deadline = Instant::now() + client.timeout.min(LONGEST_FETCH);
        let (bytes, interner) = (AtomicU64::new(0), Mutex::default());
        Self { client, deadline, permits: Semaphore::new(parallel.max(1)), tally, bytes, interner }
    }

    /// The texts read so far. A thread that panicked while it held them leaves only whole entries.
    pub(super) fn interner(&self) -> MutexGuard<'_, Interner> {
        self.interner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The body of the answer to one request.
    pub(super) async fn answer(
        &self,
        call: &Call,
        page: &[(&'static str, u64)],
        known: Option<&HeaderValue>,
    ) -> Result<Answer, (SourceError, bool)> {
        let endpoint = self.endpoint(call);
        let mut url = endpoint.clone();
        for (name, value) in &call.parameters {
            url.query_pairs_mut().append_pair(name, value);
        }
        for (name, value) in page {
            url.query_pairs_mut().append_pair(name, &value.to_string());
        }
        let mut attempt = 0;
        let mut earlier = None;
        loop {
            attempt += 1;
            let started = Instant::now();
            let answer = timeout_at(self.deadline, self.once(call, &endpoint, url.clone(), known)).await;
            let (status, answer) = answer.unwrap_or_else(|_| (None, Err(self.late(call, &endpoint, earlier.take()))));
            tracing::debug!(
                list = call.list, what = %call.what, page = ?page.first().map(|(_, number)| number), attempt,
                status = status.map(|status: StatusCode| status.as_u16()), elapsed_ms = started.elapsed().as_millis(),
                "records API answered"
            );
            let failure = match answer {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            let again = wait(failure.retry, attempt).and_then(|wait| Instant::now().checked_add(wait));
            match again.filter(|again| self.leaves_time_for_a_try(*again)) {
                Some(again) => {
                    earlier = Some(failure);
                    sleep_until(again).await;
                }
                None => return Err((failure.error, status == Some(StatusCode::BAD_REQUEST))),
            }
        }
    }

    fn endpoint(&self, call: &Call) -> Url {
        let mut endpoint = self.client.base.clone();
        if let Ok(mut path) = endpoint.path_segments_mut() {
            path.pop_if_empty().extend(["v1", call.list]);
        }
        endpoint
    }

    async fn once(
        &self,
        call: &Call,
        endpoint: &Url,
        url: Url,
        known: Option<&HeaderValue>,
    ) -> (Option<StatusCode>, Result<Answer, Failure>) {
        let client = &self.client;
        let mut request = match &call.addition {
            None => client.http.get(url),
            // What is recorded again is as it was: this may be tried again as well.
            Some(body) => client.http.post(url).header(CONTENT_TYPE, "application/json").body(body.clone()),
        };
        request = request.header(AUTHORIZATION, client.authorization.clone());
        request = request.header(reqwest::header::ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(known) = known {
            request = request.header(IF_NONE_MATCH, known.clone());
        }
        if let Some(organization) = &client.organization {
            request = request.header("chainloop-organization", organization.clone());
        }
        let mut response = match request.send().await {
            Ok(response) => response,
            Err(error) => return (None, Err(broken(call, endpoint, &error))),
        };
        let status = response.status();
        let extensions = Extensions::of(response.headers());
        if status == StatusCode::OK {
            let body = self.body(call, endpoint, &mut response).await;
            return (Some(status), body.map(|body| Answer { body, extensions, unchanged: false }));
        }
        if status == StatusCode::NOT_MODIFIED && known.is_some() && extensions.tag.as_ref() == known {
            return (Some(status), Ok(Answer { body: Vec::new(), extensions, unchanged: true }));
        }
        let mut body = Vec::new();
        while let Ok(Some(chunk)) = response.chunk().await {
            body.extend_from_slice(&chunk);
            if length(body.len()) > REFUSAL_BYTES {
                break;
            }
        }
        let refusal = Refusal {
            product: client.product,
            call,
            endpoint,
            status,
            headers: response.headers(),
            body: &body,
            expiry: client.expiry,
            token_origin: &client.token_origin,
            now: (client.clock)(),
        };
        (Some(status), Err(refusal.failure()))
    }

    /// Reads the body piece by piece, so that an endless one ends at the limit and not at the end of memory.
    async fn body(&self, call: &Call, endpoint: &Url, response: &mut Response) -> Result<Vec<u8>, Failure> {
        let limit = self.client.max_response_bytes;
        if response.content_length().is_some_and(|length| length > limit) {
            return Err(too_large(call, endpoint, limit));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| broken(call, endpoint, &error))? {
            if length(body.len()) + length(chunk.len()) > limit {
                return Err(too_large(call, endpoint, limit));
            }
            let all = self.bytes.fetch_add(length(chunk.len()), Ordering::Relaxed);
            if all + length(chunk.len()) > self.client.max_total_bytes {
                let message = format!("{}: all answers are larger than allowed", call.cannot());
                return Err(Failure::last(SourceErrorKind::TooLarge, message, "read fewer environments at once"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    /// Whether a request that starts then can be answered before the deadline. One that starts at the last moment would
    /// only replace what the server said by a timeout.
    fn leaves_time_for_a_try(&self, start: Instant) -> bool {
        let least = (self.client.timeout / 4).min(LEAST_TIME_FOR_A_TRY);
        self.deadline.checked_duration_since(start).is_some_and(|left| left > least)
    }

    /// Fails when the deadline has passed.
    pub(super) fn check_deadline(&self, call: &Call) -> Result<(), SourceError> {
        if Instant::now() < self.deadline {
            return Ok(());
        }
        Err(self.late(call, &self.endpoint(call), None).error)
    }

    /// The deadline passed; what the server said before often tells why.
    fn late(&self, call: &Call, endpoint: &Url, earlier: Option<Failure>) -> Failure {
        let timeout = self.client.timeout;
        let start = format!("{}: ", call.cannot());
        let late = format!("{start}{endpoint} did not answer in full within {timeout:?}");
        let Some(Failure { error, .. }) = earlier else {
            let remediation = "raise `timeout` of the source, or see why the server is slow";
            return Failure::last(SourceErrorKind::Timeout, late, remediation);
        };
        let before = error.message.strip_prefix(&start).unwrap_or(&error.message);
        Failure::last(SourceErrorKind::Timeout, format!("{late}; before that, {before}"), error.remediation)
    }
}

fn too_large(call: &Call, endpoint: &Url, limit: u64) -> Failure {
    Failure::last(
        SourceErrorKind::TooLarge,
        format!("{}: an answer of {endpoint} is larger than {limit} bytes", call.cannot()),
        "check the URL of the source, or lower `page_size`",
    )
}

/// How long to wait before the next attempt; `None` when there is none.
fn wait(retry: Retry, attempt: u32) -> Option<Duration> {
    let most = if retry == Retry::Once { 2 } else { ATTEMPTS };
    if retry == Retry::Never || attempt >= most {
        return None;
    }
    let longest = FIRST_WAIT.saturating_mul(1 << (attempt - 1).min(16));
    let jitter = longest.mul_f64(fastrand::f64());
    Some(match retry {
        Retry::After(at_least) => at_least.saturating_add(jitter),
        _ => jitter,
    })
}

fn length(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
