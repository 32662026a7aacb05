//! What the GitHub App counts.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::domain::verdict::Verdict;
use crate::github::outcome::Outcome;
use crate::server::github_app::client::CallFault;
use crate::server::github_app::webhook::Delivery;

/// How a deployment of GitHub's ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GithubAnswer {
    /// It was approved.
    Approved,
    /// It was rejected.
    Rejected,
    /// Somebody else answered, or an answer of ours was not heard back of.
    Elsewhere,
    /// The run ended.
    Ended,
    /// GitHub has given up.
    Expired,
}

impl GithubAnswer {
    const ALL: [Self; 5] = [Self::Approved, Self::Rejected, Self::Elsewhere, Self::Ended, Self::Expired];

    /// The word of the metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Elsewhere => "elsewhere",
            Self::Ended => "ended",
            Self::Expired => "expired",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct VerdictLabel {
    verdict: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AnswerLabel {
    answer: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabel {
    reason: &'static str,
}

/// The counts. All are there from the start: what has not happened yet is 0.
pub struct GithubMetrics {
    deliveries: Family<OutcomeLabel, Counter>,
    waiting: Gauge,
    looks: Family<VerdictLabel, Counter>,
    answers: Family<AnswerLabel, Counter>,
    failures: Family<ReasonLabel, Counter>,
}

impl Default for GithubMetrics {
    fn default() -> Self {
        let metrics = Self {
            deliveries: Family::default(),
            waiting: Gauge::default(),
            looks: Family::default(),
            answers: Family::default(),
            failures: Family::default(),
        };
        for delivery in Delivery::ALL {
            drop(metrics.deliveries.get_or_create(&OutcomeLabel { outcome: delivery.as_str() }));
        }
        for verdict in [Verdict::Allow, Verdict::Hold, Verdict::Undecided, Verdict::Deny] {
            drop(metrics.looks.get_or_create(&VerdictLabel { verdict: verdict.as_str() }));
        }
        for answer in GithubAnswer::ALL {
            drop(metrics.answers.get_or_create(&AnswerLabel { answer: answer.as_str() }));
        }
        for reason in CallFault::REASONS {
            drop(metrics.failures.get_or_create(&ReasonLabel { reason }));
        }
        metrics
    }
}

impl GithubMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("github_deliveries", "Events of GitHub", self.deliveries.clone());
        registry.register("github_waiting", "Deployments of GitHub that wait", self.waiting.clone());
        registry.register("github_looks", "Looks at deployments that wait", self.looks.clone());
        registry.register("github_answers", "Deployments that wait no more", self.answers.clone());
        registry.register("github_call_failures", "Calls of GitHub's API that failed", self.failures.clone());
    }

    pub(in crate::server) fn delivered(&self, delivery: Delivery) {
        self.deliveries.get_or_create(&OutcomeLabel { outcome: delivery.as_str() }).inc();
    }

    pub(in crate::server) fn waiting(&self, count: u32) {
        self.waiting.set(i64::from(count));
    }

    pub(in crate::server) fn looked(&self, outcome: &Outcome) {
        self.looks.get_or_create(&VerdictLabel { verdict: outcome.verdict().as_str() }).inc();
    }

    pub(in crate::server) fn answered(&self, answer: GithubAnswer) {
        self.answers.get_or_create(&AnswerLabel { answer: answer.as_str() }).inc();
    }

    pub(in crate::server) fn failed(&self, fault: &CallFault) {
        self.failures.get_or_create(&ReasonLabel { reason: fault.as_str() }).inc();
    }
}
