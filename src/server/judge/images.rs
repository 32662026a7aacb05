//! What comes of each image of a review.

mod unavailable;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::task::JoinSet;
use tracing::Instrument as _;

use super::Parts;
use super::case::Case;
use super::evaluate::{Age, Evaluator, Question, rules_digest};
use super::memo::Evaluated;
use super::refusals;
use super::tags::Tags;
use crate::admission::answer::{JudgedImage, Outcome};
use crate::admission::image::UsedImage;
use crate::admission::refusal;
use crate::admission::scope;
use crate::admission::settings::{AdmissionSettings, OnMissingRecord};
use crate::domain::decision::Decision;
use crate::domain::digest::Digest;
use crate::domain::reference::{ArtifactReference, ReferenceError};
use crate::domain::request::Request;
use crate::domain::verdict::Verdict;
use crate::gate::Gate;
use crate::server::readmission::{Key, Readmissions};
use crate::server::records::{Kept, Records, View};

/// Judges images.
pub(super) struct ImageJudge {
    gate: Arc<Gate>,
    settings: Arc<AdmissionSettings>,
    records: Arc<Records>,
    readmissions: Arc<Readmissions>,
    tags: Option<Tags>,
    evaluator: Evaluator,
    rules: Digest,
    readmitted: AtomicU64,
}

impl ImageJudge {
    pub(super) fn new(parts: Parts) -> Self {
        let Parts { gate, settings, records, readmissions, tags, clock: _, evaluations } = parts;
        let rules = rules_digest(&gate);
        let evaluator = Evaluator::new(Arc::clone(&gate), Arc::clone(&readmissions), evaluations);
        let (tags, readmitted) = (tags.map(Tags::new), AtomicU64::new(0));
        Self { gate, settings, records, readmissions, tags, evaluator, rules, readmitted }
    }

    pub(super) fn readmitted(&self) -> u64 {
        self.readmitted.load(Ordering::Relaxed)
    }

    /// What comes of each image, in their order. An image that is used several times is judged once.
    pub(super) async fn judge_all(self: &Arc<Self>, case: Arc<Case>, images: Vec<UsedImage>) -> Vec<JudgedImage> {
        let ignored = |image: &UsedImage| scope::ignored(&self.settings, &case.namespace, image);
        let images: Vec<(UsedImage, Option<String>)> =
            images.into_iter().map(|image| (ignored(&image), image)).map(|(reason, image)| (image, reason)).collect();
        let judged = images.iter().filter(|(_image, ignored)| ignored.is_none());
        let references: BTreeSet<&str> = judged.map(|(image, _ignored)| image.reference.as_str()).collect();
        let outcomes = self.outcomes(&case, &references).await;
        let outcome = |reference: &str| outcomes.get(reference).cloned().unwrap_or_else(refusals::crashed);
        let one = |(image, ignored): (UsedImage, Option<String>)| {
            let outcome = ignored.map_or_else(|| outcome(&image.reference), |reason| Outcome::Ignored { reason });
            JudgedImage { image, outcome }
        };
        images.into_iter().map(one).collect()
    }

    /// By reference; what panics is missing. Several are judged side by side.
    async fn outcomes(self: &Arc<Self>, case: &Arc<Case>, references: &BTreeSet<&str>) -> BTreeMap<String, Outcome> {
        if let (Some(only), 1) = (references.first(), references.len()) {
            return BTreeMap::from([((*only).to_owned(), self.reference(case, only).await)]);
        }
        let mut tasks = JoinSet::new();
        for reference in references {
            let (own, case, reference) = (Arc::clone(self), Arc::clone(case), (*reference).to_owned());
            let judging = async move {
                let outcome = own.reference(&case, &reference).await;
                (reference, outcome)
            };
            tasks.spawn(judging.in_current_span());
        }
        let mut outcomes = BTreeMap::new();
        while let Some(judged) = tasks.join_next().await {
            outcomes.extend(judged);
        }
        outcomes
    }

    async fn reference(&self, case: &Case, text: &str) -> Outcome {
        match (text.parse::<ArtifactReference>(), &self.tags) {
            (Ok(reference), _) if reference.name.is_none() => refusal::bare_digest(text).into(),
            (Ok(reference), _) => self.artifact(case, reference).await,
            (Err(ReferenceError::NoDigest(_)), Some(tags)) => self.tag(case, tags, text).await,
            (Err(error), _) => refusal::reference(&error).into(),
        }
    }

