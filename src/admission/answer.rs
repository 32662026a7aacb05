//! From verdicts to the answer that the API server gets.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::image::UsedImage;
use super::review::Unreadable;
use super::settings::{Mode, Unmapped};
use crate::domain::decision::Decision;
use crate::domain::verdict::Verdict;

mod annotations;
mod phrase;
mod refusal;
mod warnings;
mod wire;

/// What came of one artifact.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It was decided; equal requests may share the decision.
    Decided(Arc<Decision>),
    /// It could not be decided, and passes since it did a short while ago.
    Readmitted {
        /// The decision, which is undecided.
        decision: Arc<Decision>,
        /// When it was allowed last.
        last_allowed: Timestamp,
        /// Why it could not be decided.
        message: String,
    },
    /// It was refused before any decision: a tag alone, a reference that cannot be read, records not loaded.
    Refused {
        /// Deny, or undecided.
        verdict: Verdict,
        /// A stable word for machines.
        code: &'static str,
        /// What is wrong.
        message: String,
        /// What to do; may be empty.
        remediation: String,
    },
    /// The configuration does not have it judged.
    Ignored {
        /// Why, in the configuration's words.
        reason: String,
    },
}

/// One artifact and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct JudgedImage {
    /// The artifact.
    pub image: UsedImage,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a review.
#[derive(Clone, Debug, PartialEq)]
pub enum Conclusion {
    /// There was nothing to judge.
    Passes {
        /// Why.
        reason: String,
    },
    /// Its namespace is exempt.
    Exempt {
        /// Why.
        reason: String,
    },
    /// No rule says which environment it goes to.
    Unmapped {
        /// What the configuration does then.
        handling: Unmapped,
        /// What is missing.
        message: String,
    },
    /// It was not understood: undecided.
    Unknown {
        /// What was not, and what to do.
        message: String,
    },
    /// Its artifacts were judged.
    Judged(Vec<JudgedImage>),
}

/// What an answer says beside the conclusion.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Whether it refuses.
    pub mode: Mode,
    /// The object in words: [`super::review::Review::title`].
    pub object: String,
    /// Where it would run, when that is known.
    pub environment: Option<String>,
    /// How old the records are.
    pub snapshot_age: Option<Duration>,
    /// When to ask again after an undecided answer.
    pub retry_after: Duration,
}

/// What the API server is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The review's.
    pub uid: String,
    /// Whether the object may pass.
    pub allowed: bool,
    /// The verdict, whatever the mode makes of it; none when nothing was judged.
    pub verdict: Option<Verdict>,
    refusal: Option<Refusal>,
    warnings: Vec<String>,
    annotations: BTreeMap<&'static str, String>,
}

/// Why an object may not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Refusal {
    /// The HTTP status that the client sees.
    code: u16,
    /// The word that Kubernetes has for it.
    reason: &'static str,
    /// For people.
    message: String,
    /// For machines: what is wrong with which part of the object.
    causes: Vec<Cause>,
    /// When to come again; none when that would not help.
    retry_after: Option<Duration>,
    /// What to warn of instead of refusing.
    warnings: Vec<String>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Cause {
    /// A stable word.
    reason: String,
    /// What is wrong.
    message: String,
    /// The part of the object: `spec.containers[0].image`.
    #[serde(skip_serializing_if = "String::is_empty")]
    field: String,
}

impl Answer {
    /// The answer to a review.
    #[must_use]
    pub fn new(uid: &str, conclusion: &Conclusion, facts: &Facts) -> Self {
        let verdict = conclusion.verdict();
        let refused = verdict.filter(|verdict| *verdict != Verdict::Allow);
        let answer = Self {
            uid: uid.to_owned(),
            allowed: refused.is_none(),
            verdict,
            refusal: refused.map(|verdict| refusal::of(conclusion, verdict, facts)),
            warnings: warnings::of(conclusion),
            annotations: annotations::of(conclusion, facts),
        };
        answer.under(facts.mode)
    }

