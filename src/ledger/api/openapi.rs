//! The OpenAPI document, from the handlers and the types that they answer with.

use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::{deployments, environments, health};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "holdpoint ledger",
        description = "Deployment records: what is, or was, deployed where. The paths under /v1 are those of Chainloop's API.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    paths(
        deployments::list,
        deployments::record,
        environments::list,
        environments::describe,
        health::livez,
        health::readyz,
    ),
    security(("bearerToken" = [])),
    modifiers(&Tokens)
)]
struct Document;

struct Tokens;

impl Modify for Tokens {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        document.components.get_or_insert_default().add_security_scheme("bearerToken", scheme);
        // The version of the API, which does not change with that of the program.
        "v1".clone_into(&mut document.info.version);
    }
}

/// The OpenAPI document of the ledger, as pretty-printed JSON that ends in a line feed.
///
/// # Errors
/// Never: all its keys are texts.
pub fn document() -> serde_json::Result<String> {
    serde_json::to_string_pretty(&Document::openapi()).map(|text| text + "\n")
}
