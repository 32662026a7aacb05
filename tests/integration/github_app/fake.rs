//! A GitHub on loopback: tokens for proofs by the App's key, and reviews of deployments that wait.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::Duration;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use axum::Router;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};
use tokio::net::TcpListener;

pub(super) const CLIENT_ID: &str = "Iv23liTheClientId";
pub(super) const INSTALLATION: u64 = 33;
pub(super) const REPOSITORY: u64 = 11;

/// The App's key: in PEM as GitHub hands it out, and its public half.
pub(super) struct Key {
    pub(super) pem: String,
    public: DecodingKey,
}

pub(super) fn key() -> &'static Key {
    static KEY: OnceLock<Key> = OnceLock::new();
    KEY.get_or_init(|| {
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
        let text = BASE64.encode(der.as_ref());
        let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"));
        Key { pem, public: DecodingKey::from_rsa_der(pair.public_key().as_ref()) }
    })
}

/// How the next review is answered instead.
#[derive(Clone, Debug)]
pub(super) enum Mood {
    Status(u16, Vec<(&'static str, String)>),
    /// It is done, and nobody hears of it.
    Slow(Duration),
}

/// A review that was taken.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Review {
    pub(super) run: u64,
    pub(super) environment: String,
    /// None for a status report.
    pub(super) state: Option<String>,
    pub(super) comment: String,
    pub(super) at: Timestamp,
}

#[derive(Default)]
pub(super) struct Github {
    pub(super) reviews: Vec<Review>,
    pub(super) moods: VecDeque<Mood>,
    pub(super) tokens_issued: usize,
    /// How long a token lasts.
    pub(super) token_lifetime: Option<SignedDuration>,
    /// Whether tokens stop being good.
    pub(super) revoked: HashSet<String>,
    tokens: HashMap<String, Timestamp>,
    pub(super) completed: HashSet<u64>,
    /// What `GET …/deployments` lists.
    pub(super) deployments: Vec<Value>,
    /// What nobody should have asked.
    pub(super) faults: Vec<String>,
}

#[derive(Clone)]
pub(super) struct Fake {
    pub(super) url: String,
    state: Arc<Mutex<Github>>,
}

impl Fake {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let fake = Self { url, state: Arc::default() };
        let run = "/repos/{owner}/{name}/actions/runs/{run}";
        let routes = Router::new()
            .route("/app/installations/{installation}/access_tokens", post(issue))
            .route(&format!("{run}/deployment_protection_rule"), post(review))
            .route(run, get(the_run))
            .route("/repos/{owner}/{name}/deployments", get(deployments))
            .fallback(stray)
            .with_state(fake.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        fake
    }

    pub(super) fn github(&self) -> MutexGuard<'_, Github> {
        self.state.lock().unwrap()
    }

    /// What was taken for a run.
    pub(super) fn reviews(&self, run: u64) -> Vec<Review> {
        self.github().reviews.iter().filter(|review| review.run == run).cloned().collect()
    }

    /// The final answers for a run.
    pub(super) fn states(&self, run: u64) -> Vec<String> {
        self.reviews(run).into_iter().filter_map(|review| review.state).collect()
    }

    pub(super) fn reports(&self, run: u64) -> Vec<String> {
        self.reviews(run).into_iter().filter(|review| review.state.is_none()).map(|review| review.comment).collect()
    }

    fn fault(&self, what: String) -> Response {
        self.github().faults.push(what.clone());
        (StatusCode::BAD_REQUEST, what).into_response()
    }

    /// Whether the token is one of ours, and good.
    fn authorized(&self, headers: &HeaderMap) -> bool {
        let bearer = bearer(headers);
        let github = self.github();
        let ends = github.tokens.get(&bearer);
        ends.is_some_and(|ends| *ends > now()) && !github.revoked.contains(&bearer)
    }
}

pub(super) fn now() -> Timestamp {
    holdpoint::app::now()
}

fn bearer(headers: &HeaderMap) -> String {
    let header = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    header.strip_prefix("Bearer ").unwrap_or_default().to_owned()
}

