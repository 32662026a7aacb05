//! The integration tests: one binary, so that the engine links once.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "a test may panic"
)]

mod architecture;
mod bundles;
mod chainloop;
mod check;
mod config;
mod engine;
mod live;
mod output;
mod snapshot_source;
mod support;
