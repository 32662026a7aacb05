//! `GET` and `POST /v1/deployments`.

use std::sync::Arc;

use axum::extract::{RawQuery, Request, State};
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::Timestamp;

use super::answer::{self, Tag};
use super::query::Parameters;
use super::recording::Asked;
use super::refusal::{BodyRefused, Error, Refusal, Refused};
use super::wire::{LARGEST_PAGE, ListParameters, ListResponse, Pagination, Record, RecordRequest, RecordResponse};
use super::{Api, body};
use crate::domain::artifact::ArtifactKind;
use crate::domain::digest::Digest;
use crate::domain::record::RecordStatus;
use crate::ledger::filter::{Filter, Page};

const PAGE: &str = "pagination.page";
const PAGE_SIZE: &str = "pagination.page_size";
const KNOWN: [&str; 11] = [
    "environment_name",
    "project_name",
    "project_version_name",
    "status",
    "artifact_kind",
    "deployment_name",
    "full_history",
    "digest",
    "updated_since",
    PAGE,
    PAGE_SIZE,
];

/// Lists deployment records, newest first: the latest of each slot, unless the full history is asked for.
///
/// All lists about an environment have the same `ETag`, until something changes there.
#[utoipa::path(
    get,
    path = "/v1/deployments",
    operation_id = "EnvironmentsService_ListDeploymentRecords",
    params(ListParameters, ("If-None-Match" = Option<String>, Header, description = "The `ETag` of the list that is known.")),
    responses(
        (
            status = 200,
            body = ListResponse,
            description = "A page of records.",
            headers(("ETag" = String, description = "What the list is known by. Absent where nothing has been recorded."))
        ),
        (status = 304, description = "Nothing has changed since the answer with that `ETag`."),
        Refused
    )
)]
pub(super) async fn list(
    State(api): State<Arc<Api>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let mut parameters = Parameters::read(query.as_deref(), &KNOWN)?;
    let page = page(&mut parameters)?;
    let filter = filter(&mut parameters)?;
    // Both are of one moment.
    let mut reader = api.store.read().await?;
    let tag = reader.revision(&filter).await?.map(|revision| Tag::of(&revision));
    if let Some(tag) = tag.as_ref().filter(|tag| tag.is_known(&headers)) {
        reader.finish().await?;
        return Ok(tag.unchanged());
    }
    let listed = reader.list(&filter, page).await?;
    reader.finish().await?;
    let answer = answer::json(&ListResponse {
        deployment_records: listed.records.into_iter().map(Record::from).collect(),
        pagination: Pagination::new(listed.total_count, page),
    });
    Ok(match tag {
        Some(tag) => tag.mark(answer),
        None => answer,
    })
}

/// The page that is asked for. One that is too large is as large as can be.
pub(super) fn page(parameters: &mut Parameters) -> Result<Page, Refusal> {
    let number = parameters.counting(PAGE)?.unwrap_or(1);
    let size = parameters.counting(PAGE_SIZE)?.unwrap_or(LARGEST_PAGE).min(LARGEST_PAGE);
    Ok(Page::new(number.into(), size)?)
}

fn filter(parameters: &mut Parameters) -> Result<Filter, Refusal> {
    let status =
        parameters.word("status", "DEPLOYMENT_STATUS_UNSPECIFIED", &["DEPLOYED", "DECOMMISSIONED", "SUPERSEDED"])?;
    let kind = parameters.word("artifact_kind", "ARTIFACT_KIND_UNSPECIFIED", &["CONTAINER_IMAGE", "HELM_CHART"])?;
    Ok(Filter {
        environment_name: parameters.text("environment_name"),
        project_name: parameters.text("project_name"),
        project_version_name: parameters.text("project_version_name"),
        status: status.map(RecordStatus::from_text),
        artifact_kind: kind.map(ArtifactKind::from_text),
        deployment_name: parameters.text("deployment_name"),
        full_history: parameters.parsed("full_history", "`true` or `false`")?.unwrap_or(false),
        digest: parameters.parsed::<Digest>("digest", "`sha256:` and 64 lower-case hexadecimal digits")?,
        updated_since: parameters.parsed::<Timestamp>("updated_since", "a time such as `2026-01-02T03:04:05Z`")?,
    })
}

/// Records that an artifact is in a slot now, or with the status `DECOMMISSIONED` that it is there no longer.
///
/// Another artifact in the slot is superseded. The same one again only moves `last_seen_at` and `updated_at`.
#[utoipa::path(
    post,
    path = "/v1/deployments",
    operation_id = "EnvironmentsService_RecordDeployment",
    request_body = RecordRequest,
    responses(
        (status = 200, body = RecordResponse, description = "It is on disk."),
        (status = 404, body = Error, description = "Nothing is in the slot that is to be decommissioned."),
        (status = 409, body = Error, description = "Another artifact is in the slot than is to be decommissioned."),
        Refused,
        BodyRefused
    )
)]
pub(super) async fn record(
    State(api): State<Arc<Api>>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, Refusal> {
    Parameters::read(query.as_deref(), &[])?;
    let (parts, body) = request.into_parts();
    let asked: RecordRequest = body::json(&parts.headers, body).await?;
    let now = (api.clock)();
    let record = match Asked::try_from(asked)? {
        Asked::Record(recording) => api.store.record(recording, now).await?.record,
        Asked::Decommission(slot, digest) => api.store.decommission(&slot, Some(&digest), now).await?,
    };
    Ok(answer::json(&RecordResponse { deployment_record: record.into() }))
}
