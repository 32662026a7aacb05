//! Requests of a plugin that was granted hosts: `wasi:http` as far as it sends, and what that rests on.
//!
//! The host's side of these interfaces is wasmtime's. What it lacks on purpose is a way to send: each request comes
//! here, is held against the grants, written down, and carried by connections that know nothing of holdpoint
//! (`courier`), or answered by a test (`stage`). A request that is refused ends the plugin's say: whatever it answers then, the rule has failed.

mod address;
mod carrier;
mod courier;
mod exchange;
mod ledger;
mod resolve;
mod stage;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, USER_AGENT};
use http::{HeaderMap, Method};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use reqwest::Request;
use wasmtime::component::{HasData, Linker, ResourceTable};
use wasmtime_wasi::clocks::{WasiClocks, WasiClocksCtx, WasiClocksCtxView};
use wasmtime_wasi::p2::bindings::{clocks, io};
use wasmtime_wasi_http::p2::bindings::http as wasi;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttp, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks};

use crate::domain::plugin::PluginCall;

use super::fault::{Failure, cut};
use super::host::{Secrets, State, redact};
use super::limits::{MOST_BODY_BYTES, MOST_HEADER_BYTES, MOST_PART_BYTES, MOST_RESOURCES};
use carrier::Way;
use courier::Destination;
use exchange::{Answer, Broken};
use ledger::{End, Ledger, Ticket};

pub(super) use carrier::Carrier;
pub use stage::{Breakage, Exchange, ExpectedBody, Reply, Stage};

/// What one call of a plugin has of the world outside.
pub(super) struct Outside {
    table: ResourceTable,
    context: WasiHttpCtx,
    clocks: WasiClocksCtx,
    requests: Requests,
}

impl Outside {
    /// Without a carrier every request is refused.
    pub(super) fn new(carrier: Option<Carrier>, secrets: Secrets) -> Self {
        let (mut table, mut context) = (ResourceTable::new(), WasiHttpCtx::new());
        table.set_max_capacity(MOST_RESOURCES);
        context.set_field_size_limit(MOST_HEADER_BYTES);
        let requests = Requests { carrier, ledger: Arc::default(), secrets };
        Self { table, context, clocks: WasiClocksCtx::default(), requests }
    }

    /// The first request that was refused.
    pub(super) fn refusal(&self) -> Option<Failure> {
        self.requests.ledger.refusal()
    }

    /// The evidence, of this rule.
    pub(super) fn calls(&self, rule: &str, redact: impl Fn(&str) -> String) -> Vec<PluginCall> {
        self.requests.ledger.calls(rule, redact)
    }

    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.requests, table: &mut self.table, ctx: &mut self.context }
    }

    fn clocks(&mut self) -> WasiClocksCtxView<'_> {
        WasiClocksCtxView { ctx: &mut self.clocks, table: &mut self.table }
    }
}

struct Table;

impl HasData for Table {
    type Data<'a> = &'a mut ResourceTable;
}

/// Adds the interfaces that requests need, and no others: no files, sockets, environment, randomness or wall clock.
pub(super) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    io::error::add_to_linker::<_, Table>(linker, |state| &mut state.outside().table)?;
    io::poll::add_to_linker::<_, Table>(linker, |state| &mut state.outside().table)?;
    io::streams::add_to_linker::<_, Table>(linker, |state| &mut state.outside().table)?;
    clocks::monotonic_clock::add_to_linker::<_, WasiClocks>(linker, |state| state.outside().clocks())?;
    let options = wasmtime_wasi_http::p2::bindings::LinkOptions::default();
    wasi::types::add_to_linker::<_, WasiHttp>(linker, &options.into(), |state| state.outside().http())?;
    wasi::outgoing_handler::add_to_linker::<_, WasiHttp>(linker, |state| state.outside().http())
}

struct Requests {
    carrier: Option<Carrier>,
    ledger: Arc<Ledger>,
    /// A request may name one where it should not.
    secrets: Secrets,
}

/// A request that was written down and is held to be right.
struct Admitted {
    way: Way,
    request: Request,
}

type Sent = wasmtime_wasi_http::Result<(http::Response<WasiBody>, Worker)>;
type Worker = Box<dyn Future<Output = wasmtime_wasi_http::Result<()>> + Send>;

