//! From verdicts to the answer that the API server gets.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::image::UsedImage;
use super::review::Unreadable;
use super::settings::{Mode, Unmapped};
use crate::domain::decision::Decision;
use crate::domain::verdict::Verdict;

/// What came of one artifact.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It was decided.
    Decided(Box<Decision>),
    /// It could not be decided, and passes since it did a short while ago.
    Readmitted {
        /// The decision, which is undecided.
        decision: Box<Decision>,
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
    status: Option<Status>,
    warnings: Vec<String>,
    audit_annotations: BTreeMap<&'static str, String>,
}

/// Why an object may not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Status;

impl Answer {
    /// The answer to a review.
    #[must_use]
    pub fn new(uid: &str, conclusion: &Conclusion, facts: &Facts) -> Self {
        Self::failed(uid, "", facts.retry_after)
    }

    /// The answer to what is no review; none without a uid, since the API server would not accept it.
    #[must_use]
    pub fn unreadable(error: &Unreadable) -> Option<Self> {
        None
    }

    /// The answer when none could be worked out: too much to do, too little time, a fault.
    #[must_use]
    pub fn failed(uid: &str, message: &str, retry_after: Duration) -> Self {
        Self {
            uid: uid.to_owned(),
            allowed: false,
            verdict: Some(Verdict::Undecided),
            status: None,
            warnings: Vec::new(),
            audit_annotations: BTreeMap::new(),
        }
    }

    /// The same answer in this mode: `warn` and `audit` refuse nothing.
    #[must_use]
    pub fn under(self, mode: Mode) -> Self {
        self
    }

    /// The answer as the API server reads it.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        Vec::new()
    }
}
