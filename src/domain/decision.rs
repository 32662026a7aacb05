//! The decision document, `holdpoint.decision/v1`.

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::digest::Digest;
use super::explanation::Explanation;
use super::finding::{Finding, Outcome};
use super::origin::Origin;
use super::overrides::{OverrideNotice, OverrideReport};
use super::plugin::{PluginCall, PluginReport};
use super::promotion::Stage;
use super::request::Request;
use super::snapshot::SourceReport;
use super::verdict::Verdict;

/// The name of the document's form.
pub const DECISION_SCHEMA: &str = "holdpoint.decision/v1";
/// The name of the form of several decisions together.
pub const DECISIONS_SCHEMA: &str = "holdpoint.decisions/v1";

/// What the records came from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SnapshotReport {
    /// Each source that was asked.
    pub sources: Vec<SourceReport>,
}

/// A verdict with all it rests on. Equal inputs give equal decisions, but for `id`,
/// `duration_ms` and what plugins were told by others.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Decision {
    /// [`DECISION_SCHEMA`].
    pub schema: &'static str,
    /// Unique to this decision.
    pub id: String,
    /// The answer.
    pub verdict: Verdict,
    /// When a hold opens, if every finding that holds knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opens_at: Option<Timestamp>,
    /// The question.
    pub request: Request,
    /// The instant the question is about; the only clock that rules see.
    pub as_of: Timestamp,
    /// The door the request came through.
    pub channel: &'static str,
    /// What every rule said, in the order of the configuration.
    pub findings: Vec<Finding>,
    /// The overrides in force for this request.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<OverrideReport>,
    /// Overrides that do not apply though somebody may have meant them to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub override_notices: Vec<OverrideNotice>,
    /// What runs in the environment asked about and in those before it, in the order of promotion; for readers, and only
    /// where there are some.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub promotion: Vec<Stage>,
    /// What each rule rested on, when that was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub explanations: Vec<Explanation>,
    /// The records' origin.
    pub snapshot: SnapshotReport,
    /// The digest of all policies that were loaded and of the data beside them, and of the plugins.
    pub policies_digest: Digest,
    /// The bundles and artifacts among them: what a tag resolved to, and whether a signature was verified.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<Origin>,
    /// The plugins that rules for this request name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub plugins: Vec<PluginReport>,
    /// What plugins asked of hosts that they were granted. A decision with such calls cannot be replayed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub plugin_calls: Vec<PluginCall>,
    /// The digest of request, environment, instant, rules and the overrides in force.
    pub input_digest: Digest,
    /// How long it took; reading records included, unless they were in memory.
    pub duration_ms: u64,
    /// The version that decided.
    pub holdpoint_version: &'static str,
}

impl Decision {
    /// The verdict and opening time that these findings combine to. Findings of which none counts are undecided.
    #[must_use]
    pub fn combine(findings: &[Finding]) -> (Verdict, Option<Timestamp>) {
        let verdict = Verdict::combine(findings.iter().filter_map(Finding::verdict));
        let opens_at = if verdict == Verdict::Hold { Self::latest_opening(findings) } else { None };
        (verdict, opens_at)
    }

    /// Adds a finding that is not a rule's, and combines the verdict anew.
    pub fn require(&mut self, finding: Finding) {
        self.findings.push(finding);
        (self.verdict, self.opens_at) = Self::combine(&self.findings);
    }

    /// The latest opening of what holds; `None` when one of them does not know.
    fn latest_opening(findings: &[Finding]) -> Option<Timestamp> {
        let holds = findings.iter().filter(|finding| finding.blocks() && finding.outcome == Outcome::Held);
        holds.map(|finding| finding.opens_at).collect::<Option<Vec<_>>>()?.into_iter().max()
    }
}

/// The decisions of one run: one for each artifact.
#[derive(Clone, Debug, PartialEq)]
pub struct Decisions(pub Vec<Decision>);

impl Decisions {
    /// The combined verdict.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        Verdict::combine(self.0.iter().map(|decision| decision.verdict))
    }

    /// When the combination opens, if it is a hold and every hold in it knows.
    #[must_use]
    pub fn opens_at(&self) -> Option<Timestamp> {
        if self.verdict() != Verdict::Hold {
            return None;
        }
        let holds = self.0.iter().filter(|decision| decision.verdict == Verdict::Hold);
        holds.map(|decision| decision.opens_at).collect::<Option<Vec<_>>>()?.into_iter().max()
    }
}

/// One decision serialises as itself, several as an object of them with the combined verdict at its top.
impl Serialize for Decisions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap as _;
        if let [decision] = self.0.as_slice() {
            return decision.serialize(serializer);
        }
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("schema", DECISIONS_SCHEMA)?;
        object.serialize_entry("verdict", &self.verdict())?;
        if let Some(opens_at) = self.opens_at() {
            object.serialize_entry("opens_at", &opens_at)?;
        }
        object.serialize_entry("decisions", &self.0)?;
        object.end()
    }
}
