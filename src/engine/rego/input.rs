//! The small part that policies see of a question: `input`, one per rule.

use jiff::Timestamp;
use regorus::Value;
use regorus::value::Object;

use crate::domain::environment::Environment;
use crate::domain::request::Request;
use crate::gate::engine::Question;

use super::data::{object, text, texts, time};

/// The name of the form of `input`.
const SCHEMA: &str = "holdpoint.input/v1";

/// Builds the inputs of one question: all rules share everything but their parameters.
pub(super) struct Inputs {
    shared: Object,
}

impl Inputs {
    pub(super) fn new(question: &Question<'_>) -> Self {
        let shared = [
            ("schema", text(SCHEMA)),
            ("request", request_value(question.request)),
            ("environment", environment_value(question.environment)),
            ("as_of", time(question.as_of)),
            ("as_of_ns", nanoseconds(question.as_of)),
        ];
        let shared = shared.into_iter().map(|(key, value)| (text(key), value)).collect();
        Self { shared }
    }

    pub(super) fn with_parameters(&self, parameters: Value) -> Value {
        let mut input = self.shared.clone();
        input.insert(text("parameters"), parameters);
        input.into_value()
    }
}

/// Nanoseconds since 1970; `jiff` holds years -9999 to 9999, which may not fit 64 bits: then as a wide number.
fn nanoseconds(instant: Timestamp) -> Value {
    Value::from(instant.as_nanosecond())
}

fn request_value(request: &Request) -> Value {
    let artifact = &request.artifact;
    let optional = |value: &Option<String>| value.as_deref().map_or(Value::Null, text);
    object([
        (
            "artifact",
            object([
                ("kind", text(artifact.kind.as_str())),
                ("name", text(&artifact.name)),
                ("digest", text(&artifact.digest.to_string())),
                ("version", text(&artifact.version)),
                ("reference", text(&artifact.reference)),
            ]),
        ),
        ("environment", text(&request.environment)),
        ("deployment_name", optional(&request.deployment_name)),
        ("intent", text(request.intent.as_str())),
        ("actor", optional(&request.actor)),
        ("reason", optional(&request.reason)),
        ("channel", text(request.channel)),
        ("context", Value::from(request.context.clone())),
    ])
}

fn environment_value(environment: &Environment) -> Value {
    object([
        ("name", text(&environment.name)),
        ("after", texts(&environment.after)),
        ("targets", texts(&environment.targets)),
    ])
}
