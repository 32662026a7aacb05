//! Labels with few values each: whoever sends reviews must not make the list of metrics long.

use prometheus_client::encoding::EncodeLabelSet;

use crate::admission::answer::Answer;
use crate::admission::review::Review;
use crate::domain::finding::Finding;
use crate::domain::verdict::Verdict;

/// The kinds that have a value of their own; all others are `other`.
const KINDS: [&str; 10] = [
    "CronJob",
    "DaemonSet",
    "Deployment",
    "Job",
    "Pod",
    "PodTemplate",
    "ReplicaSet",
    "ReplicationController",
    "Scale",
    "StatefulSet",
];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct ReviewLabels {
    verdict: &'static str,
    allowed: &'static str,
    operation: &'static str,
    kind: &'static str,
}

impl ReviewLabels {
    pub(super) fn new(review: &Review, answer: &Answer) -> Self {
        Self {
            verdict: verdict(answer.verdict),
            allowed: if answer.allowed { "true" } else { "false" },
            operation: review.operation.as_str(),
            kind: KINDS.into_iter().find(|kind| *kind == review.kind.kind).unwrap_or("other"),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct VerdictLabel {
    verdict: &'static str,
}

impl VerdictLabel {
    pub(super) fn new(of: Option<Verdict>) -> Self {
        Self { verdict: verdict(of) }
    }
}

/// `none` where nothing was judged.
fn verdict(verdict: Option<Verdict>) -> &'static str {
    verdict.map_or("none", Verdict::as_str)
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct FailureLabel {
    pub(super) reason: &'static str,
}

/// Rules come from the configuration, so there are few.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct RuleLabels {
    rule: String,
    enforcement: &'static str,
    outcome: &'static str,
}

impl RuleLabels {
    pub(super) fn new(finding: &Finding) -> Self {
        Self {
            rule: finding.rule.clone(),
            enforcement: finding.enforcement.as_str(),
            outcome: finding.outcome.as_str(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct EnvironmentLabel {
    pub(super) environment: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct BuildLabel {
    pub(super) version: &'static str,
}
