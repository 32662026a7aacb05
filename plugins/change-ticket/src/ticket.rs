//! A ticket, as the ticket system describes it.

use holdpoint_plugin::http::{self, Http, Response};
use holdpoint_plugin::{Host, Level, Timestamp, time};
use serde_json::Value;

use crate::parameters::{Fields, Parameters};

/// A ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// Its state, in the ticket system's word.
    pub state: String,
    /// When its change window opens.
    pub starts_at: Option<Timestamp>,
    /// When its change window is over.
    pub ends_at: Option<Timestamp>,
    /// The artifacts that it is about.
    pub artifacts: Vec<String>,
    /// The deployments that it is about.
    pub deployments: Vec<String>,
}

/// Asks the ticket system. None when it does not know the ticket.
///
/// # Errors
/// When it does not answer, or not in a way that can be read.
pub fn ask(id: &str, parameters: &Parameters, host: &impl Host) -> Result<Option<Ticket>, String> {
    let path = parameters.path.replace("{id}", &http::encoded(id));
    let url = format!("{}{path}", parameters.base_url.trim_end_matches('/'));
    let mut request = http::Request::get(&url).header("accept", "application/json");
    if let Some(name) = &parameters.secret {
        let secret = host.secret(name).ok_or_else(|| format!("the secret `{name}` is not granted"))?;
        request = request.header("authorization", format!("{} {}", parameters.scheme, secret.trim()));
    }
    let response = host.http().send(&request).map_err(|error| error.to_string())?;
    host.log(Level::Debug, &format!("{url} answers {}, {} bytes", response.status, response.body.len()));
    match response.status {
        200 => read(&response, id, &parameters.fields).map(Some).map_err(|why| format!("{url} answers: {why}")),
        404 | 410 => Ok(None),
        401 | 403 => Err(format!("{url} answers {}: it wants another secret than `secret` gives", response.status)),
        status => Err(format!("{url} answers {status}")),
    }
}

fn read(response: &Response, id: &str, fields: &Fields) -> Result<Ticket, String> {
    let body: Value = serde_json::from_slice(&response.body).map_err(|error| format!("it is no JSON: {error}"))?;
    if let Some(said) = present(&body, &fields.id) {
        let said = said.as_str().map_or_else(|| said.to_string(), str::to_owned);
        if said != id {
            return Err(format!("it is about {said:?}, not about {id:?}"));
        }
    }
    let state = present(&body, &fields.state).and_then(Value::as_str);
    let ticket = Ticket {
        state: state.ok_or_else(|| format!("`{}` is no text", fields.state))?.to_owned(),
        starts_at: instant(&body, &fields.starts_at)?,
        ends_at: instant(&body, &fields.ends_at)?,
        artifacts: texts(&body, &fields.artifacts)?,
        deployments: texts(&body, &fields.deployments)?,
    };
    match (ticket.starts_at, ticket.ends_at) {
        (Some(start), Some(end)) if start >= end => Err("its window ends before it starts".to_owned()),
        _ => Ok(ticket),
    }
}

/// What a pointer points to. `null` and an empty text are how ticket systems say that there is none.
fn present<'a>(body: &'a Value, pointer: &str) -> Option<&'a Value> {
    body.pointer(pointer).filter(|value| !value.is_null() && value.as_str() != Some(""))
}

fn instant(body: &Value, pointer: &str) -> Result<Option<Timestamp>, String> {
    let Some(value) = present(body, pointer) else { return Ok(None) };
    match value.as_str().and_then(time::parse) {
        Some(at) => Ok(Some(at)),
        None => Err(format!("`{pointer}` is {value}, and no RFC 3339 instant")),
    }
}

fn texts(body: &Value, pointer: &str) -> Result<Vec<String>, String> {
    let no_texts = || format!("`{pointer}` is neither a text nor a list of texts");
    match present(body, pointer) {
        None => Ok(Vec::new()),
        Some(Value::String(text)) => Ok(vec![text.clone()]),
        Some(Value::Array(items)) => {
            items.iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(no_texts)).collect()
        }
        Some(_) => Err(no_texts()),
    }
}
