//! From what rules and records say to the findings of a decision, bounded in number and length.

use crate::domain::finding::{Finding, Outcome};
use crate::domain::record::DeploymentRecord;
use crate::domain::request::Request;
use crate::domain::rule::{Enforcement, Rule};
use crate::domain::snapshot::Snapshot;
use crate::domain::verdict::Verdict;

use super::engine::{Answer, RuleDescription, RuleError, Statement};
use super::observe::RecordFault;

/// Findings kept of one rule and outcome; the last one counts the rest.
const FINDINGS_LIMIT: usize = 50;
/// Records kept with one finding.
const RECORDS_LIMIT: usize = 20;
/// Bytes kept of a message or a remediation.
const TEXT_LIMIT: usize = 4096;
/// Bytes kept of a code.
const CODE_LIMIT: usize = 128;

/// The findings of a rule that was evaluated; at least one.
pub(super) fn of_answer(
    rule: &Rule,
    description: &RuleDescription,
    answer: Answer,
    snapshot: &Snapshot,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (statements, outcome) in
        [(answer.denials, Outcome::Denied), (answer.holds, Outcome::Held), (answer.warnings, Outcome::Warned)]
    {
        add_statements(&mut findings, rule, description, statements, outcome, snapshot);
    }
    if findings.iter().all(|finding| finding.outcome == Outcome::Warned) {
        findings.push(without_objection(rule, description, answer.skip_reason));
    }
    findings
}

fn without_objection(rule: &Rule, description: &RuleDescription, skip_reason: Option<String>) -> Finding {
    match skip_reason {
        Some(reason) => {
            let base = finding(rule, description, Outcome::Skipped, "not_applicable");
            Finding { message: bounded(&reason, TEXT_LIMIT), ..base }
        }
        None => finding(rule, description, Outcome::Passed, "passed"),
    }
}

fn add_statements(
    findings: &mut Vec<Finding>,
    rule: &Rule,
    description: &RuleDescription,
    statements: Vec<Statement>,
    outcome: Outcome,
    snapshot: &Snapshot,
) {
    let beyond = statements.len().saturating_sub(FINDINGS_LIMIT);
    // A hold whose opening is cut away must not let the others promise one, so the latest come first.
    let mut statements = statements;
    if beyond > 0 {
        statements.sort_by_key(|statement| (statement.opens_at.is_some(), std::cmp::Reverse(statement.opens_at)));
    }
    for statement in statements.into_iter().take(FINDINGS_LIMIT) {
        findings.push(of_statement(rule, description, statement, outcome, snapshot));
    }
    if let (true, Some(last)) = (beyond > 0, findings.last_mut()) {
        last.message = format!("{} (and {beyond} more)", last.message);
    }
}

fn of_statement(
    rule: &Rule,
    description: &RuleDescription,
    statement: Statement,
    outcome: Outcome,
    snapshot: &Snapshot,
) -> Finding {
    let code = if statement.code.is_empty() { outcome.as_str() } else { &statement.code };
    let remediation = if statement.remediation.is_empty() { &description.remediation } else { &statement.remediation };
    let records = statement.records.iter().filter_map(|id| snapshot.find(id)).take(RECORDS_LIMIT);
    Finding {
        message: bounded(&statement.message, TEXT_LIMIT),
        remediation: bounded(remediation, TEXT_LIMIT),
        records: records.cloned().collect::<Vec<DeploymentRecord>>(),
        opens_at: statement.opens_at,
        location: statement.location.or_else(|| description.location.clone()),
        ..finding(rule, description, outcome, code)
    }
}

/// The finding of a rule that could not be evaluated.
pub(super) fn of_rule_error(rule: &Rule, description: &RuleDescription, error: &RuleError) -> Finding {
    Finding {
        message: bounded(&error.message, TEXT_LIMIT),
        remediation: bounded(&error.remediation, TEXT_LIMIT),
        ..finding(rule, description, Outcome::Failed, error.code)
    }
}

/// The finding of a rule that the engine left out: a defect, and no pass.
pub(super) fn of_silence(rule: &Rule, description: &RuleDescription) -> Finding {
    let message = "the rule engine gave no answer for this rule".to_owned();
    Finding { message, ..finding(rule, description, Outcome::Failed, "rule_unanswered") }
}

/// The finding of a rule that was not evaluated since its records could not be read.
pub(super) fn of_rule_without_records(rule: &Rule, description: &RuleDescription) -> Finding {
    let message = "not evaluated, since the records it needs could not be read".to_owned();
    Finding { message, ..finding(rule, description, Outcome::Skipped, "not_evaluated") }
}

/// The finding that the records cannot carry a decision.
pub(super) fn of_record_fault(fault: &RecordFault) -> Finding {
    let title = "Deployment records could not be read";
    let base = own("records", Outcome::Failed, fault.code, title);
    Finding {
        message: bounded(&fault.message, TEXT_LIMIT),
        remediation: bounded(&fault.remediation, TEXT_LIMIT),
        ..base
    }
}

/// The finding that a request was put to the records of another environment: a defect, and no pass.
pub(super) fn of_wrong_environment(request: &Request, observed: &str) -> Finding {
    let message = format!("asked about `{}` with the records of `{observed}`", request.environment);
    Finding { message, ..own("records", Outcome::Failed, "wrong_environment", "Deployment records do not fit") }
}

/// The finding that nothing judged the request.
pub(super) fn of_no_rule(environment: &str, applicable: usize, verdict: Verdict) -> Finding {
    let allowed = verdict == Verdict::Allow;
    let outcome = if allowed { Outcome::Passed } else { Outcome::Failed };
    let what = match applicable {
        0 => format!("no rule applies to `{environment}`"),
        count => format!("none of the {count} rules for `{environment}` is enforced and applies to this request"),
    };
    let (message, remediation) = if allowed {
        (format!("{what}, which the configuration allows"), String::new())
    } else {
        let remedy = "add an enforced rule for this environment, or set `when_no_rule_applies: allow`";
        (what, remedy.to_owned())
    };
    Finding { message, remediation, ..own("rules", outcome, "no_rule_applies", "No rule judges this request") }
}

fn finding(rule: &Rule, description: &RuleDescription, outcome: Outcome, code: &str) -> Finding {
    Finding {
        rule: rule.id.clone(),
        policy: rule.kind.policy().map(str::to_owned),
        plugin: rule.kind.plugin().map(str::to_owned),
        enforcement: rule.enforcement,
        outcome,
        code: bounded(code, CODE_LIMIT),
        title: bounded(&description.title, TEXT_LIMIT),
        message: String::new(),
        remediation: String::new(),
        records: Vec::new(),
        opens_at: None,
        location: description.location.clone(),
        overridden_by: None,
    }
}

fn own(rule: &str, outcome: Outcome, code: &str, title: &str) -> Finding {
    Finding {
        rule: rule.to_owned(),
        policy: None,
        plugin: None,
        enforcement: Enforcement::Enforce,
        outcome,
        code: code.to_owned(),
        title: title.to_owned(),
        message: String::new(),
        remediation: String::new(),
        records: Vec::new(),
        opens_at: None,
        location: None,
        overridden_by: None,
    }
}

/// Text as long as a finding holds.
pub(super) fn bounded_text(text: &str) -> String {
    bounded(text, TEXT_LIMIT)
}

fn bounded(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let mut cut: String =
        text.char_indices().take_while(|(start, _)| *start < limit).map(|(_, letter)| letter).collect();
    cut.push_str(" … (cut)");
    cut
}