    /// Judges what the tag stands for now. Of an index that is not allowed as such, every platform has to be: nobody
    /// knows which of them a node will run.
    async fn tag(&self, case: &Case, tags: &Tags, text: &str) -> Outcome {
        let resolved = match tags.resolve(text, case.half_time()).await {
            Ok(resolved) => resolved,
            Err(why) => return refusals::unresolved(text, &why),
        };
        let whole = self.pinned(case, text, resolved.digest).await;
        if is_allowed(&whole) {
            return whole;
        }
        let mut of_platforms = None;
        for digest in resolved.platforms {
            let outcome = self.pinned(case, text, digest).await;
            if !is_allowed(&outcome) {
                return whole;
            }
            of_platforms.get_or_insert(outcome);
        }
        of_platforms.unwrap_or(whole)
    }

    async fn pinned(&self, case: &Case, text: &str, digest: Digest) -> Outcome {
        match format!("{text}@{digest}").parse() {
            Ok(reference) => self.artifact(case, reference).await,
            Err(error) => refusal::reference(&error).into(),
        }
    }

    async fn artifact(&self, case: &Case, reference: ArtifactReference) -> Outcome {
        let request = Arc::new(case.request(reference.into()));
        match self.records.view(&request.environment, case.now) {
            None => refusals::environment(&request.environment),
            Some(View::Current(kept)) => self.with_another_look(case, kept, request).await,
            Some(View::Unavailable { last, faults }) => self.without_records(case, last, &faults, &request).await,
        }
    }

    /// Refuses nothing for a record that may be there by now without having looked.
    async fn with_another_look(&self, case: &Case, kept: Arc<Kept>, request: Arc<Request>) -> Outcome {
        let digest = request.artifact.digest;
        let outcome = self.by_records(case, Arc::clone(&kept), Arc::clone(&request)).await;
        let is_settled = match outcome.verdict() {
            Some(Verdict::Deny | Verdict::Hold) => false,
            Some(Verdict::Undecided) => !self.is_missing(&kept, digest),
            Some(Verdict::Allow) | None => true,
        };
        if is_settled || !kept.misses(digest) {
            return outcome;
        }
        match self.records.look_again(&kept, digest, case.asked, case.half_time()).await {
            Some(newer) => self.by_records(case, newer, request).await,
            None => outcome,
        }
    }

    async fn by_records(&self, case: &Case, kept: Arc<Kept>, request: Arc<Request>) -> Outcome {
        let faults = kept.observation.faults(case.as_of);
        if !faults.is_empty() {
            return self.without_records(case, Some(kept), &faults, &request).await;
        }
        if self.is_missing(&kept, request.artifact.digest) {
            return self.missing(case, &request);
        }
        match self.evaluate(case, kept, request, Age::Counts).await {
            Ok(decision) => Outcome::Decided(decision),
            Err(refused) => refused,
        }
    }

    /// Whether the configuration refuses the digest for want of a record.
    fn is_missing(&self, kept: &Kept, digest: Digest) -> bool {
        self.settings.on_missing_record != OnMissingRecord::Judge && kept.lacks(digest)
    }

    fn missing(&self, case: &Case, request: &Request) -> Outcome {
        if self.settings.on_missing_record == OnMissingRecord::Undecided {
            return refusals::no_record(Verdict::Undecided, &request.environment);
        }
        if !case.dry_run {
            self.readmissions.forget(self.key(request));
        }
        refusals::no_record(Verdict::Deny, &request.environment)
    }

    async fn evaluate(
        &self,
        case: &Case,
        kept: Arc<Kept>,
        request: Arc<Request>,
        age: Age,
    ) -> Result<Arc<Decision>, Outcome> {
        let key = self.key(&request);
        let Case { as_of, ticket, dry_run, deadline, .. } = *case;
        let question = Question { kept, request, as_of, age, key, ticket, dry_run, deadline };
        match self.evaluator.evaluate(question).await {
            Evaluated::Decided(decision) => Ok(decision),
            Evaluated::Overloaded => Err(refusals::overloaded()),
            Evaluated::Late => Err(refusals::late()),
            Evaluated::Crashed => Err(refusals::crashed()),
        }
    }

    fn key(&self, request: &Request) -> Key {
        let name = request.deployment_name.as_deref();
        Key::new(self.rules, &request.environment, name, request.artifact.digest)
    }
}

impl Case {
    /// The middle of the time that was left when it was asked: work that comes before the rules ends then.
    fn half_time(&self) -> std::time::Instant {
        let left = self.deadline.saturating_duration_since(self.asked);
        self.asked.checked_add(left / 2).unwrap_or(self.deadline)
    }
}

fn is_allowed(outcome: &Outcome) -> bool {
    outcome.verdict() == Some(Verdict::Allow)
}
