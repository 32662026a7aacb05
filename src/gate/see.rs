//! What rules see of a question, as JSON: for those who write policies, and to compare with other engines.

use jiff::Timestamp;
use thiserror::Error;

use crate::domain::request::Request;
use crate::domain::rule::Rule;

use super::Gate;
use super::engine::{Question, RuleError};
use super::observe::{Observation, RecordFault};

/// What the rules that apply to a request see.
pub struct Seen<'a> {
    /// What they share.
    pub data: String,
    /// What each sees on its own, in the order of the configuration.
    pub inputs: Vec<(&'a Rule, String)>,
}

/// Why rules see nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SeeError {
    /// The records cannot carry a decision.
    #[error("the records cannot be shown to the rules")]
    Records(Vec<RecordFault>),
    /// The engine cannot take the records.
    #[error(transparent)]
    Rules(#[from] RuleError),
}

impl Gate {
    /// What the rules that apply to this request would see at this instant.
    ///
    /// # Errors
    /// When a decision on these records would be undecided without asking the rules.
    pub fn see(&self, observation: &Observation, request: &Request, as_of: Timestamp) -> Result<Seen<'_>, SeeError> {
        let faults = observation.faults(as_of);
        let prepared = match &observation.rules {
            Some(prepared) if faults.is_empty() => prepared.as_ref().map_err(Clone::clone)?,
            _ => return Err(SeeError::Records(faults)),
        };
        let rules: Vec<&Rule> = self.rules.iter().filter(|rule| rule.applies_to(&request.environment)).collect();
        let question = Question { request, environment: &observation.environment, as_of, rules: &rules };
        let seen = prepared.see(&question)?;
        Ok(Seen { data: seen.data, inputs: rules.into_iter().zip(seen.inputs).collect() })
    }
}
