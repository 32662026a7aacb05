//! The OpenAPI document, and that answers are what it says.

use std::fs;

use holdpoint::ledger::filter::{Filter, Page};
use serde_json::{Value, json};

use super::server::{Place, Server};
use crate::support::cli::root;

/// The document in the repository is that of the code. To write it anew: `holdpoint schema --ledger-api > docs/ledger.openapi.json`.
#[test]
fn the_document_is_up_to_date() {
    let written = fs::read_to_string(root().join("docs/ledger.openapi.json")).unwrap_or_default();
    assert_eq!(
        written,
        holdpoint::ledger::api::document().unwrap(),
        "run `holdpoint schema --ledger-api > docs/ledger.openapi.json`"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_as_described() {
    let place = Place::sqlite();
    let server = Server::start(&place).await;
    let target = server.target().await;
    server.record("staging", "storefront", 1).await;
    server.record("staging", "storefront", 2).await;
    let listed = server.store.list(&Filter::default(), Page { number: 1, size: 1 }).await.unwrap();
    let environment = &listed.records[0].environment_id;
    let requests = [
        ("/v1/deployments", "/v1/deployments?full_history=true", 200),
        ("/v1/deployments", "/v1/deployments?status=A", 400),
        ("/v1/environments", "/v1/environments", 200),
        ("/v1/environments/{id}", &format!("/v1/environments/{environment}"), 200),
        ("/v1/environments/{id}", "/v1/environments/1", 404),
        ("/livez", "/livez", 200),
        ("/readyz", "/readyz", 200),
    ];
    let document: Value = serde_json::from_str(&holdpoint::ledger::api::document().unwrap()).unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for (path, request, status) in requests {
        let response = client.get(format!("{}{request}", server.url)).bearer_auth(&target.token).send().await.unwrap();
        assert_eq!(response.status(), status, "{request}");
        let body: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
        let described = &document["paths"][path]["get"]["responses"][status.to_string()]["content"]["application/json"];
        let schema = json!({"components": document["components"], "allOf": [described["schema"]]});
        let validator = jsonschema::validator_for(&strict(schema)).unwrap();
        let faults: Vec<String> = validator.iter_errors(&body).map(|error| error.to_string()).collect();
        assert!(faults.is_empty(), "{request}: {faults:?} in {body:#}");
    }
    server.stop().await;
}

/// A schema that allows no more than it names.
fn strict(mut schema: Value) -> Value {
    if let Some(schemas) = schema.pointer_mut("/components/schemas").and_then(Value::as_object_mut) {
        for schema in schemas.values_mut().filter(|schema| schema["properties"].is_object()) {
            schema["additionalProperties"] = json!(false);
        }
    }
    schema
}