    /// The answer to what is no review; none without a uid, since the API server would not take it.
    #[must_use]
    pub fn unreadable(error: &Unreadable) -> Option<Self> {
        let uid = error.uid.as_deref()?;
        Some(Self::refused(uid, refusal::unreadable(&error.message)))
    }

    /// The answer when none could be worked out: too much to do, too little time, a fault.
    #[must_use]
    pub fn failed(uid: &str, message: &str, retry_after: Duration) -> Self {
        Self::refused(uid, refusal::failed(message, retry_after))
    }

    fn refused(uid: &str, refusal: Refusal) -> Self {
        let verdict = Verdict::Undecided;
        let annotations = BTreeMap::from([(annotations::VERDICT, verdict.to_string())]);
        let (uid, refusal) = (uid.to_owned(), Some(refusal));
        Self { uid, allowed: false, verdict: Some(verdict), refusal, warnings: Vec::new(), annotations }
    }

    /// The same answer in this mode: `warn` lets pass and says what it would have refused, `audit` lets pass and says
    /// nothing to the user. Both keep the verdict.
    #[must_use]
    pub fn under(mut self, mode: Mode) -> Self {
        if mode != Mode::Enforce {
            let refused = self.refusal.take().map(|refusal| refusal.warnings).unwrap_or_default();
            self.warnings.splice(..0, refused);
            self.allowed = true;
        }
        if mode == Mode::Audit {
            self.warnings.clear();
        }
        self.warnings = warnings::bounded(self.warnings);
        self
    }

    /// The HTTP status of a refusal.
    #[must_use]
    pub fn code(&self) -> Option<u16> {
        self.refusal.as_ref().map(|refusal| refusal.code)
    }

    /// What a refusal says to people: under 8 KiB, several lines, nothing hidden in it.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.refusal.as_ref().map(|refusal| refusal.message.as_str())
    }

    /// What the user is shown beside the result: 10 at most, each under 120 characters.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// What the audit log gets, by keys to which the API server adds the webhook's name.
    #[must_use]
    pub const fn audit_annotations(&self) -> &BTreeMap<&'static str, String> {
        &self.annotations
    }

    /// The answer as the API server reads it.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        wire::review(self)
    }
}

impl Conclusion {
    /// The verdict, whatever the mode makes of it; none when nothing was judged.
    #[must_use]
    pub fn verdict(&self) -> Option<Verdict> {
        match self {
            Self::Unmapped { handling: Unmapped::Deny, .. } => Some(Verdict::Deny),
            Self::Passes { .. } | Self::Exempt { .. } | Self::Unmapped { .. } => None,
            Self::Unknown { .. } => Some(Verdict::Undecided),
            Self::Judged(images) => {
                let verdicts: Vec<Verdict> = images.iter().filter_map(|image| image.outcome.verdict()).collect();
                // That all is ignored is known; that there is nothing at all is not.
                (images.is_empty() || !verdicts.is_empty()).then(|| Verdict::combine(verdicts))
            }
        }
    }
}

impl Outcome {
    /// The verdict on this artifact; none when it is not judged.
    #[must_use]
    pub fn verdict(&self) -> Option<Verdict> {
        match self {
            Self::Decided(decision) => Some(decision.verdict),
            Self::Readmitted { .. } => Some(Verdict::Allow),
            // A refusal that allows would be a mistake, and must not let anything pass.
            Self::Refused { verdict, .. } => Some((*verdict).max(Verdict::Undecided)),
            Self::Ignored { .. } => None,
        }
    }

    /// The decision, when there is one.
    #[must_use]
    pub fn decision(&self) -> Option<&Decision> {
        match self {
            Self::Decided(decision) | Self::Readmitted { decision, .. } => Some(decision),
            Self::Refused { .. } | Self::Ignored { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests;
