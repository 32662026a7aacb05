//! Health and metrics, on a listener of their own without TLS: nothing here decides anything or shows a secret.
//!
//! | path | what it says |
//! | --- | --- |
//! | `GET /livez` | the process runs and answers |
//! | `GET /readyz` | whether reviews can be answered, and if not, why: one line a check |
//! | `GET /metrics` | what `docs/admission.md` lists, in the text form of OpenMetrics |

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

use super::Door;
use super::handler::refuse;
use crate::output::escape;

/// The routes of the operations listener.
pub fn router(door: Arc<Door>) -> Router {
    Router::new()
        .route("/livez", get(|| async { "ok\n" }))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .fallback(|| async { refuse(StatusCode::NOT_FOUND, "there are /livez, /readyz and /metrics") })
        .with_state(door)
}

/// One condition of being ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// A few words.
    pub name: &'static str,
    /// Why it does not hold; `None` when it does.
    pub fault: Option<String>,
    /// Whether the server is not ready without it.
    pub vital: bool,
}

impl Door {
    /// The conditions of being ready. Policies are compiled before there is a door. A source that is down later changes
    /// nothing: what is remembered is still answered by.
    #[must_use]
    pub fn checks(&self) -> Vec<Check> {
        let records = if self.judge().ready() { None } else { Some(self.unread()) };
        let certificate = self.parts.certificates.as_ref().map(super::certificate::Certificates::status);
        let certificate = certificate.filter(|status| !status.served_is_on_disk);
        let certificate = certificate.map(|status| match status.last_failure {
            Some(failure) => format!("the certificate on disk cannot be served: {failure}"),
            None => "the certificate on disk is not served yet".to_owned(),
        });
        let draining = self.parts.shutdown.is_draining().then(|| "the server was told to stop".to_owned());
        let vital = |name, fault| Check { name, fault, vital: true };
        let mut checks = vec![vital("records", records), vital("certificate", certificate)];
        checks.extend(self.github.checks());
        checks.push(vital("running", draining));
        checks
    }

    /// Which records were never read, and why not.
    fn unread(&self) -> String {
        let statuses = self.judge().records().statuses();
        let unread = statuses.into_iter().filter(|status| status.refreshed_at.is_none());
        let faults: Vec<String> = unread
            .map(|status| {
                let why = status.last_failure.map(|failure| format!(": {failure}")).unwrap_or_default();
                format!("those of `{}` were not read yet{why}", status.environment)
            })
            .collect();
        faults.join("; ")
    }
}

async fn readyz(State(door): State<Arc<Door>>) -> Response {
    let checks = door.checks();
    let mut text = String::new();
    for check in &checks {
        // Writing to a text cannot fail.
        let _written = match &check.fault {
            None => writeln!(text, "[+] {} ok", check.name),
            Some(fault) => writeln!(text, "[-] {} {}", check.name, escape::line(fault, 1_000)),
        };
    }
    let ready = checks.iter().all(|check| check.fault.is_none() || !check.vital);
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}

async fn metrics(State(door): State<Arc<Door>>) -> Response {
    match door.scrape() {
        Ok(text) => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(header::CONTENT_TYPE, kind)], text).into_response()
        }
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}
