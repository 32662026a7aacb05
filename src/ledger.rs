//! The ledger: deployment records that holdpoint keeps itself.
//!
//! A *slot* is a deployment name in an environment. It holds one artifact at a time. Recording another one supersedes the
//! one there, recording the same one again says that it still is, and decommissioning ends it. What was recorded is never
//! deleted, and its order is that of the recordings, whatever clocks say.

pub mod api;
pub mod entry;
pub mod error;
pub mod filter;
pub mod import;
pub mod remote;
pub mod store;
pub mod token;
