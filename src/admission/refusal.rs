//! Refusals that no rule is asked for.

use super::answer::Outcome;
use crate::domain::reference::ReferenceError;
use crate::domain::verdict::Verdict;

/// Why something is refused before the gate is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Deny, or undecided.
    pub verdict: Verdict,
    /// A stable word for machines.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do; may be empty.
    pub remediation: String,
}

impl Refusal {
    /// One whose message may end with what to do, on a line of its own that begins with `hint:`.
    #[must_use]
    pub fn told(verdict: Verdict, code: &'static str, message: &str) -> Self {
        let (message, remediation) = message.split_once("\nhint: ").unwrap_or((message, ""));
        Self { verdict, code, message: message.to_owned(), remediation: remediation.to_owned() }
    }
}

impl From<Refusal> for Outcome {
    fn from(refusal: Refusal) -> Self {
        let Refusal { verdict, code, message, remediation } = refusal;
        Self::Refused { verdict, code, message, remediation }
    }
}

/// The object claims a place that it may not have.
#[must_use]
pub const fn placement(message: String, remediation: String) -> Refusal {
    Refusal { verdict: Verdict::Deny, code: "environment_not_allowed", message, remediation }
}

/// The reference names nothing that can be judged.
#[must_use]
pub fn reference(error: &ReferenceError) -> Refusal {
    let code = if matches!(error, ReferenceError::NoDigest(_)) { "digest_missing" } else { "reference_unreadable" };
    Refusal { verdict: Verdict::Deny, code, message: error.to_string(), remediation: error.hint().to_owned() }
}

/// A digest without a name: a node takes it for the name and tag of an image, and not for what is judged.
#[must_use]
pub fn bare_digest(reference: &str) -> Refusal {
    Refusal {
        verdict: Verdict::Deny,
        code: "reference_unreadable",
        message: format!("`{reference}` has no name: a node would read it as the image `sha256` with a tag"),
        remediation: "write `registry/repository@sha256:…`".to_owned(),
    }
}
