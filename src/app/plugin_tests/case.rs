//! The files of cases.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use jiff::Timestamp;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use serde_saphyr::{DuplicateKeyPolicy, MessageFormatter as _, UserMessageFormatter};

use crate::domain::environment::{Environment, EnvironmentGraph};
use crate::domain::plugin_test::Said;
use crate::domain::reference::ArtifactReference;
use crate::domain::request::{Intent, Request, RequestedArtifact};
use crate::domain::unique::Unique;
use crate::engine::wasm::Exchange;
use crate::source::file;

use super::exchange::CaseExchange;

/// Bytes of one case.
const LARGEST: u64 = 8 << 20;
/// The record source of every case.
pub(super) const SOURCE: &str = "case";

/// One case, as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    pub(super) title: String,
    #[serde(default)]
    pub(super) plugin: Option<PathBuf>,
    /// The secrets that the plugin is granted, and their values.
    #[serde(default)]
    pub(super) secrets: BTreeMap<String, SecretText>,
    /// What the plugin is expected to ask others, and what they answer.
    #[serde(default)]
    http: Vec<CaseExchange>,
    #[serde(default)]
    parameters: Option<Unique>,
    request: CaseRequest,
    pub(super) as_of: Timestamp,
    environments: Vec<CaseEnvironment>,
    #[serde(default)]
    records: Vec<Unique>,
    #[serde(default)]
    pub(super) expect: Option<Said>,
}

/// A secret of a test; it is shown no more than a real one.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct SecretText(String);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseRequest {
    artifact: String,
    environment: String,
    #[serde(default)]
    deployment_name: Option<String>,
    #[serde(default)]
    intent: Intent,
    #[serde(default)]
    actor: Option<String>,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    context: Option<Unique>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseEnvironment {
    name: String,
    #[serde(default)]
    after: Vec<String>,
    #[serde(default)]
    targets: Vec<String>,
}

/// How a case is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Yaml,
    Json,
}

impl Format {
    pub(super) fn of(path: &Path) -> Self {
        if path.extension().is_some_and(|extension| extension == "json") { Self::Json } else { Self::Yaml }
    }
}

/// Reads a case, and its text.
///
/// # Errors
/// A file that cannot be read or is no case.
pub(super) fn read(path: &Path) -> anyhow::Result<(String, Case)> {
    let bytes = file::read(path, LARGEST).context("the file cannot be read")?;
    let text = String::from_utf8(bytes).map_err(|_error| anyhow!("the file is not UTF-8 text"))?;
    let case = parse(&text, Format::of(path))
        .map_err(|why| anyhow!("it is no case: {why}\nhint: docs/testing-plugins.md shows the form of cases"))?;
    Ok((text, case))
}

/// The case that a text is, or why it is none.
pub(super) fn parse(text: &str, format: Format) -> Result<Case, String> {
    if format == Format::Json {
        return serde_json::from_str(text).map_err(|error| error.to_string());
    }
    let options = serde_saphyr::options! {
        duplicate_keys: DuplicateKeyPolicy::Error,
        strict_booleans: true,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let place = error.location().map(|place| format!(" (line {})", place.line())).unwrap_or_default();
        format!("{}{place}", UserMessageFormatter.format_message(&error))
    })
}

impl Case {
    /// The secrets that the plugin is granted.
    pub(super) fn granted(&self) -> BTreeMap<String, SecretString> {
        self.secrets.iter().map(|(name, secret)| (name.clone(), secret.value())).collect()
    }

    /// What the plugin is expected to ask, and what is answered.
    pub(super) fn exchanges(&self) -> anyhow::Result<Vec<Exchange>> {
        self.http.iter().map(CaseExchange::exchange).collect()
    }

    pub(super) fn parameters(&self) -> anyhow::Result<Value> {
        match &self.parameters {
            None => Ok(Value::Object(Map::new())),
            Some(Unique(parameters)) if parameters.is_object() => Ok(parameters.clone()),
            Some(_) => Err(anyhow!("its `parameters` are no map\nhint: write `parameters: {{name: value}}`")),
        }
    }

    /// The question.
    pub(super) fn request(&self) -> anyhow::Result<Request> {
        let asked = &self.request;
        let reference: ArtifactReference = asked.artifact.parse().map_err(|error| {
            let hint = crate::domain::reference::ReferenceError::hint(&error);
            anyhow!("its `artifact` cannot be used: {error}\nhint: {hint}")
        })?;
        let context = match &asked.context {
            None => Value::Object(Map::new()),
            Some(Unique(context)) if context.is_object() => context.clone(),
            Some(_) => bail!("its `context` is no map\nhint: write `context: {{key: value}}`"),
        };
        Ok(Request {
            artifact: RequestedArtifact::from(reference),
            environment: asked.environment.clone(),
            deployment_name: asked.deployment_name.clone(),
            intent: asked.intent,
            actor: asked.actor.clone(),
            reason: asked.reason.clone(),
            channel: "test",
            context,
        })
    }

    /// The environments; one without targets is its own.
    pub(super) fn environments(&self) -> anyhow::Result<EnvironmentGraph> {
        let environment = |written: &CaseEnvironment| Environment {
            name: written.name.clone(),
            after: written.after.clone(),
            targets: if written.targets.is_empty() { vec![written.name.clone()] } else { written.targets.clone() },
            source: SOURCE.to_owned(),
            logical_environment: None,
            max_record_age: None,
        };
        let graph = EnvironmentGraph::new(self.environments.iter().map(environment).collect());
        let graph = graph.map_err(|error| anyhow!("{error}\nhint: correct `environments` of the case"))?;
        if graph.get(&self.request.environment).is_none() {
            bail!(
                "the request is about `{}`, which is not among its environments\nhint: add it to `environments`",
                self.request.environment
            );
        }
        Ok(graph)
    }

    /// The records as a snapshot that vouches for every target.
    pub(super) fn snapshot(&self, environments: &EnvironmentGraph) -> anyhow::Result<Vec<u8>> {
        let targets: Vec<&String> = environments.iter().flat_map(|environment| &environment.targets).collect();
        for Unique(record) in &self.records {
            let place = record.get("environment_name").or_else(|| record.get("environmentName"));
            let place = place.and_then(Value::as_str).unwrap_or_default();
            if !targets.iter().any(|target| *target == place) {
                bail!(
                    "it has a record of `{place}`, which none of its environments has as a target, so that no plugin \
                     can see it\nhint: correct the record's `environment_name`, or add the target"
                );
            }
        }
        let named: Vec<Value> = targets.iter().map(|target| json!({"name": target})).collect();
        let records: Vec<&Value> = self.records.iter().map(|Unique(record)| record).collect();
        let snapshot = json!({
            "observed_at": self.as_of, "filters": {"full_history": true}, "environments": named,
            "deployment_records": records,
        });
        Ok(serde_json::to_vec(&snapshot)?)
    }
}

impl SecretText {
    fn value(&self) -> SecretString {
        self.0.clone().into()
    }

    /// What tells this secret from another, for keeping plugins apart.
    pub(super) fn key(&self) -> &str {
        &self.0
    }
}
