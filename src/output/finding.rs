//! What every output needs to know of a finding.

use crate::domain::decision::{Decision, Decisions};
use crate::domain::finding::{Finding, Outcome};
use crate::domain::rule::Enforcement;

use super::escape::{self, MESSAGE_LIMIT, NAME_LIMIT};
use super::phrase;

/// What a finding means to a reader, in the order in which readers need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// It is in the way.
    Blocks,
    /// It would be in the way, and an override lets it pass.
    Overridden,
    /// It asks for attention and changes nothing.
    Warns,
    /// It would be in the way, or warn, if its rule were enforced.
    DryRun,
    /// Its rule did not apply or was not evaluated.
    Skipped,
    /// Its rule has nothing to object.
    Passed,
}

impl Standing {
    pub(super) fn of(finding: &Finding) -> Self {
        match finding.outcome {
            Outcome::Passed => Self::Passed,
            Outcome::Skipped => Self::Skipped,
            _ if finding.enforcement == Enforcement::DryRun => Self::DryRun,
            _ if finding.warns() => Self::Warns,
            _ if finding.blocks() => Self::Blocks,
            _ => Self::Overridden,
        }
    }
}

/// The findings of one standing, in the order of the configuration.
pub(super) fn standing(decision: &Decision, standing: Standing) -> Vec<&Finding> {
    decision.findings.iter().filter(|finding| Standing::of(finding) == standing).collect()
}

/// The findings of one standing in all decisions, each with its decision.
pub(super) fn all_standing(decisions: &Decisions, wanted: Standing) -> Vec<(&Decision, &Finding)> {
    let of_one = |decision| standing(decision, wanted).into_iter().map(move |finding| (decision, finding));
    decisions.0.iter().flat_map(of_one).collect()
}

/// The rule's id on one line.
pub(super) fn rule(finding: &Finding) -> String {
    escape::line(&finding.rule, NAME_LIMIT)
}

/// The rule's title on one line, or its id when it has none.
pub(super) fn title(finding: &Finding) -> String {
    let title = escape::line(&finding.title, NAME_LIMIT);
    if title.is_empty() { rule(finding) } else { title }
}

/// The outcome and, when it does not count, why: `held (dry run)`.
pub(super) fn outcome(finding: &Finding) -> String {
    let outcome = finding.outcome.as_str();
    let overridden = finding.enforcement == Enforcement::Enforce && finding.overridden_by.is_some();
    let note = if overridden { " (overridden)" } else { enforcement(finding.enforcement) };
    format!("{outcome}{note}")
}

/// ` (warn only)` and the like behind what does not count; nothing behind what does.
pub(super) const fn enforcement(enforcement: Enforcement) -> &'static str {
    match enforcement {
        Enforcement::Enforce => "",
        Enforcement::Warn => " (warn only)",
        Enforcement::DryRun => " (dry run)",
    }
}

/// The message on its own lines, or what the outcome alone tells when there is none.
pub(super) fn message(finding: &Finding) -> String {
    let message = escape::paragraph(&finding.message, MESSAGE_LIMIT);
    if message.is_empty() { default_message(finding.outcome).to_owned() } else { message }
}

/// The message on one line.
pub(super) fn message_line(finding: &Finding) -> String {
    let message = escape::line(&finding.message, MESSAGE_LIMIT);
    if message.is_empty() { default_message(finding.outcome).to_owned() } else { message }
}

/// The remediation on its own lines; empty when there is none.
pub(super) fn remediation(finding: &Finding) -> String {
    escape::paragraph(&finding.remediation, MESSAGE_LIMIT)
}

/// What to do and when it opens, as lines that follow the message.
pub(super) fn way_out(decision: &Decision, finding: &Finding) -> Vec<String> {
    let remediation = remediation(finding);
    let mut lines = Vec::new();
    lines.extend(overridden_by(finding));
    if !remediation.is_empty() {
        lines.push(format!("→ {remediation}"));
    }
    if let Some(opens_at) = finding.opens_at {
        lines.push(format!("opens {}", phrase::instant_from(opens_at, decision.as_of)));
    }
    lines
}

/// `overridden by ops-1`, when it is.
pub(super) fn overridden_by(finding: &Finding) -> Option<String> {
    let id = finding.overridden_by.as_deref()?;
    Some(format!("overridden by {}", escape::line(id, NAME_LIMIT)))
}

const fn default_message(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "nothing to object",
        Outcome::Denied => "the rule denies and does not say why",
        Outcome::Held => "the rule holds and does not say why",
        Outcome::Warned => "the rule warns and does not say why",
        Outcome::Skipped => "the rule does not apply",
        Outcome::Failed => "the rule could not be evaluated",
    }
}
