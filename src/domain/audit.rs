//! What runs in a cluster, and whether it would be let in now.

use jiff::Timestamp;
use serde::Serialize;

use super::verdict::Verdict;

/// Where a digest was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DigestFrom {
    /// In the reference of the object.
    Reference,
    /// In the pod's status: what a node runs under the tag that the object has.
    Status,
    /// Nowhere.
    Nowhere,
}

/// One use of an artifact by one workload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditLine {
    /// What would come of it now.
    pub verdict: Verdict,
    /// The namespace.
    pub namespace: String,
    /// The kind of the outermost controller, or of the object when it has none.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// How many objects of it use the artifact: the controllers below it, and pods.
    pub objects: usize,
    /// The profile that it was judged by; none for the settings themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// Where it runs, when the configuration says.
    pub environment: Option<String>,
    /// Under which deployment name.
    pub deployment_name: Option<String>,
    /// The reference that was judged; empty when it was the object that could not be judged.
    pub image: String,
    /// Where its digest comes from.
    pub digest_from: DigestFrom,
    /// When a hold opens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opens_at: Option<Timestamp>,
    /// Why, as a stable word; empty for an allow.
    pub code: String,
    /// Why; empty for an allow.
    pub message: String,
    /// What to do; may be empty.
    pub remediation: String,
    /// The decision, when one was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<String>,
}

/// By what the objects were judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum JudgedBy {
    /// The settings themselves; the configuration has no profiles.
    Settings,
    /// The settings themselves, since no webhook is known: it would say which profiles count.
    SettingsWithoutWebhooks,
    /// One profile that was asked for.
    Profile,
    /// The profiles of the webhooks that each object would be sent by.
    Webhooks,
}

/// Objects that were not judged, by the reason; an object that two webhooks are sent counts for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PassedOver {
    /// That no webhook is called for.
    pub not_sent: usize,
    /// In namespaces that are exempt.
    pub exempt: usize,
    /// Without a place, and the configuration lets those pass.
    pub unmapped: usize,
    /// That ran to their end, and replica sets of earlier revisions.
    pub finished: usize,
    /// Uses of images that the configuration leaves alone.
    pub ignored_images: usize,
}

/// What came of an audit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Audit {
    /// The instant that everything was judged at.
    pub as_of: Timestamp,
    /// By what.
    pub judged_by: JudgedBy,
    /// How many objects were looked at.
    pub objects: usize,
    /// Those that were not judged.
    pub passed_over: PassedOver,
    /// By verdict, the worst first, and by workload.
    pub workloads: Vec<AuditLine>,
}

impl Audit {
    /// The worst verdict; `allow` when nothing runs.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.workloads.iter().map(|line| line.verdict).max().unwrap_or(Verdict::Allow)
    }
}
