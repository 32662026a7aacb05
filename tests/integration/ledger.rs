//! The ledger: its commands, its API over HTTP, and what reads it.

mod client;
mod commands;
mod conformance;
mod document;
mod full;
mod killed;
mod lookup;
mod process;
mod related;
mod server;
mod slow;
mod unchanged;
