//! The Chainloop source against a scripted server.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod faults;
mod reads;

use std::sync::Arc;
use std::time::Duration;

use holdpoint::gate::source::{
    EnvironmentQuery, Fetched, NoProgress, RecordFilters, RecordQuery, RecordSource as _, SourceError,
};
use holdpoint::source::chainloop::{ChainloopOptions, ChainloopSource, Clock};

use crate::support::chainloop::Running;

/// The clock of these tests.
fn clock() -> Clock {
    Arc::new(|| "2026-01-02T00:00:00Z".parse().unwrap())
}

fn options(url: &str) -> ChainloopOptions {
    let mut options = ChainloopOptions::new(url.parse().unwrap(), "secret-token".into());
    options.timeout = Duration::from_secs(10);
    options
}

/// Asks for these targets, each as an environment of its own name.
fn query(targets: &[&str]) -> RecordQuery {
    let environment = |target: &&str| EnvironmentQuery {
        environment: (*target).to_owned(),
        targets: vec![(*target).to_owned()],
        logical_environment: None,
    };
    RecordQuery {
        environments: targets.iter().map(environment).collect(),
        filters: RecordFilters { full_history: true, ..RecordFilters::default() },
    }
}

async fn fetch(options: &ChainloopOptions, query: &RecordQuery) -> Result<Fetched, SourceError> {
    ChainloopSource::new(options, clock())?.fetch(query, &NoProgress).await
}

/// What came of it, for a snapshot; without the port and the token, which must not be there.
fn outcome(server: &Running, result: &Result<Fetched, SourceError>) -> String {
    let text = match result {
        Ok(fetched) => {
            let environments = fetched.environments.iter().map(|environment| {
                let records = environment.records.len();
                let targets = environment.targets.join(", ");
                let gap = environment.incomplete.as_ref().map(|gap| format!(", incomplete: {gap}"));
                format!("{records} records of {targets}{}", gap.unwrap_or_default())
            });
            environments.collect::<Vec<_>>().join("\n")
        }
        Err(error) => format!("{}\n  {}\n  {}", error.kind.code(), error.message, error.remediation),
    };
    assert!(!text.contains("secret-token"), "{text}");
    text.replace(server.url(), "SERVER")
}
