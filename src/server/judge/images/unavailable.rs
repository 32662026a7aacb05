//! What comes of an image while there are no records to judge by.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use jiff::{SignedDuration, Timestamp};

use super::super::case::Case;
use super::super::evaluate::Age;
use super::super::refusals;
use super::ImageJudge;
use crate::admission::answer::Outcome;
use crate::admission::settings::OnSourceUnavailable;
use crate::domain::decision::Decision;
use crate::domain::request::Request;
use crate::domain::verdict::Verdict;
use crate::gate::observe::RecordFault;
use crate::server::readmission::Key;
use crate::server::records::Kept;

impl ImageJudge {
    /// Lets in again what was allowed a short while ago, and what the last records do not speak against. Everything else
    /// is undecided.
    pub(super) async fn without_records(
        &self,
        case: &Case,
        last: Option<Arc<Kept>>,
        faults: &[RecordFault],
        request: &Arc<Request>,
    ) -> Outcome {
        let last_allowed = self.last_allowed(case, last.clone(), request).await;
        let Some(decision) = self.undecided(case, last.as_deref(), faults, request) else {
            return refusals::environment(&case.place.environment);
        };
        let decision = Arc::new(decision);
        let Some(last_allowed) = last_allowed else { return Outcome::Decided(decision) };
        self.readmitted.fetch_add(1, Ordering::Relaxed);
        let message = faults.iter().map(|fault| fault.message.as_str()).collect::<Vec<_>>().join("; ");
        Outcome::Readmitted { decision, last_allowed, message }
    }

    /// When the request was allowed last, if that still counts.
    async fn last_allowed(&self, case: &Case, last: Option<Arc<Kept>>, request: &Arc<Request>) -> Option<Timestamp> {
        if self.settings.on_source_unavailable != OnSourceUnavailable::Readmit {
            return None;
        }
        let key = self.key(request);
        self.remembered(key, case.now)?;
        if let Some(kept) = last {
            if self.is_missing(&kept, request.artifact.digest) {
                // It is refused whatever the rules say.
                let _refused = self.missing(case, request);
                return None;
            }
            let evaluated = self.evaluate(case, Arc::clone(&kept), Arc::clone(request), Age::IsIgnored).await;
            if !evaluated.is_ok_and(|decision| decision.verdict == Verdict::Allow) {
                return None;
            }
        }
        // Again: it may have been refused meanwhile.
        self.remembered(key, case.now)
    }

    /// By the present configuration: the memory may be that of one that let allows count for longer.
    fn remembered(&self, key: Key, now: Timestamp) -> Option<Timestamp> {
        let max_age = SignedDuration::try_from(self.settings.readmit_max_age).unwrap_or(SignedDuration::MAX);
        let at = self.readmissions.last_allowed(key, now)?;
        (max_age > SignedDuration::ZERO && now.duration_since(at) <= max_age).then_some(at)
    }

    fn undecided(
        &self,
        case: &Case,
        last: Option<&Kept>,
        faults: &[RecordFault],
        request: &Arc<Request>,
    ) -> Option<Decision> {
        let nothing;
        let observation = if let Some(kept) = last {
            &kept.observation
        } else {
            nothing = self.gate.unobserved(&request.environment)?;
            &nothing
        };
        Some(self.gate.undecided(faults, observation, Request::clone(request), case.as_of))
    }
}
