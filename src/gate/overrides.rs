//! Overrides: which are in force for a request, what they let pass, and what is to be said of the others.

use jiff::Timestamp;

use crate::domain::finding::Finding;
use crate::domain::overrides::{Instants, Override, OverrideNotice, OverrideReport, Overrides, Validity};
use crate::domain::request::Request;
use crate::domain::rule::Rule;

use super::Gate;
use super::observe::Observation;

/// Notices kept with a decision; the last one counts the rest.
const NOTICES_LIMIT: usize = 50;
/// Names repeated in a notice.
const NAMES_LIMIT: usize = 10;

/// Where overrides are read from, each time records are: an override that is added while somebody waits counts.
pub trait OverrideSource: Send + Sync {
    /// Everything that could be read, and the instant at which it was. What cannot be read is a fault in the answer.
    fn read(&self) -> Overrides;
}

/// What overrides mean for one request.
#[derive(Default)]
pub(super) struct Judged<'a> {
    pub(super) in_force: Vec<&'a Override>,
    pub(super) notices: Vec<OverrideNotice>,
}

impl Gate {
    /// Sorts out the overrides for this request. `rules` are those that apply to its environment.
    pub(super) fn judge_overrides<'a>(
        &self,
        observation: &'a Observation,
        request: &Request,
        as_of: Timestamp,
        rules: &[&Rule],
    ) -> Judged<'a> {
        let overrides = match &observation.overrides {
            Some(Ok(overrides)) => overrides,
            Some(Err(fault)) => return Judged { in_force: Vec::new(), notices: vec![fault.clone()] },
            None => return Judged::default(),
        };
        let instants = Instants::new(as_of, overrides.read_at);
        let mut judged = Judged { in_force: Vec::new(), notices: overrides.faults.clone() };
        for exception in &overrides.all {
            if exception.digest != request.artifact.digest {
                continue;
            }
            if self.environments.get(&exception.environment).is_none() {
                judged.notices.push(of_environment(exception));
            }
            if exception.concerns(request) {
                judged.add(exception, exception.validity(instants, overrides.longest), overrides, instants);
                judged.notices.extend(of_rules(exception, rules));
            }
        }
        judged.bound();
        judged
    }
}

impl<'a> Judged<'a> {
    fn add(&mut self, exception: &'a Override, validity: Validity, overrides: &Overrides, instants: Instants) {
        let last = instants.last();
        let (code, message, remediation) = match validity {
            Validity::InForce => return self.in_force.push(exception),
            Validity::Expired => (
                "override_expired",
                format!("ended at {}, and it is {last}", exception.expires_at),
                "remove it, or write a new one with a reason of its own",
            ),
            Validity::NotYet => (
                "override_not_yet",
                format!("begins at {}, by its `created_at`", exception.created_at.unwrap_or(last)),
                "wait until then, or correct `created_at`",
            ),
            Validity::TooLong => (
                "override_too_wide",
                format!("ends at {}; an override may last {:#} at most", exception.expires_at, overrides.longest),
                "let it end earlier, or let `override_limits` in the configuration allow it",
            ),
        };
        self.notices.push(notice(exception, code, &message, remediation));
    }

    /// Marks the findings that an override covers. The first that covers a finding is the one that answers for it.
    pub(super) fn apply(self, findings: &mut [Finding]) -> (Vec<OverrideReport>, Vec<OverrideNotice>) {
        // What the gate itself says of records and rules is no rule's, whatever a package is called.
        for finding in findings.iter_mut().filter(|finding| finding.is_of_rule()) {
            let covering = self.in_force.iter().find(|exception| exception.covers(finding));
            finding.overridden_by = covering.map(|exception| exception.id.clone());
        }
        let used = |id: &str| findings.iter().any(|finding| finding.overridden_by.as_deref() == Some(id));
        let report = |exception: &Override| OverrideReport { used: used(&exception.id), exception: exception.clone() };
        (self.in_force.into_iter().map(report).collect(), self.notices)
    }

    fn bound(&mut self) {
        let beyond = self.notices.len().saturating_sub(NOTICES_LIMIT);
        self.notices.truncate(NOTICES_LIMIT);
        if let (true, Some(last)) = (beyond > 0, self.notices.last_mut()) {
            last.message = format!("{} (and {beyond} more notices)", last.message);
        }
    }
}

fn of_environment(exception: &Override) -> OverrideNotice {
    let message = format!("is for the environment `{}`, which the configuration does not have", exception.environment);
    notice(exception, "override_unknown_environment", &message, "write the environment as the configuration names it")
}

fn of_rules(exception: &Override, rules: &[&Rule]) -> Option<OverrideNotice> {
    let names = |names: &mut dyn Iterator<Item = &str>| {
        names.take(NAMES_LIMIT).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    };
    let known = |name: &str| rules.iter().any(|rule| rule.id == name);
    let unknown = names(&mut exception.rules.iter().map(String::as_str).filter(|name| !known(name)));
    if unknown.is_empty() {
        return None;
    }
    let environment = &exception.environment;
    let message = format!("names {unknown}, and no rule for `{environment}` has that id");
    let known = names(&mut rules.iter().map(|rule| rule.id.as_str()));
    let remediation = if known.is_empty() {
        format!("there are no rules for `{environment}`")
    } else {
        format!("the rules for `{environment}` are {known}")
    };
    Some(notice(exception, "override_unknown_rule", &message, &remediation))
}

fn notice(exception: &Override, code: &'static str, what: &str, remediation: &str) -> OverrideNotice {
    OverrideNotice {
        code,
        message: format!("override `{}` {what}", exception.id),
        remediation: remediation.to_owned(),
        location: Some(exception.location.clone()),
    }
}
