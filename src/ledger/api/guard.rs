//! What every request passes: how many there are, how long they take, and whose token they have.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use secrecy::SecretString;

use super::refusal::Refusal;
use super::{Api, EXTENSIONS_HEADER};
use crate::ledger::token::Scope;
use crate::server::listen::Peer;

/// How long the store may take for an answer. Whoever asked has given up by then.
const LONGEST_ANSWER: Duration = Duration::from_secs(30);
/// Bytes of a token; ours have less than a tenth.
const LONGEST_TOKEN: usize = 1024;
/// What [`EXTENSIONS_HEADER`] says.
const EXTENSIONS: HeaderValue = HeaderValue::from_static("digest, updated_since, etag");

/// Bounds the requests of an address, the time for an answer, and what a fault can do.
pub(super) async fn bound(State(api): State<Arc<Api>>, request: Request, next: Next) -> Response {
    // A request without a peer comes from a test within the process.
    let peer = request.extensions().get::<Peer>().map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |Peer(peer)| peer.ip());
    if let Some(Err(seconds)) = api.rate.as_ref().map(|rate| rate.note(peer)) {
        return Refusal::too_many(seconds).into_response();
    }
    // On a task of its own: when it fails, nothing else is touched.
    let answer = tokio::spawn(tokio::time::timeout(LONGEST_ANSWER, next.run(request)));
    match answer.await {
        Ok(Ok(response)) => response,
        Ok(Err(_elapsed)) => Refusal::unavailable("the ledger did not answer in time; try again").into_response(),
        Err(failure) => {
            tracing::error!(%failure, "an answer broke off");
            Refusal::internal().into_response()
        }
    }
}

/// Lets a request pass that has a token for what it wants, or that needs none.
pub(super) async fn authorize(State(api): State<Arc<Api>>, request: Request, next: Next) -> Response {
    let scope = if matches!(*request.method(), Method::GET | Method::HEAD) { Scope::Read } else { Scope::Write };
    let mut response = match authorized(&api, request.headers(), scope).await {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    };
    response.headers_mut().insert(EXTENSIONS_HEADER, EXTENSIONS);
    response
}

async fn authorized(api: &Api, headers: &HeaderMap, scope: Scope) -> Result<(), Refusal> {
    if !api.tokens {
        return Ok(());
    }
    let token = bearer(headers)?;
    api.store.authorize(&token, scope, (api.clock)()).await?;
    Ok(())
}

/// The token of a request. The word before it may be in any case.
fn bearer(headers: &HeaderMap) -> Result<SecretString, Refusal> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let missing = || Refusal::unauthorized("the token is missing: send `Authorization: Bearer TOKEN`");
    let (Some(value), None) = (values.next(), values.next()) else { return Err(missing()) };
    let value = value.to_str().map_err(|_| missing())?;
    let (scheme, token) = value.split_once(' ').ok_or_else(missing)?;
    let token = token.trim();
    if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() || token.len() > LONGEST_TOKEN {
        return Err(missing());
    }
    Ok(SecretString::from(token))
}
