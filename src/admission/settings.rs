//! What the configuration says of admission, checked.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::image::Role;

/// What an answer does with a verdict that is no allow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// It refuses.
    #[default]
    Enforce,
    /// It allows, with a warning that the user sees.
    Warn,
    /// It allows, and only audit annotations, logs and metrics tell.
    Audit,
}

/// What becomes of a workload whose place no rule gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unmapped {
    /// It is refused.
    #[default]
    Deny,
    /// It passes.
    Allow,
    /// It passes, with a warning.
    Warn,
}

/// What becomes of an image that is named by a tag alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tags {
    /// It is refused.
    #[default]
    Deny,
    /// The registry is asked which digest the tag has now, and that is judged. The object keeps its tag.
    Resolve,
}

/// What becomes of a digest that no record of the environment, or of those before it, has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnMissingRecord {
    /// The rules say.
    #[default]
    Judge,
    /// It is refused, whatever the rules say.
    Deny,
    /// It could not be decided, whatever the rules say: the client is asked to come again.
    Undecided,
}

/// What becomes of a digest while the records are too old to judge by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnSourceUnavailable {
    /// It passes with a warning when it was allowed there a short while ago, by the same policies; otherwise it could
    /// not be decided.
    #[default]
    Readmit,
    /// It could not be decided.
    Undecided,
}

/// A name, or the beginning of names, or all: `shop`, `shop-*`, `*`. A star stands at the end only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamePattern(pub String);

impl NamePattern {
    /// Whether this is the name, or one of the names.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => self.0 == name,
        }
    }
}

/// Where a text is taken from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextSource {
    /// This text.
    Fixed(String),
    /// What is between these two parts of the namespace's name: `prod` of `shop-prod-eu` with `shop-` and `-eu`.
    Namespace {
        /// What the name begins with; may be empty.
        before: String,
        /// What it ends with; may be empty.
        after: String,
    },
    /// The object's name, or that of its controller, without what Kubernetes adds to it.
    ObjectName,
    /// This label of the object.
    Label(String),
    /// This annotation of the object.
    Annotation(String),
}

/// Which environment the workloads of some namespaces go to.
///
/// The first one with the workload's namespace counts. Only one that takes the environment from the namespace's name,
/// and finds none of the allowed ones there, leaves the workload to those after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacementRule {
    /// The namespaces; at least one.
    pub namespaces: Vec<NamePattern>,
    /// The environment, by its name in the configuration.
    pub environment: TextSource,
    /// The environments that it may give. Whoever writes a label must not choose one that is guarded less: a label or
    /// an annotation that names another is refused. Empty only with a fixed environment.
    pub allowed: Vec<String>,
    /// The environment of workloads without the label or the annotation; one of `allowed`. Without it they are refused:
    /// nobody gets around the gate by leaving something out.
    pub default: Option<String>,
    /// The deployment name; rules see none when it gives none.
    pub deployment_name: Option<TextSource>,
}

/// Images that are not judged, such as those of the system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageScope {
    /// Normalised names without tag and digest, such as `registry.k8s.io/*`; at least one.
    pub images: Vec<NamePattern>,
    /// Only in these namespaces; empty means all.
    pub namespaces: Vec<NamePattern>,
    /// Only in these roles; empty means all.
    pub roles: Vec<Role>,
    /// Why; it is part of the answer's audit annotations.
    pub reason: String,
}

/// Where the artifacts of a custom resource stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomResource {
    /// Its API group.
    pub group: String,
    /// Its kind.
    pub kind: String,
    /// JSON pointers to pod templates (objects with a `spec` that is a pod's); `*` stands for every item of a list and
    /// every member of an object.
    pub pod_templates: Vec<String>,
    /// JSON pointers to texts that are image references.
    pub images: Vec<String>,
    /// Charts.
    pub charts: Vec<ChartPointers>,
}

/// Where the parts of a Helm chart's reference stand. Together they make `oci://REPOSITORY/NAME@DIGEST`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChartPointers {
    /// A pointer to the repository, or to the whole reference when `name` is not given.
    pub repository: String,
    /// A pointer to the chart's name.
    pub name: Option<String>,
    /// A pointer to the digest, or to a version that is one.
    pub digest: String,
}

/// What `/validate/NAME` changes of the settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// The environment of all that comes by this path. The webhook configuration's selectors say what does.
    pub environment: Option<String>,
    /// The deployment name.
    pub deployment_name: Option<TextSource>,
    /// The mode.
    pub mode: Option<Mode>,
}

/// Everything the configuration says of admission.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AdmissionSettings {
    /// What an answer does with a verdict.
    pub mode: Mode,
    /// Where workloads go.
    pub placement: Vec<PlacementRule>,
    /// Those that go nowhere.
    pub unmapped: Unmapped,
    /// Namespaces in which nothing is judged.
    pub exempt_namespaces: Vec<NamePattern>,
    /// Images that are not judged.
    pub ignored_images: Vec<ImageScope>,
    /// Tags without a digest.
    pub tags: Tags,
    /// Custom resources that carry artifacts.
    pub resources: Vec<CustomResource>,
    /// Digests without a record.
    pub on_missing_record: OnMissingRecord,
    /// Records that are too old.
    pub on_source_unavailable: OnSourceUnavailable,
    /// How long an allow is remembered for re-admission; zero turns it off.
    pub readmit_max_age: Duration,
    /// Changed settings by the name in the path.
    pub profiles: BTreeMap<String, Profile>,
}

impl AdmissionSettings {
    /// Every environment that a workload can go to, in alphabetical order.
    #[must_use]
    pub fn environments(&self) -> BTreeSet<&str> {
        let of_rules = self.placement.iter().flat_map(|rule| {
            let fixed = match &rule.environment {
                TextSource::Fixed(name) => Some(name),
                _ => None,
            };
            fixed.into_iter().chain(&rule.allowed)
        });
        let of_profiles = self.profiles.values().filter_map(|profile| profile.environment.as_ref());
        of_rules.chain(of_profiles).map(String::as_str).collect()
    }
}
