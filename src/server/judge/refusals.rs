//! Refusals that no rule was asked for.

use crate::admission::answer::Outcome;
use crate::domain::verdict::Verdict;

fn refused(verdict: Verdict, code: &'static str, message: String, remediation: impl Into<String>) -> Outcome {
    Outcome::Refused { verdict, code, message, remediation: remediation.into() }
}

/// The registry does not say what a tag stands for.
pub(super) fn unresolved(reference: &str, why: &str) -> Outcome {
    let message = format!("what `{reference}` stands for is not known: {why}");
    refused(Verdict::Undecided, "tag_unresolved", message, "name the digest, or try again when the registry answers")
}

/// No records are kept for the environment.
pub(super) fn environment(name: &str) -> Outcome {
    let message = format!("the server keeps no records of `{name}`");
    refused(Verdict::Undecided, "records_not_loaded", message, "this is a defect of holdpoint; please report it")
}

/// No record has the digest, and the configuration decides by that alone.
pub(super) fn no_record(verdict: Verdict, environment: &str) -> Outcome {
    let message = format!("no record of `{environment}`, or of what comes before it, has this digest");
    let remediation = "deploy it where the promotion begins, or change `admission.on_missing_record`";
    refused(verdict, "record_missing", message, remediation)
}

/// All cores were busy until the time was over.
pub(super) fn overloaded() -> Outcome {
    let message = "the server had too much to do to judge it in time".to_owned();
    refused(Verdict::Undecided, "overloaded", message, "try again; if it stays so, give the server more processors")
}

/// The rules did not come to an end in time.
pub(super) fn late() -> Outcome {
    let message = "the rules took longer than the API server waits".to_owned();
    let remediation = "try again, make the slow rules faster, or raise the webhook's `timeoutSeconds`";
    refused(Verdict::Undecided, "deadline", message, remediation)
}

/// The evaluation stopped.
pub(super) fn crashed() -> Outcome {
    let message = "judging it stopped unexpectedly".to_owned();
    refused(Verdict::Undecided, "crashed", message, "this is a defect of holdpoint; please report it")
}
