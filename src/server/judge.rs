//! From a review to a conclusion: what has to be judged, by which records, and what comes of it.

pub mod tags;

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::clock::Clock;
use super::readmission::Readmissions;
use super::records::Records;
use crate::admission::answer::{Answer, Conclusion};
use crate::admission::review::Review;
use crate::admission::settings::AdmissionSettings;
use crate::gate::Gate;
use tags::ResolveTag;

/// What a judge is made of.
pub struct Parts {
    /// What decides.
    pub gate: Arc<Gate>,
    /// What the configuration says of admission.
    pub settings: Arc<AdmissionSettings>,
    /// The records.
    pub records: Arc<Records>,
    /// What was allowed.
    pub readmissions: Arc<Readmissions>,
    /// Asks registries what a tag stands for; none when tags are denied.
    pub tags: Option<Arc<dyn ResolveTag>>,
    /// The clock.
    pub clock: Clock,
    /// How many requests are evaluated at a time: the number of cores.
    pub evaluations: usize,
}

/// Judges reviews by what is in memory. Its threads for blocking work need stacks of at least 1 MiB, which plugins use.
pub struct Judge {}

/// What came of a review, for the answer, the log and the metrics.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// What the API server is told.
    pub answer: Answer,
    /// What it rests on.
    pub conclusion: Conclusion,
    /// Where the object would run.
    pub environment: Option<String>,
    /// How old the records were.
    pub snapshot_age: Option<Duration>,
}

impl Judge {
    /// Puts the parts together.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        drop(parts);
        Self {}
    }

    /// Judges a review, and has an answer before the deadline whatever happens.
    pub async fn judge(&self, review: &Review, profile: Option<&str>, deadline: Instant) -> Judgement {
        let _ = (profile, deadline);
        let conclusion = Conclusion::Passes { reason: String::new() };
        Judgement {
            answer: Answer::failed(&review.uid, "", Duration::ZERO),
            conclusion,
            environment: None,
            snapshot_age: None,
        }
    }

    /// Whether `/validate/NAME` is a path of this configuration.
    #[must_use]
    pub fn has_profile(&self, name: &str) -> bool {
        name.is_empty()
    }

    /// The records.
    #[must_use]
    pub fn records(&self) -> &Arc<Records> {
        unimplemented!()
    }

    /// Whether it can answer: the records of every environment have been read once, or the first reads failed and there
    /// are remembered allows to answer by.
    #[must_use]
    pub fn ready(&self) -> bool {
        false
    }

    /// How often an image passed because it was allowed before.
    #[must_use]
    pub fn readmissions_used(&self) -> u64 {
        0
    }
}
