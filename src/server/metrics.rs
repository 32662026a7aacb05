//! What the server counts, as Prometheus reads it. `docs/admission.md` has the table of names.

mod github;
mod labels;
mod scrape;

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::admission::answer::{Answer, Conclusion, Outcome};
use crate::admission::review::Review;
use crate::domain::decision::Decision;

pub use github::{GithubAnswer, GithubMetrics};
use labels::{EnvironmentLabel, FailureLabel, ReviewLabels, RuleLabels, VerdictLabel};

/// Seconds: a decision takes a hundredth of a millisecond to some milliseconds, a read on demand up to the deadline.
const BUCKETS: [f64; 14] =
    [0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0];

/// Why a review got an answer that nobody worked out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It was no review that could be read.
    Unreadable,
    /// A part of holdpoint failed.
    Panic,
    /// There was no time left.
    Deadline,
    /// There were too many large ones at a time.
    Overload,
}

impl Failure {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Panic => "panic",
            Self::Deadline => "deadline",
            Self::Overload => "overload",
        }
    }
}

/// The counts. What others count is taken over when the metrics are read.
pub struct Metrics {
    registry: Registry,
    /// Of the GitHub App.
    pub(super) github: GithubMetrics,
    reviews: Family<ReviewLabels, Counter>,
    seconds: Family<VerdictLabel, Histogram>,
    in_flight: Gauge,
    failures: Family<FailureLabel, Counter>,
    rules: Family<RuleLabels, Counter>,
    images: Family<VerdictLabel, Counter>,
    overrides: Counter,
    pub(super) reloads: Counter,
    pub(super) reload_failures: Counter,
    pub(super) reload_failed: Gauge,
    pub(super) reloaded_at: Gauge,
    records: Family<EnvironmentLabel, Gauge>,
    record_bytes: Family<EnvironmentLabel, Gauge>,
    record_age: Family<EnvironmentLabel, Gauge<f64, AtomicU64>>,
    records_current: Family<EnvironmentLabel, Gauge>,
    refreshes: Family<EnvironmentLabel, Counter>,
    refresh_failures: Family<EnvironmentLabel, Counter>,
    readmissions: Counter,
    remembered: Gauge,
    certificate_expiry: Gauge,
    certificate_reloads: Counter,
    certificate_failures: Counter,
    connections: Gauge,
    accepted: Counter,
    refused: Counter,
    made_room: Counter,
    handshake_failures: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("holdpoint"),
            github: GithubMetrics::default(),
            reviews: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
            in_flight: Gauge::default(),
            failures: Family::default(),
            rules: Family::default(),
            images: Family::default(),
            overrides: Counter::default(),
            reloads: Counter::default(),
            reload_failures: Counter::default(),
            reload_failed: Gauge::default(),
            reloaded_at: Gauge::default(),
            records: Family::default(),
            record_bytes: Family::default(),
            record_age: Family::default(),
            records_current: Family::default(),
            refreshes: Family::default(),
            refresh_failures: Family::default(),
            readmissions: Counter::default(),
            remembered: Gauge::default(),
            certificate_expiry: Gauge::default(),
            certificate_reloads: Counter::default(),
            certificate_failures: Counter::default(),
            connections: Gauge::default(),
            accepted: Counter::default(),
            refused: Counter::default(),
            made_room: Counter::default(),
            handshake_failures: Counter::default(),
        };
        metrics.register_reviews();
        metrics.register_records();
        metrics.register_server();
        metrics.github.register(&mut metrics.registry);
        metrics
    }
}

impl Metrics {
    fn register_reviews(&mut self) {
        let registry = &mut self.registry;
        registry.register("reviews", "Reviews that were answered", self.reviews.clone());
        registry.register("review_duration_seconds", "From the request to the answer", self.seconds.clone());
        registry.register("reviews_in_flight", "Reviews that wait for their answer", self.in_flight.clone());
        registry.register("review_failures", "Reviews that were answered without being judged", self.failures.clone());
        registry.register("images", "Artifacts that were judged, by their own verdict", self.images.clone());
        registry.register("rule_outcomes", "What rules said of the artifacts that were judged", self.rules.clone());
        registry.register("overrides_used", "Artifacts that passed because of an override", self.overrides.clone());
    }

