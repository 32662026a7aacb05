//! The integration tests: one binary, so that the engine links once.

mod architecture;
mod chainloop;
mod check;
mod config;
mod engine;
mod live;
mod output;
mod snapshot_source;
mod support;
