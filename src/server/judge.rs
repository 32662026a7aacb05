//! From a review to a conclusion: what has to be judged, by which records, and what comes of it.

mod case;
mod evaluate;
mod images;
mod memo;
mod refusals;
pub mod tags;

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::clock::Clock;
use super::readmission::Readmissions;
use super::records::Records;
use crate::admission::answer::{Answer, Conclusion, Facts, JudgedImage, Outcome};
use crate::admission::change::{self, Change};
use crate::admission::placement::{self, Placed};
use crate::admission::refusal;
use crate::admission::review::Review;
use crate::admission::settings::{AdmissionSettings, Mode, OnSourceUnavailable};
use crate::gate::Gate;
use case::Case;
use images::ImageJudge;
use tags::ResolveTag;

/// What a judge is made of.
pub struct Parts {
    /// What decides.
    pub gate: Arc<Gate>,
    /// What the configuration says of admission.
    pub settings: Arc<AdmissionSettings>,
    /// The records of every environment that the settings can lead to.
    pub records: Arc<Records>,
    /// What was allowed. It outlives the judge: the next one, of a changed configuration, goes on with it.
    pub readmissions: Arc<Readmissions>,
    /// Asks registries what a tag stands for; none when tags are denied.
    pub tags: Option<Arc<dyn ResolveTag>>,
    /// The clock.
    pub clock: Clock,
    /// How many requests are evaluated at a time: the number of cores.
    pub evaluations: usize,
}

/// Judges reviews by what is in memory. Its threads for blocking work need stacks of at least 1 MiB, which plugins use.
pub struct Judge {
    gate: Arc<Gate>,
    settings: Arc<AdmissionSettings>,
    records: Arc<Records>,
    readmissions: Arc<Readmissions>,
    clock: Clock,
    images: Arc<ImageJudge>,
}

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
        let gate = Arc::clone(&parts.gate);
        let (settings, records) = (Arc::clone(&parts.settings), Arc::clone(&parts.records));
        let (readmissions, clock) = (Arc::clone(&parts.readmissions), Arc::clone(&parts.clock));
        Self { gate, settings, records, readmissions, clock, images: Arc::new(ImageJudge::new(parts)) }
    }

    /// Judges a review, and has an answer by the deadline whatever happens: what cannot be decided until then is
    /// undecided.
    pub async fn judge(&self, review: &Review, profile: Option<&str>, deadline: Instant) -> Judgement {
        // Before anything is looked at, so that an allow is not remembered against a refusal that comes meanwhile.
        let ticket = self.readmissions.ticket();
        let now = (self.clock)();
        let placed = placement::place(&self.settings, profile, review);
        let change = self.change(review, profile, &placed);
        let environment = match &placed {
            Placed::At(place) => Some(place.environment.clone()),
            Placed::Exempt { .. } | Placed::Unmapped { .. } | Placed::Refused { .. } => None,
        };
        let conclusion = match (placed, change) {
            (Placed::Exempt { reason }, _) => Conclusion::Exempt { reason },
            (_, Change::Passes { reason }) => Conclusion::Passes { reason: reason.to_owned() },
            (Placed::Unmapped { message }, _) => Conclusion::Unmapped { handling: self.settings.unmapped, message },
            (_, Change::Unknown { message }) => Conclusion::Unknown { message },
            (Placed::Refused { message, remediation }, Change::Judge(images)) => {
                let outcome = Outcome::from(refusal::placement(message, remediation));
                let refused = |image| JudgedImage { image, outcome: outcome.clone() };
                Conclusion::Judged(images.into_iter().map(refused).collect())
            }
            (Placed::At(place), Change::Judge(images)) => {
                let case = Case::new(review, place, now, ticket, deadline);
                Conclusion::Judged(self.images.judge_all(Arc::new(case), images).await)
            }
        };
        let snapshot_age = environment.as_deref().and_then(|environment| self.records.age(environment, now));
        let facts = Facts {
            mode: self.mode(profile),
            object: review.title(),
            environment,
            snapshot_age,
            retry_after: self.records.retry_after(),
        };
        let answer = Answer::new(&review.uid, &conclusion, &facts);
        Judgement { answer, conclusion, environment: facts.environment, snapshot_age }
    }

    /// What the review would bring about. An object that comes to another place by being changed brings everything with
    /// it that is in it.
    fn change(&self, review: &Review, profile: Option<&str>, placed: &Placed) -> Change {
        let resources = &self.settings.resources;
        let before = review.as_it_was().map(|review| placement::place(&self.settings, profile, &review));
        if before.is_some_and(|before| before != *placed) {
            return change::afresh(review, resources);
        }
        change::change(review, resources)
    }

    /// Whether `/validate/NAME` is a path of this configuration.
    #[must_use]
    pub fn has_profile(&self, name: &str) -> bool {
        self.settings.profiles.contains_key(name)
    }

    /// What its answers do with a verdict.
    #[must_use]
    pub fn mode(&self, profile: Option<&str>) -> Mode {
        placement::mode(&self.settings, profile)
    }

    /// What decides.
    #[must_use]
    pub const fn gate(&self) -> &Arc<Gate> {
        &self.gate
    }

    /// The records.
    #[must_use]
    pub const fn records(&self) -> &Arc<Records> {
        &self.records
    }

    /// Whether it can answer: the records of every environment have been read once, or a first read of each has ended
    /// and there are remembered allows to answer by.
    #[must_use]
    pub fn ready(&self) -> bool {
        let readmits = self.settings.on_source_unavailable == OnSourceUnavailable::Readmit;
        self.records.ready() || (readmits && self.records.tried() && !self.readmissions.is_empty())
    }

    /// How often an image passed because it was allowed before.
    #[must_use]
    pub fn readmissions_used(&self) -> u64 {
        self.images.readmitted()
    }
}