impl WasiHttpHooks for Requests {
    /// The host is named by the request itself, and not by a header that may say something else.
    fn set_host_header(&mut self) -> bool {
        false
    }

    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        MOST_PART_BYTES
    }

    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _processed: Worker,
    ) -> Box<dyn Future<Output = Sent> + Send> {
        let (parts, body) = request.into_parts();
        let redacted = |text: &str| redact(&self.secrets, text);
        let to = Destination::of(&parts.uri).map_err(|text| cut(&redacted(&text)));
        let host = to.as_ref().map_or_else(Clone::clone, |to| redacted(&to.to_string()));
        let Some(ticket) = self.ledger.begin(&redacted(parts.method.as_str()), &host) else {
            return Box::new(async { Err(Error::HttpRequestDenied) });
        };
        let admitted = match self.admit(&parts, to) {
            Ok(admitted) => admitted,
            Err(failure) => {
                self.ledger.refuse(ticket, failure, End::default());
                return Box::new(async { Err(Error::HttpRequestDenied) });
            }
        };
        let ledger = Arc::clone(&self.ledger);
        Box::new(async move {
            let answer = carry(admitted, body, options).await;
            settle(&ledger, ticket, answer)
        })
    }
}

impl Requests {
    fn admit(&self, parts: &http::request::Parts, to: Result<Destination, String>) -> Result<Admitted, Failure> {
        let ask = "this is a defect of the plugin; report it to its authors";
        let to = to.map_err(|text| {
            Failure::new("plugin_http", format!("wanted to send a request to `{text}`, which is no host"), ask)
        })?;
        let Some(carrier) = &self.carrier else {
            let message = format!("wanted to send a request to `{to}`, and requests are for evaluations only");
            return Err(Failure::new("plugin_http", message, ask));
        };
        let way = carrier.way(&to)?;
        if matches!(parts.method, Method::CONNECT | Method::TRACE) {
            let message = format!("wanted to send a `{}` to `{to}`, which no plugin may", parts.method);
            return Err(Failure::new("plugin_http", message, ask));
        }
        let path = parts.uri.path_and_query().map(http::uri::PathAndQuery::as_str).unwrap_or_default();
        let url = to
            .url(path)
            .ok_or_else(|| Failure::new("plugin_http", format!("wanted to ask `{to}` for a path that is none"), ask))?;
        let mut request = Request::new(parts.method.clone(), url);
        *request.headers_mut() = headers(&parts.headers);
        Ok(Admitted { way, request })
    }
}

/// The plugin's headers. Its length is what the body has, and its name is ours.
fn headers(given: &HeaderMap) -> HeaderMap {
    let mut headers = given.clone();
    for name in [CONTENT_LENGTH, USER_AGENT] {
        headers.remove(name);
    }
    headers
}

async fn carry(admitted: Admitted, body: WasiBody, options: Option<RequestOptions>) -> Result<Answer, Box<Broken>> {
    let Admitted { way, mut request } = admitted;
    let body = collect(body).await?;
    if !body.is_empty() {
        *request.body_mut() = Some(body.into());
    }
    way.send(request, options.into()).await
}

/// The body of a request, which the plugin may still be writing.
async fn collect(body: WasiBody) -> Result<Bytes, Box<Broken>> {
    let collected = Limited::new(body, MOST_BODY_BYTES).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() {
            let what = format!("wanted to send more than {} KiB in one request", MOST_BODY_BYTES >> 10);
            return Broken::too_much(End::default(), what, Error::HttpRequestBodySize(None));
        }
        Broken::of(&End::default(), "the plugin did not finish the request's body", Error::HttpProtocolError)
    })?;
    Ok(collected.to_bytes())
}

/// Writes down what came of it, and hands it to the plugin.
fn settle(ledger: &Ledger, ticket: Ticket, answer: Result<Answer, Box<Broken>>) -> Sent {
    match answer {
        Ok(Answer { status, headers, body }) => {
            let end = End { status: Some(status.as_u16()), digest: Some(exchange::digest(&body)), error: None };
            ledger.end(ticket, end);
            let whole = Full::new(body).map_err(|never| match never {}).boxed_unsync();
            let mut response = http::Response::new(whole);
            (*response.status_mut(), *response.headers_mut()) = (status, headers);
            Ok((response, Box::new(async { Ok(()) })))
        }
        Err(broken) => {
            let Broken { end, error, refusal } = *broken;
            match refusal {
                Some(refusal) => ledger.refuse(ticket, refusal, end),
                None => ledger.end(ticket, end),
            }
            Err(error)
        }
    }
}
