//! The integration tests: one binary, so that the engine links once.

mod chainloop;
mod snapshot_source;
mod support;
