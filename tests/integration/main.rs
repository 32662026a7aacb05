//! The integration tests: one binary, so that the engine links once.

mod architecture;
mod config;
mod engine;
mod output;
