//! A shop whose production takes what runs in staging, and a source that can be made to fail.

use std::path::Path;

use serde_json::Value;

use crate::support::chainloop::{FakeChainloop, Running, record};
use crate::support::cli::folder;
use crate::support::server::Server;

/// It runs in staging all the time.
pub(super) const STAGED: usize = 1;
/// No record ever names it.
pub(super) const UNKNOWN: usize = 2;
/// It runs in staging until [`WITHDRAWN_RECORD`] is hidden.
pub(super) const WITHDRAWN: usize = 3;
pub(super) const WITHDRAWN_RECORD: &str = "3";

const POLICY: &str = r#"package shop.staged

import rego.v1

deny contains "it does not run in staging" if not runs

runs if {
    some record in data.holdpoint.records.by_digest[input.request.artifact.digest].staging
    record.status == "DEPLOYED"
}
"#;

fn configuration(source: &str, server: &str) -> String {
    format!(
        "version: 1
sources: {{records: {{type: chainloop, url: \"{source}\", timeout: 1s}}}}
environments: [{{name: staging, source: records}}, {{name: production, source: records, after: [staging]}}]
policies: [policies]
rules: [{{policy: shop.staged, environments: [production]}}]
admission: {{workloads: [{{namespaces: [shop], environment: production}}]}}
server: {{refresh: 1s, stale_after: 4s, drain: 5s, readmissions: readmissions.json{server}}}
"
    )
}

pub(super) fn digest(number: usize) -> String {
    format!("sha256:{number:064x}")
}

/// A source that has the records.
pub(super) async fn source() -> Running {
    let staged = |number: usize| -> Value {
        record(&number.to_string(), "staging", &format!("shop-{number}"), &digest(number), 1)
    };
    FakeChainloop::new().records([staged(STAGED), staged(WITHDRAWN)]).environment("production").start().await
}

/// A folder for a server that reads from this source, with more keys of `server`.
pub(super) fn project(source: &Running, server: &str) -> tempfile::TempDir {
    folder(&[("holdpoint.yaml", &configuration(source.url(), server)), ("policies/staged.rego", POLICY)])
}

/// A server that has read the records.
pub(super) async fn ready(directory: &Path) -> Server {
    let server = Server::start(directory, &[]).await;
    server.becomes("/readyz", "[+] records ok").await;
    server
}

/// Waits until the records count as current, or no longer do.
pub(super) async fn records_are_current(server: &Server, current: bool) {
    let line = format!("holdpoint_records_current{{environment=\"production\"}} {}\n", u8::from(current));
    server.becomes("/metrics", &line).await;
}
