//! What is wrong with the way a cluster calls holdpoint.

use serde::Serialize;

/// What a fault leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Harm {
    /// Something gets in that nobody judged.
    Hole,
    /// Workloads are refused, or wait, without need.
    Outage,
    /// It works less well than it could.
    Weakness,
}

impl Harm {
    /// The word used in every output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hole => "hole",
            Self::Outage => "outage",
            Self::Weakness => "weakness",
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// What it leads to.
    pub harm: Harm,
    /// A stable name of its kind.
    pub code: &'static str,
    /// The webhook configuration; empty when the fault is of the whole cluster.
    pub configuration: String,
    /// The webhook in it; empty when the fault is of none alone.
    pub webhook: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub remediation: String,
}

/// A webhook that calls holdpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Caller {
    /// Its webhook configuration.
    pub configuration: String,
    /// Its name.
    pub webhook: String,
    /// The path that it calls.
    pub path: String,
}

/// What was looked at, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The webhooks that call holdpoint, in the order in which they were read.
    pub callers: Vec<Caller>,
    /// The worst first.
    pub faults: Vec<Fault>,
}
