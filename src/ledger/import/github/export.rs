//! The pages of an export of GitHub's GraphQL API.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::super::super::error::LedgerError;
use crate::domain::text::line;

/// How much of a text from the file a message shows, in characters.
const SHOWN: usize = 160;
/// What to do about a file that is none.
const HINT: &str = "export the deployments by `gh api graphql --paginate --slurp` with the query in docs/ledger.md";

/// A deployment.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Node {
    pub(super) database_id: u64,
    pub(super) environment: Option<String>,
    pub(super) state: Option<String>,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    pub(super) commit_oid: String,
    #[serde(rename = "ref")]
    pub(super) reference: Option<Reference>,
    pub(super) payload: Option<Value>,
    pub(super) task: Option<String>,
    pub(super) statuses: Statuses,
}

/// Its branch or tag, while there is one.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Reference {
    pub(super) name: String,
}

/// What was told of it over time.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Statuses {
    pub(super) nodes: Vec<Status>,
    pub(super) page_info: PageInfo,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Status {
    pub(super) state: String,
    pub(super) created_at: Timestamp,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PageInfo {
    pub(super) has_next_page: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Repository {
    name_with_owner: String,
    deployments: Deployments,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Deployments {
    nodes: Vec<Node>,
    page_info: PageInfo,
}

/// The deployments of each repository, each once, as the last page that has it tells it.
///
/// # Errors
/// What is no such export, or not all of it: what is missing could be what runs.
pub(super) fn read(export: Value) -> Result<BTreeMap<(String, u64), Node>, LedgerError> {
    let pages = match export {
        Value::Array(pages) => pages,
        page => vec![page],
    };
    if pages.iter().any(|page| page.get("statuses_url").is_some()) {
        return Err(refused(
            "this is a list of the REST API, which does not say which deployments succeeded".to_owned(),
        ));
    }
    if pages.is_empty() {
        return Err(refused("there is no page in it".to_owned()));
    }
    let mut goes_on = BTreeMap::new();
    let mut nodes = BTreeMap::new();
    for (number, page) in (1_usize..).zip(pages) {
        let Repository { name_with_owner, deployments } = repository(number, page)?;
        goes_on.insert(name_with_owner.clone(), deployments.page_info.has_next_page);
        nodes.extend(deployments.nodes.into_iter().map(|node| ((name_with_owner.clone(), node.database_id), node)));
    }
    match goes_on.into_iter().find(|(_, goes_on)| *goes_on) {
        Some((name, _)) => Err(refused(format!("the last page of `{}` is missing", line(&name, SHOWN)))),
        None => Ok(nodes),
    }
}

fn repository(number: usize, mut page: Value) -> Result<Repository, LedgerError> {
    let error = page.pointer("/errors/0").map(|error| {
        let said = error.get("message").and_then(Value::as_str).unwrap_or("without a message");
        refused(format!("GitHub answered page {number} with an error: {}", line(said, SHOWN)))
    });
    if let Some(error) = error {
        return Err(error);
    }
    let repository = page.pointer_mut("/data/repository").map(Value::take);
    let none = || refused(format!("page {number} has no `data.repository`"));
    serde_json::from_value(repository.ok_or_else(none)?)
        .map_err(|error| refused(format!("page {number} cannot be read: {}", line(&error.to_string(), SHOWN))))
}

fn refused(message: String) -> LedgerError {
    LedgerError::invalid(message, HINT)
}
