//! Lists and recordings as they are asked for, and not for a decision.

use bytes::Bytes;
use secrecy::ExposeSecret as _;
use serde::Serialize;
use serde_json::{Value, json};

use super::client::Call;
use super::paging::list;
use super::{ChainloopSource, conceal};
use crate::domain::record::DeploymentRecord;
use crate::gate::source::{SourceError, SourceErrorKind};
use crate::source::wire::{self, Interner};

impl ChainloopSource {
    /// All records that these parameters of `GET /v1/deployments` ask for.
    ///
    /// # Errors
    /// Whatever keeps the list from being read whole.
    pub async fn list(&self, parameters: Vec<(&'static str, String)>) -> Result<Vec<DeploymentRecord>, SourceError> {
        let what = "the deployment records".to_owned();
        let call = Call { list: "deployments", what, parameters, addition: None };
        let listing = list::<DeploymentRecord>(&self.session()?.0, &call, self.limits).await;
        let listing = listing.map_err(|error| self.conceal(&error))?;
        match listing.incomplete {
            None => Ok(listing.items.into_iter().map(|(record, _)| record).collect()),
            Some(words) => Err(SourceError::new(
                SourceErrorKind::Incomplete,
                format!("{}: {words}", call.cannot()),
                "try again when fewer deployments are being recorded",
            )),
        }
    }

    /// Sends the body of `POST /v1/deployments`, and answers the record as it is then.
    ///
    /// # Errors
    /// A refusal, a broken connection, or an answer without a record.
    pub async fn record(&self, body: &impl Serialize) -> Result<DeploymentRecord, SourceError> {
        let body = serde_json::to_vec(body).map_err(|error| nonsense(&error.to_string()))?;
        let call = Call {
            list: "deployments",
            what: "the deployment".to_owned(),
            parameters: Vec::new(),
            addition: Some(Bytes::from(body)),
        };
        let answer = self.session()?.0.answer(&call, &[], None).await;
        let answer = answer.map_err(|(error, _)| self.conceal(&error))?;
        recorded(&answer.body)
    }

    fn conceal(&self, error: &SourceError) -> SourceError {
        conceal::error(error, self.client.token.expose_secret())
    }
}

/// The record of an answer, read as one of a list.
fn recorded(answer: &[u8]) -> Result<DeploymentRecord, SourceError> {
    let mut answer: Value = serde_json::from_slice(answer).map_err(|error| nonsense(&wire::describe(&error)))?;
    let keys = ["deployment_record", "deploymentRecord"];
    let key = keys.into_iter().find(|key| answer.get(key).is_some()).unwrap_or_default();
    let record = answer.get_mut(key).map(Value::take).ok_or_else(|| nonsense("it has no `deployment_record`"))?;
    let list = json!({"deployment_records": [record]}).to_string();
    let page = wire::deployments(list.as_bytes(), &mut Interner::default());
    let page = page.map_err(|error| nonsense(&wire::describe(&error)))?;
    page.items.into_iter().next().ok_or_else(|| nonsense("it has no `deployment_record`"))
}

fn nonsense(why: &str) -> SourceError {
    SourceError::new(
        SourceErrorKind::Malformed,
        format!("the answer to the recording cannot be used: {why}"),
        "look with `holdpoint ledger list` whether it was recorded, and check that the URL is that of a ledger",
    )
}
