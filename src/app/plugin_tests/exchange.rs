//! Requests of a plugin that a case answers, as they are written.

use std::collections::BTreeMap;

use anyhow::{Context as _, anyhow, bail};
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use serde::Deserialize;
use url::Url;

use crate::domain::unique::Unique;
use crate::engine::wasm::{Breakage, Exchange, ExpectedBody, Reply};

/// A request, and its answer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseExchange {
    #[serde(default)]
    method: Option<String>,
    url: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    json: Option<Unique>,
    answer: CaseAnswer,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseAnswer {
    #[serde(default)]
    status: Option<u16>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    json: Option<Unique>,
    #[serde(default)]
    error: Option<CaseBreakage>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum CaseBreakage {
    UnknownHost,
    Refused,
    Reset,
    Timeout,
}

impl CaseExchange {
    /// The exchange, as the host plays it.
    ///
    /// # Errors
    /// What no plugin could send, and what is no answer.
    pub(super) fn exchange(&self) -> anyhow::Result<Exchange> {
        self.read().with_context(|| format!("its `http` for `{}` cannot be used", self.url))
    }

    fn read(&self) -> anyhow::Result<Exchange> {
        let body = match (&self.body, &self.json) {
            (Some(_), Some(_)) => bail!("it has both `body` and `json`\nhint: keep one of them"),
            (Some(text), None) => Some(ExpectedBody::Text(text.clone())),
            (None, Some(Unique(value))) => Some(ExpectedBody::Json(value.clone())),
            (None, None) => None,
        };
        Ok(Exchange {
            method: self.method()?,
            url: address(&self.url)?,
            headers: headers(&self.headers)?,
            body,
            reply: self.answer.reply()?,
        })
    }

    fn method(&self) -> anyhow::Result<Method> {
        let Some(name) = &self.method else { return Ok(Method::GET) };
        let method =
            Method::from_bytes(name.as_bytes()).ok().filter(|_| !name.contains(|one: char| one.is_lowercase()));
        method.ok_or_else(|| anyhow!("`{name}` is no method\nhint: write it in capitals, such as `POST`"))
    }
}

/// The address, in the form that requests have it in.
fn address(text: &str) -> anyhow::Result<Url> {
    let hint = "hint: write the whole address, such as `https://tickets.example.com/tickets/7`";
    let url = Url::parse(text).map_err(|error| anyhow!("`{text}` is no address: {error}\n{hint}"))?;
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    if matches!(url.scheme(), "http" | "https") && url.has_host() && plain {
        return Ok(url);
    }
    bail!("`{text}` is no address that a plugin can ask\n{hint}")
}

fn headers(written: &BTreeMap<String, String>) -> anyhow::Result<HeaderMap> {
    let header = |(name, value): (&String, &String)| -> anyhow::Result<(HeaderName, HeaderValue)> {
        let wrong = || anyhow!("`{name}` is no header, or its value is none\nhint: correct `headers`");
        Ok((name.parse().map_err(|_error| wrong())?, value.parse().map_err(|_error| wrong())?))
    };
    written.iter().map(header).collect()
}

impl CaseAnswer {
    fn reply(&self) -> anyhow::Result<Reply> {
        let mut headers = headers(&self.headers)?;
        let body = match (&self.body, &self.json) {
            (Some(_), Some(_)) => bail!("its answer has both `body` and `json`\nhint: keep one of them"),
            (Some(text), None) => text.clone(),
            (None, Some(Unique(value))) => {
                headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
                value.to_string()
            }
            (None, None) => String::new(),
        };
        match self.error {
            Some(_) if self.status.is_some() || !headers.is_empty() || !body.is_empty() => {
                bail!("its answer has `error` and more\nhint: an error is no answer: keep `error` alone")
            }
            Some(breakage) => Ok(Reply::Broken(breakage.into())),
            None => Ok(Reply::Answer { status: status(self.status.unwrap_or(200))?, headers, body: body.into() }),
        }
    }
}

/// One that ends an exchange.
fn status(number: u16) -> anyhow::Result<StatusCode> {
    let status = StatusCode::from_u16(number).ok().filter(|status| (200..600).contains(&status.as_u16()));
    status.ok_or_else(|| anyhow!("{number} is no status of an answer\nhint: write one from 200 to 599"))
}

impl From<CaseBreakage> for Breakage {
    fn from(breakage: CaseBreakage) -> Self {
        match breakage {
            CaseBreakage::UnknownHost => Self::UnknownHost,
            CaseBreakage::Refused => Self::Refused,
            CaseBreakage::Reset => Self::Reset,
            CaseBreakage::Timeout => Self::Timeout,
        }
    }
}
