//! Overrides: an operator's time-limited, reasoned exceptions to rules, and when one is in force.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::digest::Digest;
use super::finding::{Finding, Location, Outcome};
use super::request::Request;
use super::rule::Enforcement;

/// One exception: these rules may object to this digest in this environment until then, and it passes all the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Override {
    /// Its name: the one it gives itself, or the place it is written at. Unique among all that are read.
    pub id: String,
    /// The one artifact.
    pub digest: Digest,
    /// The one environment, as the configuration names it.
    pub environment: String,
    /// The ids of the rules whose objections do not count; at least one.
    pub rules: Vec<String>,
    /// Why, in the operator's words. Untrusted text, as is every text here.
    pub reason: String,
    /// Who answers for it.
    pub actor: String,
    /// Where it is discussed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// When it begins; absent, it has begun.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// When it ends; the instant itself is past the end.
    pub expires_at: Timestamp,
    /// Where it is written.
    pub location: Location,
}

/// Whether an override is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// It applies.
    InForce,
    /// It has ended.
    Expired,
    /// It has not begun.
    NotYet,
    /// It lasts longer than the configuration lets any last.
    TooLong,
}

/// Two instants that an override is held against: the one that is asked about, which a caller may choose, and the
/// clock's. An override is in force only when it is in force at both and all between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instants {
    first: Timestamp,
    last: Timestamp,
}

impl Instants {
    /// In any order.
    #[must_use]
    pub fn new(one: Timestamp, other: Timestamp) -> Self {
        Self { first: one.min(other), last: one.max(other) }
    }

    /// The later of the two.
    #[must_use]
    pub const fn last(&self) -> Timestamp {
        self.last
    }
}

impl Override {
    /// Whether it is for this request: the same digest and the same environment.
    #[must_use]
    pub fn concerns(&self, request: &Request) -> bool {
        self.digest == request.artifact.digest && self.environment == request.environment
    }

    /// Whether it is in force, when none may last longer than `longest`. One that does not say when it begins is
    /// measured from the first of the instants.
    #[must_use]
    pub fn validity(&self, instants: Instants, longest: SignedDuration) -> Validity {
        let begins = self.created_at.unwrap_or(instants.first);
        if self.expires_at <= instants.last {
            Validity::Expired
        } else if self.expires_at.duration_since(begins) > longest {
            Validity::TooLong
        } else if begins > instants.first {
            Validity::NotYet
        } else {
            Validity::InForce
        }
    }

    /// Whether it covers the finding: an enforced rule that it names denies or holds. What could not be evaluated is
    /// never covered, since nobody can vouch for evidence that is missing.
    #[must_use]
    pub fn covers(&self, finding: &Finding) -> bool {
        finding.enforcement == Enforcement::Enforce
            && matches!(finding.outcome, Outcome::Denied | Outcome::Held)
            && self.rules.contains(&finding.rule)
    }
}

/// Something about overrides that a reader of the decision must know: one that does not apply, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OverrideNotice {
    /// A stable word for machines, such as `override_expired`.
    pub code: &'static str,
    /// What is the matter. Untrusted text.
    pub message: String,
    /// What to do about it. Untrusted text.
    pub remediation: String,
    /// Where it is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
}

/// An override that was in force for a request, as the decision document shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OverrideReport {
    /// The override itself.
    #[serde(flatten)]
    pub exception: Override,
    /// Whether it let a finding pass. One that was not needed is shown too.
    pub used: bool,
}

/// The overrides that were read, and how that went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overrides {
    /// Those that are well formed, each with an id of its own.
    pub all: Vec<Override>,
    /// Files and entries that cannot be used; none of them applies.
    pub faults: Vec<OverrideNotice>,
    /// The longest that one may last.
    pub longest: SignedDuration,
    /// What the clock said when they were read.
    pub read_at: Timestamp,
}

#[cfg(test)]
mod tests;
