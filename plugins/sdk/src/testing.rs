//! A host for tests, which run natively: `cargo test`, no component and no holdpoint.
//!
//! ```
//! use holdpoint_plugin::testing::{DIGEST, TestHost, input, record};
//! use holdpoint_plugin::{Filter, Records as _};
//!
//! let input = input("production", ());
//! assert_eq!(input.request.artifact.digest, DIGEST);
//! let host = TestHost { records: vec![record("r1", "staging", "2026-11-20T09:00:00Z")], ..TestHost::default() };
//! assert_eq!(host.records.count(&Filter::new().environment("staging")), 1);
//! ```

use std::cell::RefCell;
#[cfg(feature = "secrets")]
use std::collections::BTreeMap;

#[cfg(feature = "http")]
use crate::http::{Error, Http, Request as HttpRequest, Response};
use crate::{
    Artifact, DeploymentRecord, DeploymentStatus, Host, Input, Level, Metadata, Parameters, Records, Request, Rule,
    Timestamp, time,
};

/// The digest that [`input`] asks about and [`record`] has.
pub const DIGEST: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
/// The instant of [`input`].
pub const AS_OF: &str = "2026-11-20T12:00:00Z";

/// Answers requests.
#[cfg(feature = "http")]
pub type Answer = Box<dyn Fn(&HttpRequest) -> Result<Response, Error>>;

/// A host that answers from lists, and keeps what it is told.
#[derive(Default)]
pub struct TestHost {
    /// The records of the snapshot, in any order.
    pub records: Vec<DeploymentRecord>,
    /// The secrets that are granted, by name.
    #[cfg(feature = "secrets")]
    pub secrets: BTreeMap<String, String>,
    /// Answers requests; without it every one fails.
    #[cfg(feature = "http")]
    pub answer: Option<Answer>,
    /// The requests that were sent.
    #[cfg(feature = "http")]
    pub requests: RefCell<Vec<HttpRequest>>,
    /// The lines that were logged.
    pub log: RefCell<Vec<(Level, String)>>,
}

impl Host for TestHost {
    fn records(&self) -> &(impl Records + ?Sized) {
        &self.records
    }

    fn log(&self, level: Level, message: &str) {
        self.log.borrow_mut().push((level, message.to_owned()));
    }

    #[cfg(feature = "http")]
    fn http(&self) -> &impl Http {
        self
    }

    #[cfg(feature = "secrets")]
    fn secret(&self, name: &str) -> Option<String> {
        self.secrets.get(name).cloned()
    }
}

#[cfg(feature = "http")]
impl Http for TestHost {
    fn send(&self, request: &HttpRequest) -> Result<Response, Error> {
        self.requests.borrow_mut().push(request.clone());
        match &self.answer {
            Some(answer) => answer(request),
            None => Err(Error::new(format!("{}: no answer is set", request.url))),
        }
    }
}

/// An answer of this status and body.
#[cfg(feature = "http")]
#[must_use]
pub fn response(status: u16, body: &str) -> Response {
    Response { status, headers: Vec::new(), body: body.as_bytes().to_vec() }
}

/// A request for [`DIGEST`] in an environment, at [`AS_OF`]. Change what the test is about.
#[must_use]
pub fn input<P>(environment: &str, parameters: P) -> Input<P> {
    Input {
        request: Request {
            artifact: artifact(),
            reference: format!("ghcr.io/acme/storefront@{DIGEST}"),
            environment: environment.to_owned(),
            deployment_name: "storefront".to_owned(),
            intent: "deploy".to_owned(),
            actor: "someone".to_owned(),
            reason: String::new(),
            context: Vec::new(),
        },
        as_of: at(AS_OF),
        channel: "test".to_owned(),
        environments: vec![environment.to_owned()],
        parameters,
    }
}

/// A record of [`DIGEST`] that runs in an environment since then, in a target of the environment's name. Change what
/// the test is about.
#[must_use]
pub fn record(id: &str, environment: &str, since: &str) -> DeploymentRecord {
    DeploymentRecord {
        id: id.to_owned(),
        environment: environment.to_owned(),
        target: environment.to_owned(),
        deployment_name: "storefront".to_owned(),
        artifact: artifact(),
        status: DeploymentStatus::Deployed,
        status_text: "DEPLOYED".to_owned(),
        created_at: at(since),
        updated_at: at(since),
        last_seen_at: None,
        tags: Vec::new(),
    }
}

fn artifact() -> Artifact {
    Artifact {
        kind: "CONTAINER_IMAGE".to_owned(),
        name: "ghcr.io/acme/storefront".to_owned(),
        digest: DIGEST.to_owned(),
        version: String::new(),
    }
}

/// An instant.
///
/// # Panics
/// When the text is no RFC 3339 instant.
#[must_use]
#[allow(clippy::panic, reason = "a test that names no instant has to fail where it does")]
pub fn at(text: &str) -> Timestamp {
    time::parse(text).unwrap_or_else(|| panic!("{text:?} is no RFC 3339 instant"))
}

/// What holdpoint does when it loads a plugin: reads the parameters and asks the rule about them.
///
/// # Errors
/// What is wrong with them.
pub fn check_parameters<R: Rule>(json: &str) -> Result<(), Vec<String>> {
    let parameters = R::Parameters::read(json).map_err(|why| vec![why])?;
    R::check_parameters(&parameters)
}

/// What keeps holdpoint from using what a rule says of itself: a name that is none, or a schema that is no JSON object.
///
/// # Errors
/// The fault.
pub fn check_metadata<R: Rule>() -> Result<Metadata, String> {
    let metadata = R::metadata();
    let is_kebab = |character: char| character.is_ascii_lowercase() || character.is_ascii_digit() || character == '-';
    if metadata.name.is_empty() || !metadata.name.chars().all(is_kebab) {
        return Err(format!(
            "the name {:?} has other characters than lower-case letters, digits and hyphens",
            metadata.name
        ));
    }
    if metadata.title.is_empty() || metadata.title.contains('\n') {
        return Err("the title is not one line".to_owned());
    }
    #[cfg(feature = "json")]
    if let Some(schema) = &metadata.parameters_schema {
        serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(schema)
            .map_err(|error| format!("the schema of the parameters is no JSON object: {error}"))?;
    }
    Ok(metadata)
}
