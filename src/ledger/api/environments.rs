//! `GET /v1/environments` and `GET /v1/environments/{id}`.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::response::Response;

use super::deployments::page;
use super::query::Parameters;
use super::refusal::{Error, Refusal, Refused};
use super::wire::{EnvironmentResponse, EnvironmentsParameters, EnvironmentsResponse, Pagination};
use super::{Api, answer};

/// Lists the environments, by name.
#[utoipa::path(
    get,
    path = "/v1/environments",
    operation_id = "EnvironmentsService_ListEnvironments",
    params(EnvironmentsParameters),
    responses((status = 200, body = EnvironmentsResponse, description = "A page of environments."), Refused)
)]
pub(super) async fn list(State(api): State<Arc<Api>>, RawQuery(query): RawQuery) -> Result<Response, Refusal> {
    let mut parameters = Parameters::read(query.as_deref(), &["query", "pagination.page", "pagination.page_size"])?;
    let page = page(&mut parameters)?;
    let wanted = parameters.text("query");
    let listed = api.store.environments(wanted.as_deref(), page).await?;
    Ok(answer::json(&EnvironmentsResponse {
        environments: listed.environments.into_iter().map(Into::into).collect(),
        pagination: Pagination::new(listed.total_count, page),
    }))
}

/// Describes one environment.
#[utoipa::path(
    get,
    path = "/v1/environments/{id}",
    operation_id = "EnvironmentsService_DescribeEnvironment",
    params(
        ("id" = String, Path, description = "The id of the environment.", max_length = 1024),
        ("name" = Option<String>, Query, description = "The name that it has to have.", max_length = 1024, pattern = r"^[^\u0000-\u001f\u007f-\u009f\ufffd]*$"),
    ),
    responses(
        (status = 200, body = EnvironmentResponse, description = "The environment."),
        (status = 404, body = Error, description = "There is none with this id, or not of this name."),
        Refused
    )
)]
pub(super) async fn describe(
    State(api): State<Arc<Api>>,
    path: Result<Path<String>, axum::extract::rejection::PathRejection>,
    RawQuery(query): RawQuery,
) -> Result<Response, Refusal> {
    let Path(id) = path.map_err(|_| Refusal::invalid("the id is not UTF-8 text"))?;
    let mut parameters = Parameters::read(query.as_deref(), &["name"])?;
    let name = parameters.text("name");
    let found = api.store.environment(&id).await?;
    let found = found.filter(|found| name.is_none_or(|name| *name == *found.name));
    let Some(found) = found else { return Err(Refusal::not_found("there is no environment with this id")) };
    Ok(answer::json(&EnvironmentResponse { environment: found.into() }))
}
