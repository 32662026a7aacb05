//! What goes over the wire, in the API's own names. The OpenAPI document comes from these types.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::record::DeploymentRecord;
use crate::ledger::filter::{LedgerEnvironment, Page};

/// The most items of a page, and how many there are unless a request says otherwise.
pub(super) const LARGEST_PAGE: u32 = 100;

/// One deployment record: this artifact is, or was, in this slot.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeploymentRecord)]
pub(super) struct Record {
    /// Unique in the ledger.
    #[schema(value_type = String, min_length = 1)]
    id: Arc<str>,
    /// The id of the environment.
    #[schema(value_type = String)]
    environment_id: Arc<str>,
    /// The name of the environment. With the name of the deployment, it is the slot.
    #[schema(value_type = String, min_length = 1)]
    environment_name: Arc<str>,
    /// The name of the deployment within the environment.
    #[schema(value_type = String)]
    deployment_name: Arc<str>,
    /// The id of the artifact.
    #[schema(value_type = String)]
    artifact_id: Arc<str>,
    /// What was deployed.
    artifact: Artifact,
    /// `DEPLOYED` as long as it is in the slot, `SUPERSEDED` when another artifact took it, `DECOMMISSIONED` when it
    /// was removed on purpose.
    #[schema(value_type = RecordStatus)]
    status: String,
    /// When the artifact entered the slot.
    #[schema(value_type = Option<String>, format = DateTime)]
    created_at: Option<Timestamp>,
    /// When the record last changed.
    #[schema(value_type = Option<String>, format = DateTime)]
    updated_at: Option<Timestamp>,
    /// When the deployment was last recorded.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_seen_at: Option<Timestamp>,
}

/// An artifact.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Artifact {
    /// `CONTAINER_IMAGE`, `HELM_CHART`, or another word that was imported.
    kind: String,
    /// Usually a repository, such as `ghcr.io/acme/storefront`.
    #[schema(value_type = String)]
    name: Arc<str>,
    /// `sha256:` and 64 lower-case hexadecimal digits.
    #[schema(value_type = String)]
    digest: Arc<str>,
    /// Empty when none was given.
    #[schema(value_type = String)]
    version: Arc<str>,
}

impl From<DeploymentRecord> for Record {
    fn from(record: DeploymentRecord) -> Self {
        let artifact = &record.artifact;
        Self {
            id: record.id,
            environment_id: record.environment_id,
            environment_name: record.environment_name,
            deployment_name: record.deployment_name,
            artifact_id: record.artifact_id,
            artifact: Artifact {
                kind: artifact.kind.as_str().to_owned(),
                name: Arc::clone(&artifact.name),
                digest: Arc::clone(&artifact.digest_text),
                version: Arc::clone(&artifact.version),
            },
            status: record.status.as_str().to_owned(),
            created_at: record.created_at,
            updated_at: record.updated_at,
            last_seen_at: record.last_seen_at,
        }
    }
}

/// The state of a record.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum RecordStatus {
    /// It is in the slot.
    Deployed,
    /// It was removed from the slot on purpose.
    Decommissioned,
    /// Another artifact took the slot.
    Superseded,
}

/// A state to record. `SUPERSEDED` cannot be recorded: it follows from what is recorded next.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum NewStatus {
    /// The same as `DEPLOYED`.
    DeploymentStatusUnspecified,
    /// The artifact is in the slot.
    Deployed,
    /// It was removed on purpose.
    Decommissioned,
}

/// A state to look for, or none.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum StatusFilter {
    /// Any state.
    DeploymentStatusUnspecified,
    /// Those that are in their slots.
    Deployed,
    /// Those that were removed on purpose.
    Decommissioned,
    /// Those that another artifact replaced.
    Superseded,
}

/// A kind of artifact to look for, or none.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum KindFilter {
    /// Any kind.
    ArtifactKindUnspecified,
    /// OCI container images.
    ContainerImage,
    /// Helm charts.
    HelmChart,
}

/// Which page of how many.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Pagination {
    /// All items that were found, on all pages.
    #[schema(minimum = 0)]
    total_count: u64,
    /// The number of this page, from 1 on.
    #[schema(minimum = 1)]
    page: u64,
    /// How many pages there are.
    #[schema(minimum = 0)]
    total_pages: u64,
    /// The most items of a page.
    #[schema(minimum = 1, maximum = 100)]
    page_size: u32,
}

impl Pagination {
    /// The numbers for this page of a list with so many items.
    pub(super) fn new(total_count: u64, page: Page) -> Self {
        let total_pages = total_count.div_ceil(u64::from(page.size.max(1)));
        Self { total_count, page: page.number, total_pages, page_size: page.size }
    }
}

/// A page of deployment records.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ListResponse {
    /// The records, newest first.
    #[schema(max_items = 100)]
    pub(super) deployment_records: Vec<Record>,
    /// Which page this is.
    pub(super) pagination: Pagination,
}