    fn register_records(&mut self) {
        let registry = &mut self.registry;
        registry.register("records", "Records in memory", self.records.clone());
        registry.register("records_bytes", "About how many bytes they take", self.record_bytes.clone());
        registry.register("records_age_seconds", "How long ago they were seen", self.record_age.clone());
        registry.register("records_current", "1 while they are new enough to judge by", self.records_current.clone());
        registry.register("record_refreshes", "Reads that brought all records", self.refreshes.clone());
        registry.register("record_refresh_failures", "Reads that did not", self.refresh_failures.clone());
        registry.register(
            "readmissions",
            "Artifacts that passed because they were allowed before, while records were not available",
            self.readmissions.clone(),
        );
        registry.register("readmissions_remembered", "Allows that are remembered", self.remembered.clone());
    }

    fn register_server(&mut self) {
        let registry = &mut self.registry;
        registry.register(
            "certificate_expiry_timestamp_seconds",
            "When the served certificate expires, in seconds since 1970",
            self.certificate_expiry.clone(),
        );
        registry.register("certificate_reloads", "Certificates taken over", self.certificate_reloads.clone());
        registry.register("certificate_reload_failures", "Certificates refused", self.certificate_failures.clone());
        registry.register("configuration_reloads", "Configurations taken over", self.reloads.clone());
        registry.register("configuration_reload_failures", "Configurations refused", self.reload_failures.clone());
        registry.register(
            "configuration_reload_failed",
            "1 while the configuration on disk is not the one that is used",
            self.reload_failed.clone(),
        );
        registry.register(
            "configuration_last_success_timestamp_seconds",
            "When the configuration that is used was taken over, in seconds since 1970",
            self.reloaded_at.clone(),
        );
        registry.register("connections_open", "Connections for reviews that are open", self.connections.clone());
        registry.register("connections_accepted", "Connections for reviews", self.accepted.clone());
        registry.register("connections_refused", "Connections that got no answer", self.refused.clone());
        registry.register("connections_made_room", "Idle connections closed for others", self.made_room.clone());
        registry.register("handshake_failures", "TLS handshakes that failed", self.handshake_failures.clone());
        let build: Family<labels::BuildLabel, Gauge> = Family::default();
        build.get_or_create(&labels::BuildLabel { version: env!("CARGO_PKG_VERSION") }).set(1);
        registry.register("build_info", "Always 1", build);
    }

    /// Counts a review as long as the result lives.
    pub(super) fn begin(&self) -> InFlight {
        self.in_flight.inc();
        InFlight(self.in_flight.clone())
    }

    /// Counts an answer and what it rests on.
    pub(super) fn answered(&self, review: &Review, answer: &Answer, conclusion: &Conclusion, took: Duration) {
        self.reviews.get_or_create(&ReviewLabels::new(review, answer)).inc();
        self.seconds.get_or_create(&VerdictLabel::new(answer.verdict)).observe(took.as_secs_f64());
        let Conclusion::Judged(images) = conclusion else { return };
        for image in images {
            self.images.get_or_create(&VerdictLabel::new(image.outcome.verdict())).inc();
            if let Outcome::Decided(decision) | Outcome::Readmitted { decision, .. } = &image.outcome {
                self.decided(decision);
            }
        }
    }

    fn decided(&self, decision: &Decision) {
        for finding in &decision.findings {
            self.rules.get_or_create(&RuleLabels::new(finding)).inc();
        }
        if decision.overrides.iter().any(|report| report.used) {
            self.overrides.inc();
        }
    }

    /// Counts an answer that nobody worked out.
    pub(super) fn failed(&self, failure: Failure) {
        self.failures.get_or_create(&FailureLabel { reason: failure.as_str() }).inc();
    }
}

/// A review that waits for its answer.
pub(super) struct InFlight(Gauge);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}