/// `POST /app/installations/{id}/access_tokens`, with a proof of at most ten minutes.
async fn issue(State(fake): State<Fake>, Path(installation): Path<u64>, headers: HeaderMap, body: String) -> Response {
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_required_spec_claims(&["exp", "iss"]);
    validation.set_issuer(&[CLIENT_ID]);
    validation.leeway = 0;
    let claims = match jsonwebtoken::decode::<Value>(bearer(&headers), &key().public, &validation) {
        Ok(token) => token.claims,
        Err(error) => return fake.fault(format!("a proof that is none: {error}")),
    };
    let (from, until) = (claims["iat"].as_i64().unwrap(), claims["exp"].as_i64().unwrap());
    if from > now().as_second() || until - from > 600 {
        return fake.fault(format!("a proof for too long: {claims}"));
    }
    let body: Value = serde_json::from_str(&body).unwrap();
    let narrow = json!({
        "repository_ids": [REPOSITORY], "permissions": {"actions": "read", "deployments": "write"},
    });
    if body != narrow || installation != INSTALLATION {
        return fake.fault(format!("a token for {installation} that can do too much: {body}"));
    }
    let mut github = fake.github();
    github.tokens_issued += 1;
    let token = format!("ghs_{}", github.tokens_issued);
    let expires_at = now() + github.token_lifetime.unwrap_or(SignedDuration::from_hours(1));
    github.tokens.insert(token.clone(), expires_at);
    (StatusCode::CREATED, json!({"token": token, "expires_at": expires_at.to_string()}).to_string()).into_response()
}

async fn review(
    State(fake): State<Fake>,
    Path((owner, name, run)): Path<(String, String, u64)>,
    headers: HeaderMap,
    body: String,
) -> Response {
    if (owner.as_str(), name.as_str()) != ("acme", "shop") {
        return fake.fault(format!("a review of {owner}/{name}"));
    }
    if !fake.authorized(&headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let mood = fake.github().moods.pop_front();
    match mood {
        Some(Mood::Status(status, headers)) => {
            let mut response = StatusCode::from_u16(status).unwrap().into_response();
            for (name, value) in headers {
                response.headers_mut().insert(name, value.parse().unwrap());
            }
            response
        }
        Some(Mood::Slow(pause)) => {
            let status = take(&fake, run, &body);
            tokio::time::sleep(pause).await;
            status.into_response()
        }
        None => take(&fake, run, &body).into_response(),
    }
}

/// 204, or 422 when it was answered, when it has had ten reports, or when the comment is too long.
fn take(fake: &Fake, run: u64, body: &str) -> StatusCode {
    let body: Value = serde_json::from_str(body).unwrap();
    let text = |key: &str| body[key].as_str().map(str::to_owned);
    let (environment, comment) = (text("environment_name").unwrap(), text("comment").unwrap());
    let mut github = fake.github();
    let of_run: Vec<_> = github.reviews.iter().filter(|one| one.run == run && one.environment == environment).collect();
    let is_answered = of_run.iter().any(|one| one.state.is_some());
    let state = text("state");
    let is_one_too_many = state.is_none() && of_run.len() >= 10;
    let is_strange = state.as_deref().is_some_and(|state| !["approved", "rejected"].contains(&state));
    if is_answered || is_one_too_many || is_strange || comment.chars().count() > 1_024 {
        return StatusCode::UNPROCESSABLE_ENTITY;
    }
    github.reviews.push(Review { run, environment, state, comment, at: now() });
    StatusCode::NO_CONTENT
}

async fn the_run(
    State(fake): State<Fake>,
    Path((_owner, _name, run)): Path<(String, String, u64)>,
    headers: HeaderMap,
) -> Response {
    if !fake.authorized(&headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let status = if fake.github().completed.contains(&run) { "completed" } else { "waiting" };
    json!({"id": run, "status": status, "conclusion": null}).to_string().into_response()
}

async fn deployments(
    State(fake): State<Fake>,
    Query(asked): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    if !fake.authorized(&headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let github = fake.github();
    let fits = |one: &&Value| {
        ["sha", "environment", "task"]
            .iter()
            .all(|key| asked.get(*key).is_none_or(|wanted| one[*key].as_str() == Some(wanted)))
    };
    let found: Vec<&Value> = github.deployments.iter().filter(fits).collect();
    json!(found).to_string().into_response()
}

async fn stray(State(fake): State<Fake>, request: Request) -> Response {
    fake.fault(format!("{} {}", request.method(), request.uri()))
}