/// What is recorded: this artifact is in this slot now, or is there no longer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RecordRequest)]
pub(super) struct RecordRequest {
    /// Where, such as `production-eu`. The environment is created when it is first named.
    #[serde(alias = "environmentName")]
    #[schema(min_length = 1, max_length = 255)]
    pub(super) environment_name: String,
    /// What: `sha256:` and 64 lower-case hexadecimal digits.
    #[serde(alias = "artifactDigest")]
    #[schema(pattern = "^sha256:[0-9a-f]{64}$")]
    pub(super) artifact_digest: String,
    /// The kind of the artifact; a container image when it is not given.
    #[serde(default)]
    pub(super) kind: Option<KindFilter>,
    /// Its name, usually a repository such as `ghcr.io/acme/storefront`.
    #[serde(default, alias = "artifactName")]
    #[schema(max_length = 512)]
    pub(super) artifact_name: String,
    /// Its version.
    #[serde(default, alias = "artifactVersion")]
    #[schema(max_length = 255)]
    pub(super) artifact_version: String,
    /// `DEPLOYED` when it is not given. `DECOMMISSIONED` empties the slot.
    #[serde(default)]
    pub(super) status: Option<NewStatus>,
    /// The name of the deployment within the environment.
    #[serde(alias = "deploymentName")]
    #[schema(min_length = 1, max_length = 255)]
    pub(super) deployment_name: String,
    /// The project that the artifact belongs to.
    #[serde(default, alias = "projectName")]
    #[schema(max_length = 255)]
    pub(super) project_name: String,
    /// The version of the project; needs `project_name`.
    #[serde(default, alias = "projectVersionName")]
    #[schema(max_length = 255)]
    pub(super) project_version_name: String,
}

/// What was recorded.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RecordResponse {
    /// The record as it is now.
    pub(super) deployment_record: Record,
}

/// An environment: a place that records name.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Environment {
    /// Unique in the ledger.
    #[schema(value_type = String, min_length = 1)]
    id: Arc<str>,
    /// Its name.
    #[schema(value_type = String, min_length = 1)]
    name: Arc<str>,
    /// The ledger does not know what an environment is.
    #[serde(rename = "type")]
    #[schema(rename = "type")]
    kind: &'static str,
    /// Always empty.
    description: &'static str,
    /// Always empty.
    organization_id: &'static str,
    /// When something was first recorded there.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When something was last recorded there.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl From<LedgerEnvironment> for Environment {
    fn from(environment: LedgerEnvironment) -> Self {
        Self {
            id: environment.id,
            name: environment.name,
            kind: "ENVIRONMENT_TYPE_UNSPECIFIED",
            description: "",
            organization_id: "",
            created_at: environment.created_at,
            updated_at: environment.updated_at,
        }
    }
}

/// A page of environments.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EnvironmentsResponse {
    /// The environments, by name.
    #[schema(max_items = 100)]
    pub(super) environments: Vec<Environment>,
    /// Which page this is.
    pub(super) pagination: Pagination,
}

/// One environment.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EnvironmentResponse {
    /// The environment.
    pub(super) environment: Environment,
}

/// Whether the ledger runs, or can answer.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Health {
    /// `ok`.
    pub(super) status: &'static str,
}

/// The parameters of `GET /v1/deployments`, for its description: [`super::query`] reads them.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "a description; what it describes is read one by one, with better messages")]
pub(super) struct ListParameters {
    /// Only records of this environment.
    #[param(max_length = 1024, pattern = r"^[^\u0000-\u001f\u007f-\u009f\ufffd]*$")]
    environment_name: Option<String>,
    /// Only records of this project.
    #[param(max_length = 1024, pattern = r"^[^\u0000-\u001f\u007f-\u009f\ufffd]*$")]
    project_name: Option<String>,
    /// Only records of this version of the project; needs `project_name`.
    #[param(max_length = 1024, pattern = r"^[^\u0000-\u001f\u007f-\u009f\ufffd]*$")]
    project_version_name: Option<String>,
    /// Only records in this state.
    status: Option<StatusFilter>,
    /// Only artifacts of this kind.
    artifact_kind: Option<KindFilter>,
    /// Only this deployment.
    #[param(max_length = 1024, pattern = r"^[^\u0000-\u001f\u007f-\u009f\ufffd]*$")]
    deployment_name: Option<String>,
    /// Every record, instead of the latest of each slot.
    full_history: Option<bool>,
    /// An extension: only records of this artifact.
    #[param(pattern = "^sha256:[0-9a-f]{64}$")]
    digest: Option<String>,
    /// An extension: only records that changed then or later.
    #[param(format = DateTime)]
    updated_since: Option<String>,
    /// The number of the page, from 1 on.
    #[param(rename = "pagination.page", minimum = 1)]
    page: Option<i32>,
    /// The most records of a page; more than 100 are 100.
    #[param(rename = "pagination.page_size", minimum = 1)]
    page_size: Option<i32>,
}

/// The parameters of `GET /v1/environments`.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "a description; what it describes is read one by one, with better messages")]
pub(super) struct EnvironmentsParameters {
    /// Only environments whose name has this text in it, in any case.
    #[param(max_length = 1024, pattern = r"^[^\u0000-\u001f\u007f-\u009f\ufffd]*$")]
    query: Option<String>,
    /// The number of the page, from 1 on.
    #[param(rename = "pagination.page", minimum = 1)]
    page: Option<i32>,
    /// The most environments of a page; more than 100 are 100.
    #[param(rename = "pagination.page_size", minimum = 1)]
    page_size: Option<i32>,
}
