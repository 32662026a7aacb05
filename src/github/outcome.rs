//! What came of looking at a deployment.

use jiff::Timestamp;

use crate::domain::decision::{Decision, Decisions};
use crate::domain::verdict::Verdict;

/// What came of looking at a deployment.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The gate decided, for each artifact of the run that waits for the environment.
    Decided(Decisions),
    /// No artifact was found, for this reason, which is untrusted text.
    NoArtifact(String),
    /// The configuration has no such environment.
    NoEnvironment(String),
    /// A part of holdpoint failed.
    Failed,
}

impl Outcome {
    /// The verdict. What was not decided is undecided.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::Decided(decisions) => decisions.verdict(),
            Self::NoArtifact(_) | Self::NoEnvironment(_) | Self::Failed => Verdict::Undecided,
        }
    }

    /// When a hold opens, if that is known.
    #[must_use]
    pub fn opens_at(&self) -> Option<Timestamp> {
        match self {
            Self::Decided(decisions) => decisions.opens_at(),
            _ => None,
        }
    }

    /// What two outcomes have in common that say the same to a reader: messages may count minutes, and are no news. The
    /// log has it too.
    #[must_use]
    pub fn gist(&self) -> String {
        let minute = |time: Timestamp| Timestamp::from_second(time.as_second().div_euclid(60) * 60).unwrap_or(time);
        let opens_at = self.opens_at().map(|time| format!(" opens_at={}", minute(time))).unwrap_or_default();
        let why: Vec<String> = match self {
            Self::Decided(decisions) => {
                let one_artifact = decisions.0.len() == 1;
                let of = |decision: &Decision| {
                    let artifact =
                        if one_artifact { String::new() } else { format!("{}/", decision.request.artifact.digest) };
                    let blocking = decision.findings.iter().filter(|one| one.blocks());
                    blocking.map(|one| format!("{artifact}{}/{}", one.rule, one.code)).collect::<Vec<_>>()
                };
                decisions.0.iter().flat_map(of).collect()
            }
            Self::NoArtifact(why) => vec![why.clone()],
            Self::NoEnvironment(name) => vec![name.clone()],
            Self::Failed => Vec::new(),
        };
        let why = if why.is_empty() { String::new() } else { format!(" why={}", why.join(" ")) };
        format!("verdict={}{opens_at}{why}", self.verdict())
    }
}
