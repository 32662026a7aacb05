//! What a rule is.

use crate::bindings::holdpoint::plugin::types::EvaluationInput;
use crate::{Attribute, Host, Metadata, Parameters, Request, Timestamp, Verdict};

/// A rule.
pub trait Rule {
    /// The rule's parameters: `()` for none, `Json<T>` for a struct that serde reads (feature `json`), or `String` for
    /// the JSON text.
    type Parameters: Parameters;

    /// What the plugin is. Called when it is loaded.
    fn metadata() -> Metadata;

    /// What is wrong with these parameters beyond what the schema and their type can say. Called for each rule of the
    /// configuration before any evaluation.
    ///
    /// # Errors
    /// A sentence for each fault.
    fn check_parameters(parameters: &Self::Parameters) -> Result<(), Vec<String>> {
        let _ = parameters;
        Ok(())
    }

    /// The evaluation.
    ///
    /// # Errors
    /// Why it could not decide. That is the rule's own failure and makes the decision `undecided`; an objection is a
    /// finding of the verdict.
    fn evaluate(input: &Input<Self::Parameters>, host: &impl Host) -> Result<Verdict, String>;
}

/// The question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input<P> {
    /// What somebody wants to deploy.
    pub request: Request,
    /// The instant of the decision: the only clock.
    pub as_of: Timestamp,
    /// The door that the request came through: `command-line`, `github-action`, `admission`, `protection-rule`, `test`;
    /// words may be added.
    pub channel: String,
    /// The environments whose records can be asked for, in promotion order, the request's own last.
    pub environments: Vec<String>,
    /// The rule's parameters.
    pub parameters: P,
}

impl<P: Parameters> Input<P> {
    pub(crate) fn new(input: EvaluationInput) -> Result<Self, String> {
        let parameters = P::read(&input.parameters).map_err(|why| format!("the parameters do not fit: {why}"))?;
        let EvaluationInput { request, as_of, channel, environments, parameters: _ } = input;
        Ok(Self { request, as_of, channel, environments, parameters })
    }
}

impl<P> Input<P> {
    /// The environment that comes right before the request's own in the order of promotion, if records of one were
    /// read.
    #[must_use]
    pub fn environment_before(&self) -> Option<&str> {
        self.environments.iter().rev().nth(1).map(String::as_str)
    }
}

impl Request {
    /// The value of an attribute of the context: `ticket`, or the path to a member, as `github.ref`. The caller claims
    /// it; nothing proves it.
    #[must_use]
    pub fn context(&self, name: &str) -> Option<&str> {
        attribute(&self.context, name)
    }
}

impl crate::DeploymentRecord {
    /// The value of a tag.
    #[must_use]
    pub fn tag(&self, name: &str) -> Option<&str> {
        attribute(&self.tags, name)
    }
}

fn attribute<'a>(attributes: &'a [Attribute], name: &str) -> Option<&'a str> {
    attributes.iter().find(|attribute| attribute.name == name).map(|attribute| attribute.value.as_str())
}
