//! The ledger's API over HTTP, and what reads it.

mod client;
mod conformance;
mod document;
mod server;
