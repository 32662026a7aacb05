//! The integration tests: one binary, so that the engine links once.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "a test may panic"
)]

mod admission;
mod architecture;
mod bundles;
mod chainloop;
#[path = "../chaos/chaos.rs"]
mod chaos;
mod check;
mod compat;
mod config;
mod engine;
mod explain;
mod github_app;
mod kubernetes;
mod ledger;
mod live;
mod opa_differential;
mod output;
mod overrides;
mod plugins;
mod policy_input;
mod policy_lint;
mod policy_list;
mod policy_pages;
mod policy_test;
mod replay;
mod serve;
mod shell;
mod snapshot_source;
mod support;
