//! The integration tests: one binary, so that the engine links once.

mod config;
mod engine;
mod output;
